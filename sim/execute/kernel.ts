/** The compiled inner loops of the mac unit (scripts/generate-mac-kernel.mjs), over the memory they are given. */
import { MAC_KERNEL_BASE64 } from '../kernels/mac-kernel.generated.ts'

/**
 * Arguments in order. Addresses are WebAssembly byte addresses; `windows` points at `count` int32 window addresses, to
 * each of which `offset` is added before it is wrapped into the ring (`ringSize` 0: no ring).
 */
export interface MacKernel {
  /** acc[i][c] (+)= sum over lanes of window_i[lane] * weight[c][lane], for one block of `cols` columns. */
  dense(
    windows: number,
    count: number,
    offset: number,
    ringEnd: number,
    ringSize: number,
    weights: number,
    planeBytes: number,
    lanes: number,
    acc: number,
    cols: number,
    overwrite: number,
  ): void
  /** acc[i][c] (+)= window_i[c] * weight[c], the weight from the even or odd lane of its plane. */
  depthwise_lane(
    windows: number,
    count: number,
    offset: number,
    ringEnd: number,
    ringSize: number,
    weights: number,
    odd: number,
    acc: number,
    cols: number,
    overwrite: number,
  ): void
}

let compiled: WebAssembly.Module | undefined

/** Compiles once a process (the module is a few kilobytes) and instantiates over `memory`, both synchronously. */
export function instantiateMacKernel(memory: WebAssembly.Memory): MacKernel {
  compiled ??= new WebAssembly.Module(Buffer.from(MAC_KERNEL_BASE64, 'base64'))
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as MacKernel
}
