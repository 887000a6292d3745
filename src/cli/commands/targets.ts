import Table from 'cli-table3'
import type { Command } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { jsonOption } from '../options.ts'
import type { Session } from '../session.ts'
import { TABLE_STYLE } from '../table-style.ts'

export function addTargets(program: Command, session: Session): void {
  program
    .command('targets')
    .summary('the accelerators that programs can be compiled for')
    .description('Lists the presets, or prints one target: the start of a target file of your own.')
    .argument('[name]', 'a preset or a target file')
    .addOption(jsonOption())
    .action((name: string | undefined, flags: { json?: boolean }) =>
      name === undefined ? list(session, flags.json) : show(session, name, flags.json),
    )
}

async function list(session: Session, json = false): Promise<void> {
  const { DEFAULT_TARGET, loadTarget, PRESET_NAMES } = await import('../../../backends/trellis/target.ts')
  const targets = PRESET_NAMES.map((name) => unwrap(loadTarget(name)))
  if (json) return session.printJson({ default: DEFAULT_TARGET, targets })
  const style = session.terminal.out.style
  const table = new Table({ ...TABLE_STYLE, head: HEAD.map((text) => style.strong(text)) })
  for (const { name, clock_mhz, array, memories, dram } of targets) {
    table.push([
      name === DEFAULT_TARGET ? `${name} (default)` : name,
      `${array.rows} x ${array.cols}`,
      clock_mhz,
      memories.activation_kib,
      memories.weight_kib,
      memories.accumulator_kib,
      dram.bytes_per_cycle,
    ])
  }
  session.print(table.toString())
}

const HEAD = ['target', 'array', 'MHz', 'activations KiB', 'weights KiB', 'accumulators KiB', 'DRAM B/cycle']

async function show(session: Session, name: string, json = false): Promise<void> {
  const { loadTarget, PRESET_NAMES, presetYaml } = await import('../../../backends/trellis/target.ts')
  const target = unwrap(loadTarget(name))
  if (json) return session.printJson(target)
  const preset = PRESET_NAMES.find((known) => known === name)
  if (preset !== undefined) return session.print(presetYaml(preset))
  const { readBytes } = await import('../../files.ts')
  session.print(new TextDecoder().decode(unwrap(readBytes(name))))
}
