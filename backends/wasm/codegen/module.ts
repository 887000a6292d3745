/**
 * A thin layer over binaryen in which kernels are written: functions with named locals, counted loops, and the two
 * relaxed operations that binaryen's JavaScript interface has no method for.
 */
import binaryen from 'binaryen'
import type { Variant } from '../artifact.ts'

export type Expression = number

/** A local variable of a function under construction. */
export interface Local {
  /** Reads it. */
  readonly get: () => Expression
  /** The statement that writes it. */
  readonly set: (value: Expression) => Expression
}

const PAGE_BYTES = 65536

const PASSES = [
  'optimize-instructions',
  'simplify-locals-nostructure',
  'coalesce-locals',
  'reorder-locals',
  'vacuum',
]

export class ModuleBuilder {
  readonly wasm = new binaryen.Module()
  readonly variant: Variant
  /** Names of the functions that are there, by what they were made from. */
  private readonly functions = new Map<string, string>()

  constructor(variant: Variant, memoryBytes: number) {
    this.variant = variant
    const { MutableGlobals, SIMD128, BulkMemory, NontrappingFPToInt, RelaxedSIMD } = binaryen.Features
    const relaxed = variant === 'plain' ? 0 : RelaxedSIMD
    this.wasm.setFeatures(MutableGlobals | SIMD128 | BulkMemory | NontrappingFPToInt | relaxed)
    const pages = Math.ceil(memoryBytes / PAGE_BYTES)
    this.wasm.setMemory(pages, pages, 'memory', [], false, false, '0')
  }

  /** A function of i32 parameters, made once for each `key`; gives its name. A returning function gives an i32. */
  define(
    key: string,
    parameters: number,
    body: (f: FunctionBuilder, ...parameters: readonly Local[]) => readonly Expression[],
    returns: 'i32' | 'none' = 'none',
  ): string {
    const known = this.functions.get(key)
    if (known !== undefined) return known
    const name = `f${this.functions.size}`
    this.functions.set(key, name)
    const f = new FunctionBuilder(this.wasm, parameters)
    const statements = body(f, ...f.parameters)
    const result = returns === 'i32' ? binaryen.i32 : binaryen.none
    this.wasm.addFunction(
      name,
      binaryen.createType(f.parameters.map(() => binaryen.i32)),
      result,
      f.locals,
      this.wasm.block(null, [...statements], result),
    )
    return name
  }

  call(name: string, args: readonly Expression[], returns: 'i32' | 'none' = 'none'): Expression {
    return this.wasm.call(name, [...args], returns === 'i32' ? binaryen.i32 : binaryen.none)
  }

  /** The value of the last expression, once the others have been evaluated. */
  sequence(...expressions: readonly Expression[]): Expression {
    return this.wasm.block(null, [...expressions], binaryen.auto)
  }

  /** A function without parameters or result that instances export. */
  exportFunction(name: string, statements: readonly Expression[]): void {
    this.wasm.addFunction(name, binaryen.none, binaryen.none, [], this.wasm.block(null, [...statements]))
    this.wasm.addFunctionExport(name, name)
  }

  /** sums + the products of each four neighbouring bytes; `second` is read as the variant says. */
  relaxedDot(first: Expression, second: Expression, sums: Expression): Expression {
    return raw._BinaryenSIMDTernary(
      pointerOf(this.wasm),
      binaryen.RelaxedDotI8x16I7x16AddSToVecI32x4,
      first,
      second,
      sums,
    )
  }

  /** float32 to int32, towards zero; exact on every machine for values between -2^31 and 2^31. */
  relaxedTruncate(value: Expression): Expression {
    return raw._BinaryenUnary(pointerOf(this.wasm), binaryen.RelaxedTruncSVecF32x4ToVecI32x4, value)
  }

  /** The optimized binary. The builder is of no use after. */
  finish(): Uint8Array {
    // Engines optimize by themselves: this is for size. binaryen's own choice of passes takes five times as long.
    this.wasm.runPasses(PASSES)
    if (!this.wasm.validate()) throw new Error('internal error: binaryen finds the module invalid')
    const binary = this.wasm.emitBinary()
    this.wasm.dispose()
    return binary
  }
}

/** What binaryen exports without declaring it. */
const raw = binaryen as unknown as {
  _BinaryenSIMDTernary(module: number, op: number, a: Expression, b: Expression, c: Expression): Expression
  _BinaryenUnary(module: number, op: number, value: Expression): Expression
}

function pointerOf(module: binaryen.Module): number {
  return (module as unknown as { readonly ptr: number }).ptr
}

export class FunctionBuilder {
  readonly locals: number[] = []
  readonly parameters: readonly Local[]
  private readonly wasm: binaryen.Module
  private labels = 0

  constructor(wasm: binaryen.Module, parameters: number) {
    this.wasm = wasm
    this.parameters = Array.from({ length: parameters }, (_, index) => this.access(index, binaryen.i32))
  }

  i32(): Local {
    return this.local(binaryen.i32)
  }

  i64(): Local {
    return this.local(binaryen.i64)
  }

  f32(): Local {
    return this.local(binaryen.f32)
  }

  f64(): Local {
    return this.local(binaryen.f64)
  }

  v128(): Local {
    return this.local(binaryen.v128)
  }

  private local(type: number): Local {
    this.locals.push(type)
    return this.access(this.parameters.length + this.locals.length - 1, type)
  }

  private access(index: number, type: number): Local {
    return {
      get: () => this.wasm.local.get(index, type),
      set: (value) => this.wasm.local.set(index, value),
    }
  }

  /** The statements `count` times, in a loop where that is more than once. */
  repeat(count: number, body: () => readonly Expression[]): readonly Expression[] {
    if (count <= 0) return []
    if (count === 1) return body()
    return this.repeatCounted(this.wasm.i32.const(count), body)
  }

  /** The statements as often as `count`, at least once, says at run time. */
  repeatCounted(count: Expression, body: () => readonly Expression[]): readonly Expression[] {
    const { i32 } = this.wasm
    const left = this.i32()
    const label = `loop${this.labels++}`
    return [
      left.set(count),
      this.wasm.loop(
        label,
        this.wasm.block(null, [
          ...body(),
          left.set(i32.sub(left.get(), i32.const(1))),
          this.wasm.br(label, left.get()),
        ]),
      ),
    ]
  }

  /** variable += bytes */
  advance(variable: Local, bytes: number): readonly Expression[] {
    if (bytes === 0) return []
    return [variable.set(this.wasm.i32.add(variable.get(), this.wasm.i32.const(bytes)))]
  }
}
