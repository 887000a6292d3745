/** What a target occupies of an FPGA: synthesized, or estimated by the fitted model. */
import { ERRORS } from '../backends/trellis/area/coefficients.generated.ts'
import { type Area, FAMILIES, type Family } from '../backends/trellis/area/count.ts'
import { isExtrapolated, modelledUnits, totalArea } from '../backends/trellis/area/model.ts'
import type { UnitAreas } from '../backends/trellis/area/synthesis.ts'
import { UNIT_NAMES } from '../backends/trellis/area/units.ts'
import type { Target } from '../backends/trellis/target.ts'
import { attemptAsync, type Result, unwrap } from '../ir/diagnostic.ts'

/** Units that are synthesized one after another. */
export const AREA_STEPS = UNIT_NAMES.length

/** The keys are those of `espalier area --json`. */
export interface AreaReport {
  readonly target: string
  readonly family: Family
  readonly source: 'synthesis' | 'model'
  readonly units: UnitAreas
  readonly total: Area
  /** Largest deviation of the model from the synthesized targets that it was checked on. */
  readonly worst_error_percent?: Partial<Area>
  /** The target is larger than any that the model was fitted to or checked on, so its error may be larger, too. */
  readonly extrapolated?: boolean
}

/** Diagnostics: `rtl/unsupported` where there is no RTL of the target, `area/no-yosys`. */
export async function areaOf(
  target: Target,
  { family, model, step }: { readonly family: Family; readonly model: boolean; readonly step: () => void },
): Promise<Result<AreaReport>> {
  return attemptAsync(async () => {
    if (!model) {
      // Not before it is asked for: every simulation estimates areas.
      const { synthesizedArea } = await import('../backends/trellis/area/synthesis.ts')
      const units = unwrap(await synthesizedArea(target, family, { step }))
      return { target: target.name, family, source: 'synthesis', units, total: totalArea(units) }
    }
    const { supportsRtl } = await import('../backends/trellis/rtl/emit.ts')
    unwrap(supportsRtl(target))
    return estimated(target, family)
  })
}

/** Estimated totals by family, with the largest errors, in percent, that the model was found to have. */
export type AreaEstimates = Readonly<
  Record<Family, Area & Required<Pick<AreaReport, 'worst_error_percent' | 'extrapolated'>>>
>

/** Also of a target that the RTL does not support: then as if it did. */
export function estimatedAreas(target: Target): AreaEstimates {
  return Object.fromEntries(
    FAMILIES.map((family) => {
      const { total, worst_error_percent, extrapolated } = estimated(target, family)
      return [family, { ...total, worst_error_percent, extrapolated }]
    }),
  ) as AreaEstimates
}

function estimated(target: Target, family: Family) {
  const units = modelledUnits(target, family)
  const total = totalArea(units)
  return {
    target: target.name,
    family,
    source: 'model' as const,
    units,
    total,
    worst_error_percent: ERRORS[family].worst,
    extrapolated: isExtrapolated(target, family),
  }
}
