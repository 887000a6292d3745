import type { InstructionOf } from './table.ts'

/** What the post unit holds before the first post.setup. */
export const NO_SETUP: InstructionOf<'post.setup'> = {
  op: 'post.setup',
  wait: 0,
  signal: 0,
  operand: 0,
  x_step: 0,
  y_step: 0,
  ring_end: 0,
  ring_size: 0,
  zp_a: 0,
  zp_b: 0,
  m_a: 0,
  s_a: 0,
  m_b: 0,
  s_b: 0,
  m_out: 0,
  s_out: 0,
}
