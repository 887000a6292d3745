/** Small networks that random ones shrank to when a law failed: each was once wrong on some machine. */
import { expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { parse } from '../../ir/text/index.ts'
import { checkOnTrellis, TARGETS } from './trellis-law.ts'

const FOUND: Readonly<Record<string, string>> = {
  'a flattened map goes to a layer on the host': `
    input %x : i8[1,1,2,2] scale=0.05 zp=0
    %flat = reshape(%x) {shape = [1, 4]} : i8[1,4] scale=0.05 zp=0
    const %w : i8[1,4] scale=0.01 zp=3 = [1, -20, 30, 40]
    %y = fully_connected(%flat, %w) : i8[1,1] scale=0.05 zp=0`,
  'a mean over columns that turns rows into columns': `
    input %x : i8[1,4,3,1] scale=0.05 zp=0
    %mean = mean(%x) {axes = [2]} : i8[1,4,1] scale=0.05 zp=0
    const %w : i8[1,1] scale=0.01 zp=0 = [-66]
    %y = fully_connected(%mean, %w) {keep_dims = true} : i8[1,4,1] scale=0.05 zp=0`,
  'windows that see nothing but padding': `
    input %x : i8[1,1,1,3] scale=0.05 zp=0
    const %w : i8[1,1,1,3] scale=0.0005 zp=0 = [-66, 53, -73]
    %border = depthwise_conv2d(%x, %w) {stride = [2, 2], pads = [2, 0, 0, 0]} : i8[1,2,1,3] scale=0.00015 zp=0
    %y = depthwise_conv2d(%border, %w) {stride = [2, 1]} : i8[1,1,1,3] scale=0.0000083 zp=0`,
  'a batch whose samples are added to different constants': `
    input %x : i8[2,1] scale=0.05 zp=0
    const %c : i8[2,1] scale=0.02 zp=0 = [-66, 53]
    %y = add(%x, %c) : i8[2,1] scale=0.075 zp=0`,
  'a batch along an axis that is another operand’s second': `
    input %x : i8[2,2,3] scale=0.05 zp=0
    input %z : i8[2,3] scale=0.05 zp=0
    %y = add(%x, %z) : i8[2,2,3] scale=0.075 zp=0`,
}

test.each(Object.entries(FOUND))('%s', (_, body) => {
  const graph = unwrap(parse(`graph "found" {${body}\n  output %y\n}`, 'found', noSidecar))
  for (const target of TARGETS) expect(checkOnTrellis(graph, target, 1), target.name).toBe('exact')
})

function noSidecar(name: string): never {
  throw new Error(`${name} is not there`)
}
