/** The RTL of one target as files: the modules beside this file, the two generated headers, a test bench and a README. */
import { readdirSync, readFileSync } from 'node:fs'
import { attempt, fail, type Result } from '../../../ir/diagnostic.ts'
import { INSTRUCTION_BYTES } from '../isa/table.ts'
import { capacities, portBytes, type Target } from '../target.ts'
import { isaHeader, targetHeader } from './header.ts'
import { rtlReadme } from './readme.ts'

const FOLDER = new URL('./', import.meta.url)
const TEST_BENCH = 'trellis_tb.sv'

/** `rtl/unsupported` for a target that the RTL cannot be. */
export function supportsRtl(target: Target): Result<void> {
  return attempt(() => checkSupported(target))
}

/**
 * Synthesizable modules and the headers they include, by file name; the top module is `trellis`. `rtl/unsupported` as
 * `supportsRtl`.
 */
export function rtlSources(target: Target): Result<Readonly<Record<string, string>>> {
  return attempt(() => sources(target))
}

/** Everything that `espalier rtl` writes. */
export function rtlFiles(target: Target): Result<Readonly<Record<string, string>>> {
  return attempt(() => {
    const files = sources(target)
    return {
      ...files,
      [TEST_BENCH]: text(TEST_BENCH),
      'README.md': rtlReadme(target, Object.keys(files)),
    }
  })
}

function sources(target: Target): Record<string, string> {
  checkSupported(target)
  const modules = readdirSync(FOLDER).filter((name) => /\.svh?$/.test(name) && name !== TEST_BENCH)
  return {
    'trellis_isa.svh': isaHeader(),
    'trellis_target.svh': targetHeader(target),
    ...Object.fromEntries(modules.sort().map((name) => [name, text(name)])),
  }
}

function text(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8')
}

/** Addresses are split into lines and lanes by their bits, so most sizes are powers of two. */
function checkSupported(target: Target): void {
  const { rows, cols, post_lanes } = target.array
  for (const [key, value] of [
    ['array.rows', rows],
    ['array.cols', cols],
    ['array.post_lanes', post_lanes],
  ] as const) {
    if ((value & (value - 1)) !== 0)
      unsupported(
        target,
        `${key} is ${value}`,
        'choose a power of two: the RTL takes addresses apart by their bits',
      )
  }
  const bus = target.dram.bytes_per_cycle
  if (bus > INSTRUCTION_BYTES) {
    const most = `an instruction has ${INSTRUCTION_BYTES} bytes, and fetch takes at most one a cycle`
    unsupported(target, `dram.bytes_per_cycle is ${bus}`, most)
  }
  const { bankBytes } = capacities(target)
  const lines = 2 * portBytes(target)
  if (bankBytes % lines !== 0) {
    const hint = `a bank holds pairs of lines, here multiples of ${lines} bytes`
    unsupported(target, `memories.banks makes banks of ${bankBytes} bytes`, hint)
  }
}

function unsupported(target: Target, what: string, hint: string): never {
  fail({ code: 'rtl/unsupported', message: `there is no RTL of ${target.name}: ${what}`, hint })
}
