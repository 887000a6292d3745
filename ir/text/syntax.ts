/** Text to parse tree, with the parser's complaints in plain words. The only file that knows antlr4ng. */
import {
  BaseErrorListener,
  CharStream,
  CommonTokenStream,
  Parser,
  PredictionMode,
  type RecognitionException,
  type Recognizer,
  type Token,
} from 'antlr4ng'
import { fail, nearest } from '../diagnostic.ts'
import { EspalierLexer } from './generated/EspalierLexer.generated.ts'
import { EspalierParser, type GraphContext } from './generated/EspalierParser.generated.ts'

const EXAMPLES: Readonly<Record<number, string>> = {
  [EspalierParser.VALUE]: 'a value such as %x',
  [EspalierParser.STRING]: 'a string in "quotes"',
  [EspalierParser.NUMBER]: 'a number',
  [EspalierParser.NAME]: 'a name',
  [EspalierParser.EOF]: 'the end of the file',
}
/** Keywords may stand wherever a name may; listing them beside "a name" would only confuse. */
const KEYWORDS = new Set(["'graph'", "'weights'", "'input'", "'const'", "'output'"])

/** What the user was writing, by the innermost rule that has a form worth showing. */
const FORMS: Readonly<Record<number, string>> = {
  [EspalierParser.RULE_file]: 'graph "name" { ... }',
  [EspalierParser.RULE_graph]: 'graph "name" { ... }',
  [EspalierParser.RULE_weights]: 'weights "name.esp.bin"',
  [EspalierParser.RULE_input]: 'input %x : i8[1,8] scale=0.5 zp=0',
  [EspalierParser.RULE_constant]: 'const %w : i8[2,8] scale=[0.5, 0.25] zp=0 axis=0 @ 64, or = [1, 2, ...]',
  [EspalierParser.RULE_node]: '%y = op(%x, %w) {attribute = 1} : i8[1,8] scale=0.5 zp=0',
  [EspalierParser.RULE_output]: 'output %y, %z',
}

/** The tree of the one graph in a file. Fails with `text/syntax` at the first place that does not fit. */
export function parseTree(text: string, file: string): GraphContext {
  const lexer = new EspalierLexer(CharStream.fromString(text))
  const parser = new EspalierParser(new CommonTokenStream(lexer))
  // The grammar needs no context to decide, so the faster of the two prediction modes is exact.
  parser.interpreter.predictionMode = PredictionMode.SLL
  for (const recognizer of [lexer, parser]) {
    recognizer.removeErrorListeners()
    recognizer.addErrorListener(new FirstError(file, text))
  }
  return parser.file().graph()
}

class FirstError extends BaseErrorListener {
  private readonly file: string
  private readonly text: string
  constructor(file: string, text: string) {
    super()
    this.file = file
    this.text = text
  }

  override syntaxError(
    recognizer: Recognizer<never>,
    token: Token | null,
    line: number,
    column: number,
    _message: string,
    _error: RecognitionException | null,
  ): void {
    const parser = (recognizer as unknown) instanceof Parser ? (recognizer as unknown as Parser) : undefined
    const found = token ? this.found(token) : unexpectedCharacter(this.text, line, column)
    const expected = parser ? expectedWords(parser) : []
    const near = token?.type === EspalierParser.NAME ? nearestKeyword(token.text ?? '', expected) : undefined
    const hint = near ?? form(parser)
    fail({
      code: 'text/syntax',
      message:
        expected.length === 0
          ? `${found} does not belong here`
          : `expected ${listed(expected)}, found ${found}`,
      span: { file: this.file, line, column: column + 1 },
      ...(hint && { hint }),
    })
  }

  private found(token: Token): string {
    return token.type === EspalierParser.EOF ? 'the end of the file' : abbreviated(token.text ?? '')
  }
}

function expectedWords(parser: Parser): readonly string[] {
  const types = parser.getExpectedTokens().toArray()
  const isName = types.includes(EspalierParser.NAME)
  return types
    .map((type) => EXAMPLES[type] ?? parser.vocabulary.getDisplayName(type) ?? '')
    .filter((word) => !(isName && KEYWORDS.has(word)))
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function nearestKeyword(found: string, expected: readonly string[]): string | undefined {
  const near = nearest(
    found,
    expected.filter((word) => KEYWORDS.has(word)).map((word) => word.slice(1, -1)),
  )
  return near && `did you mean ${near}?`
}

function form(parser: Parser | undefined): string | undefined {
  for (let context = parser?.context ?? null; context; context = context.parent) {
    const form = FORMS[context.ruleIndex]
    if (form) return `the form is: ${form}`
  }
  return undefined
}

function unexpectedCharacter(text: string, line: number, column: number): string {
  const rest = text.split(/\r?\n/)[line - 1]?.slice(column) ?? ''
  return rest.startsWith('"') ? 'a string without its closing quote' : abbreviated(rest.slice(0, 1))
}

/** A piece of the user's text, short and without control characters. */
function abbreviated(text: string): string {
  const visible = JSON.stringify(text.slice(0, 40)).slice(1, -1).replaceAll('\\"', '"')
  return text.length > 40 ? `'${visible}...'` : `'${visible}'`
}
