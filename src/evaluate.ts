/**
 * Accuracy: the share of labels that equal the argmax of the model's scores; of equal scores the first counts.
 *
 * Labels of one axis name the class of a whole sample (top-1). Labels of more axes name the class of each element of a
 * map, as in segmentation: the output then has the same axes and the classes last (NHWC), or second (NCHW).
 */
import { attempt, fail, must, type Result, unwrap } from '../ir/diagnostic.ts'
import type { NpyArray, NpyData } from './tensors/npy.ts'
import { typeText } from './tensors/port.ts'

export interface Evaluation {
  readonly metric: 'top-1' | 'per-element'
  readonly samples: number
  /** Labels compared: one a sample for top-1, one an element else. */
  readonly labels: number
  readonly correct: number
  /** correct / labels. */
  readonly accuracy: number
}

/** Compares stacked outputs, samples first, with labels; diagnostics `labels/...`. `file` names the labels. */
export function evaluateOutputs(
  outputs: ReadonlyMap<string, NpyArray>,
  labels: NpyArray,
  file: string,
): Result<Evaluation> {
  return attempt(() => {
    const scores = must(outputs.values().next().value, 'a model has an output')
    if (outputs.size > 1) {
      fail({
        code: 'labels/several-outputs',
        message: `the model has ${outputs.size} outputs (${[...outputs.keys()].join(', ')}); accuracy is defined for one`,
        span: { file },
        hint: 'use "espalier run" and compare the outputs yourself',
      })
    }
    const samples = must(scores.shape[0], 'samples')
    unwrap(checkLabels(labels, samples, file))
    const perElement = labels.shape.length > 1
    const map = scores.shape.slice(0, -1)
    const fits = (axes: readonly number[]) =>
      axes.length === labels.shape.length && axes.every((n, i) => n === labels.shape[i])
    const isSecond = perElement && !fits(map) && fits(scores.shape.toSpliced(1, 1))
    if (perElement && !isSecond && !fits(map)) {
      fail({
        code: 'labels/shape',
        message: `labels are ${typeText(labels.dtype, labels.shape)}, the outputs ${typeText(scores.dtype, scores.shape)}`,
        span: { file },
        hint: `give labels of shape [${samples}] for whole samples, or [${map.join(',')}] for each element`,
      })
    }
    // Elements from one class to the next: those of a whole map where the classes are second.
    const stride = isSecond ? labels.data.length / samples : 1
    const correct = countCorrect(scores.data, labels.data, stride, file)
    const count = labels.data.length
    return {
      metric: perElement ? 'per-element' : 'top-1',
      samples,
      labels: count,
      correct,
      accuracy: correct / count,
    }
  })
}

/** Refuses labels that cannot belong to so many samples, before the model is run on them. */
export function checkLabels(labels: NpyArray, samples: number, file: string): Result<void> {
  return attempt(() => {
    if (labels.dtype === 'f32' || labels.dtype === 'f64') {
      fail({
        code: 'labels/type',
        message: `labels are class numbers; the array holds ${labels.dtype}`,
        span: { file },
        hint: 'save labels.astype(numpy.int32)',
      })
    }
    if (labels.shape[0] !== samples) {
      fail({
        code: 'labels/count',
        message: `there are ${samples} samples and ${labels.shape[0] ?? 'no'} labels`,
        span: { file },
        hint: 'give one label a sample, in the same order',
      })
    }
  })
}

function countCorrect(scores: NpyData, labels: NpyData, stride: number, file: string): number {
  const classes = scores.length / labels.length
  let correct = 0
  for (let i = 0; i < labels.length; i++) {
    const label = Number(labels[i])
    if (label < 0 || label >= classes) {
      fail({
        code: 'labels/range',
        message: `label ${i} is ${label}; the model tells ${classes} classes apart, 0 to ${classes - 1}`,
        span: { file },
        hint: 'check that the labels belong to this model',
      })
    }
    let best = 0
    const within = i % stride
    const base = (i - within) * classes + within
    const score = (c: number) => must(scores[base + c * stride], 'score')
    for (let c = 1; c < classes; c++) if (score(c) > score(best)) best = c
    if (best === label) correct++
  }
  return correct
}
