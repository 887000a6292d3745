import Table from 'cli-table3'
import type { Command } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { checkWritable, writeBytes } from '../../files.ts'
import { type InspectedPort, type Inspection, inspectGraph } from '../../inspect.ts'
import { typeText } from '../../tensors/port.ts'
import { batchOption, jsonOption, MODEL_HELP } from '../options.ts'
import type { Session } from '../session.ts'
import { COLUMNS, counted, shorten, TABLE_STYLE } from '../table-style.ts'

export function addInspect(program: Command, session: Session): void {
  program
    .command('inspect')
    .summary('what a model is made of')
    .description(
      "Prints a model's inputs and outputs, its layers, and their parameters and multiply-accumulates.",
    )
    .argument('<model>', MODEL_HELP)
    .addOption(batchOption())
    .option(
      '--report <r.html>',
      'write one page that shows the graph, its weight, and the ranges of its tensors',
    )
    .addOption(jsonOption())
    .action((model: string, flags: Flags) => inspect(session, model, flags))
}

interface Flags {
  readonly batch?: number
  readonly report?: string
  readonly json?: boolean
}

async function inspect(session: Session, model: string, flags: Flags): Promise<void> {
  const { report } = flags
  if (report !== undefined) unwrap(checkWritable(report, [model]))
  const { formatOf, loadModel } = await import('../../importers/index.ts')
  const graph = unwrap(await loadModel(model, flags))
  const inspection = inspectGraph(graph, formatOf(model))
  if (report !== undefined) {
    const { renderReport } = await import('../../report/render.ts')
    unwrap(writeBytes(report, renderReport('inspection', inspection.model, inspection)))
  }
  if (flags.json) session.printJson(inspection)
  else session.print(inspectionText(inspection, session))
  if (report !== undefined) session.say(`the report of ${inspection.model} -> ${report}`)
}

/** Names are cut to what the other columns leave, but not below this. */
const NAME_MINIMUM = 16
const HEAD = ['op', 'output', 'precision', 'density', 'parameters', 'MACs']

function inspectionText(inspection: Inspection, session: Session): string {
  const style = session.terminal.out.style
  const rows = inspection.layers.map((layer) => [
    layer.op,
    typeText(layer.dtype, layer.output_shape),
    layer.precision,
    layer.density === 1 ? '' : `${(100 * layer.density).toFixed(1)} %`,
    layer.parameters === 0 ? '' : counted(layer.parameters),
    layer.macs === 0 ? '' : counted(layer.macs),
  ])
  const widths = HEAD.map((text, i) => Math.max(text.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const nameWidth = Math.max(NAME_MINIMUM, COLUMNS - widths.reduce((sum, width) => sum + width + 2, 0))
  const table = new Table({
    ...TABLE_STYLE,
    head: ['layer', ...HEAD].map((text) => style.strong(text)),
    colAligns: ['left', 'left', 'left', 'left', 'right', 'right', 'right'],
  })
  for (const [i, row] of rows.entries())
    table.push([shorten(inspection.layers[i]?.name ?? '', nameWidth), ...row])
  const lines = [
    `${style.strong(inspection.model)} (${inspection.format})`,
    ...inspection.inputs.map((port) => `input   ${portText(port)}`),
    ...inspection.outputs.map((port) => `output  ${portText(port)}`),
    '',
    table.toString(),
    '',
    style.strong(
      `${inspection.layers.length} layers, ${counted(inspection.parameters)} parameters in ${counted(inspection.weight_bytes)} bytes, ${counted(inspection.macs)} MACs`,
    ),
  ]
  return lines.join('\n')
}

function portText({ name, dtype, shape, scale, zero_point }: InspectedPort): string {
  const quantization = scale === undefined ? '' : `, scale ${scale.toPrecision(6)}, zero point ${zero_point}`
  return `${name}: ${typeText(dtype, shape)}${quantization}`
}
