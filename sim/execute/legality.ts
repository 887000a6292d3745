/** What makes a program illegal for the machine: a program may come from a file, so this is the user's mistake. */
import { fail } from '../../ir/diagnostic.ts'

/** Stops with `program/illegal`; the machine adds which instruction it was. */
export function illegal(message: string): never {
  fail({ code: 'program/illegal', message })
}

/** Requires the range [start, start + length) to lie in a memory of `size` places. */
export function within(start: number, length: number, size: number, memory: string): void {
  if (start >= 0 && length >= 1 && start + length <= size) return
  illegal(
    length < 1
      ? `touches nothing in ${memory}`
      : `${memory} has ${size} places, but ${start} to ${start + length - 1} are asked for`,
  )
}
