/** What the command line tells the shell. Scripts rely on these. */
export const EXIT = {
  done: 0,
  /** The user's input is wrong; a diagnostic says what, where, and what to do. */
  badInput: 1,
  /** The command line itself is wrong. */
  badUsage: 2,
  /** Everything worked, and a check failed: an accuracy below its floor. */
  checkFailed: 3,
  /** Our own bug. */
  bug: 70,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
