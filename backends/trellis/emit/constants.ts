/** The constants of a program as they will stand in DRAM; equal ones are stored once. */

export class ConstantPool {
  readonly #align: number
  readonly #chunks: { readonly at: number; readonly bytes: Uint8Array }[] = []
  readonly #known = new Map<string, number>()
  #size = 0

  /** Every constant starts on a multiple of `align` bytes. */
  constructor(align: number) {
    this.#align = align
  }

  /** Offset of a constant; `make` is called for a key that is new. */
  add(key: string, make: () => Uint8Array): number {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const bytes = make()
    const at = this.#size
    this.#chunks.push({ at, bytes })
    this.#known.set(key, at)
    this.#size = Math.ceil((at + bytes.length) / this.#align) * this.#align
    return at
  }

  get bytes(): number {
    return this.#size
  }

  writeTo(target: Uint8Array, offset: number): void {
    for (const { at, bytes } of this.#chunks) target.set(bytes, offset + at)
  }
}
