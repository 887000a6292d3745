/** Written by scripts/fit-area.mjs. */
import type { Area, Family } from './count.ts'
import type { Coefficients } from './model.ts'

export const COEFFICIENTS: Coefficients = {}

/** Deviation from synthesis on the targets left out of the fit, in percent. */
export const ERRORS: Readonly<
  Partial<Record<Family, { readonly targets: number; readonly worst: Partial<Area>; readonly mean: Partial<Area> }>>
> = {}
