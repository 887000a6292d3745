// @ts-check
/**
 * What every bundle runs on: chooses the module that this engine executes exactly, loads it with its weights, and hands
 * typed arrays in and out. The bundle's index.d.ts says how it is used. Long because a page fetches one file, not five.
 */

/** @import { Variant } from '../artifact.ts' */
/** @import { Bytes, Checksum, Elements, ElementsByName, ErrorCode, LoadOptions, ModuleExports, RuntimeFile, RuntimeFiles, RuntimePort, Signature } from './types.ts' */

/** What went wrong, where, and what to do about it. */
export class ModelError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {{ cause?: unknown, url?: string, status?: number }} [details] `status` is that of an HTTP answer.
   */
  constructor(code, message, { cause, url, status } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ModelError'
    this.code = code
    this.url = url
    this.status = status
  }
}

// ---- The variant ----

/** @type {readonly Variant[]} */
const VARIANTS = ['relaxed_unsigned', 'relaxed_signed', 'plain']

// All modules here are generated: scripts/generate-wasm-probe.mjs says what they hold.
const SIMD_PROBE = 'AGFzbQEAAAABBAFgAAADAgEABQQBAQEBBxACBm1lbW9yeQIAA2RvdAAAChABDgBBAEEQ/QAEAP0LBAAL'
const RELAXED_PROBE =
  'AGFzbQEAAAABBAFgAAADAgEABQQBAQEBBxACBm1lbW9yeQIAA2RvdAAACh8BHQBBIEEA/QAEAEEQ/QAEAEEg/QAEAP2TAv0LBAAL'

/**
 * Operands that tell the dot products apart: unsigned from signed, and either from x86's pmaddubsw, which saturates
 * sums of two products to 16 bits, and Arm's addp, which wraps them. A sum that leaves 32 bits has to wrap.
 */
const PROBE_A = [127, 127, 127, 127, -128, -128, -128, -128, -128, -128, 127, -127, 127, -127, -128, 1]
const PROBE_B = [255, 255, 255, 255, 255, 255, 255, 255, 128, 128, 127, 127, 128, 255, 0, 127]
const PROBE_C = [0, -2147483648, 2147483647, -1000]

/** What the probe has found: a first load asks for no more than it needs. @type {Map<Variant, boolean>} */
const probed = new Map()

/** @param {Variant} variant */
function isExact(variant) {
  const known = probed.get(variant) ?? probe(variant)
  probed.set(variant, known)
  return known
}

/** The variants whose modules this engine executes exactly, the fastest first; none without SIMD. */
export function exactVariants() {
  return VARIANTS.filter(isExact)
}

/** The variant that `load` takes; throws `no-simd` where there is none. */
export function detectVariant() {
  const first = VARIANTS.find(isExact)
  if (first) return first
  throw new ModelError(
    'no-simd',
    'This engine has no 128-bit SIMD for WebAssembly, which the model needs. Use a browser of 2023 or later, or Node 20.19 or later, on a processor that has it.',
  )
}

/** @param {Variant} variant */
function probe(variant) {
  // Some browsers have none in their strictest mode.
  if (!globalThis.WebAssembly) return false
  if (variant === 'plain') return WebAssembly.validate(fromBase64(SIMD_PROBE))
  const bytes = fromBase64(RELAXED_PROBE)
  if (!WebAssembly.validate(bytes)) return false
  try {
    const { memory, dot } = /** @type {{ memory: WebAssembly.Memory, dot: () => void }} */ (
      /** @type {unknown} */ (new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports)
    )
    const a = new Int8Array(memory.buffer, 0, 16)
    const b = new (variant === 'relaxed_signed' ? Int8Array : Uint8Array)(memory.buffer, 16, 16)
    const c = new Int32Array(memory.buffer, 32, 4)
    a.set(PROBE_A)
    b.set(PROBE_B)
    c.set(PROBE_C)
    const sums = PROBE_C.map((sum, lane) => {
      for (let i = lane * 4; i < lane * 4 + 4; i++) sum += Number(a[i]) * Number(b[i])
      return sum | 0
    })
    dot()
    return sums.every((sum, lane) => sum === c[lane])
  } catch {
    // An engine that takes compiled modules only.
    return false
  }
}

/** @param {string} text */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
}

// ---- Loading ----

/** Length of the custom section that ends a module: it holds the CRC-32 of all that precedes it. */
const STAMP_BYTES = 12

/**
 * The `load` of a bundle. What it fetched is kept: a second load makes an independent instance and fetches nothing.
 * @param {Signature} signature
 * @param {RuntimeFiles} files
 */
export function createLoader(signature, { modules, weights }) {
  /** @type {Map<string, Promise<any>>} */
  const kept = new Map()

  /**
   * @template T
   * @param {string} key
   * @param {LoadOptions} options
   * @param {() => Promise<T>} make
   * @returns {Promise<T>}
   */
  function once(key, { signal }, make) {
    const earlier = kept.get(key)
    if (earlier) return earlier
    const made = make()
    // What a signal may stop is shared only when it has come.
    if (!signal) kept.set(key, made)
    made.then(
      () => kept.set(key, made),
      () => kept.get(key) === made && kept.delete(key),
    )
    return made
  }

  /**
   * @param {LoadOptions} [options]
   * @returns {Promise<Model>}
   */
  return async function load(options = {}) {
    const variant = options.variant ?? detectVariant()
    requireExact(variant)
    // What the caller has is checked before anything is fetched.
    const given = {
      module: options.module && (await givenModule(options.module, modules)),
      weights: options.weights && givenWeights(options.weights, weights),
    }
    const [module, bytes] = await Promise.all([
      given.module ?? once(variant, options, () => fetchModule(modules[variant], options)),
      given.weights ?? once('weights', options, () => fetchWeights(weights, options)),
    ])
    options.signal?.throwIfAborted()
    return instantiate(signature, identify(module, modules, options.variant), module, bytes)
  }
}

/** @param {Variant} variant */
export function requireExact(variant) {
  const known = VARIANTS.includes(variant)
  if (known && isExact(variant)) return
  const instead = `Leave the variant out, or give one of: ${exactVariants().join(', ')}.`
  throw known
    ? new ModelError(
        'variant-not-exact',
        `This engine does not execute variant '${variant}' exactly. ${instead}`,
      )
    : new ModelError('option-invalid', `There is no variant '${variant}'. ${instead}`)
}

/**
 * The variant that a compiled module is of, by its stamp. Variants may share a module.
 * @param {WebAssembly.Module} module
 * @param {RuntimeFiles['modules']} modules
 * @param {Variant | undefined} wanted
 */
function identify(module, modules, wanted) {
  const [section] = WebAssembly.Module.customSections(module, 'crc32')
  const stamp = section?.byteLength === 4 ? new DataView(section).getUint32(0, true) : undefined
  const stamped = VARIANTS.filter((variant) => modules[variant].crc32 === stamp)
  const [first] = stamped
  if (!first || (wanted && !stamped.includes(wanted))) {
    throw new ModelError(
      'module-invalid',
      `The module is ${first ? `that of variant '${first}', not of '${wanted}'` : 'of another model or build'}. Give one that stands beside this index.js.`,
    )
  }
  const variant = wanted ?? stamped.find(isExact) ?? first
  requireExact(variant)
  return variant
}

/**
 * @param {Bytes | WebAssembly.Module} module
 * @param {RuntimeFiles['modules']} modules
 */
async function givenModule(module, modules) {
  try {
    // Refuses what is no module, and takes modules of other realms.
    WebAssembly.Module.exports(/** @type {WebAssembly.Module} */ (module))
    return /** @type {WebAssembly.Module} */ (module)
  } catch {
    const bytes = bytesOf(/** @type {Bytes} */ (module), 'module')
    return compile(bytes, Object.values(modules), 'The given module')
  }
}

/**
 * @param {RuntimeFile} file
 * @param {LoadOptions} options
 */
async function fetchModule(file, options) {
  /** @type {Promise<WebAssembly.Module | undefined> | undefined} */
  let streamed
  const { bytes, url } = await fetchFile(file, options, (response) => {
    // Refused where the server does not call it application/wasm; the bytes serve as well.
    streamed = WebAssembly.compileStreaming?.(response).catch(() => undefined)
  })
  return compile(bytes, [file], url, streamed)
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {readonly RuntimeFile[]} files
 * @param {string} where
 * @param {Promise<WebAssembly.Module | undefined>} [streamed]
 */
async function compile(bytes, files, where, streamed) {
  const crc = crc32(bytes.subarray(0, -STAMP_BYTES))
  if (!files.some((file) => file.crc32 === crc)) {
    throw new ModelError(
      'module-invalid',
      `${where} is damaged, or no module of this model and build. Serve or give the file that stands beside this index.js, unchanged.`,
    )
  }
  try {
    return (await streamed) ?? (await WebAssembly.compile(bytes))
  } catch (cause) {
    throw new ModelError(
      'module-invalid',
      `${where} cannot be compiled: ${cause}. A Content-Security-Policy must have 'wasm-unsafe-eval' in script-src.`,
      { cause },
    )
  }
}

/**
 * @param {RuntimeFiles['weights']} file
 * @param {LoadOptions} options
 */
async function fetchWeights(file, options) {
  const { bytes, url } = await fetchFile(file, options)
  return checkWeights(bytes, file, url)
}

/**
 * @param {Bytes} source
 * @param {RuntimeFiles['weights']} file
 */
function givenWeights(source, file) {
  return checkWeights(bytesOf(source, 'weights'), file, 'The given weights')
}

/**
 * @param {Uint8Array} bytes
 * @param {RuntimeFiles['weights']} file
 * @param {string} where
 */
function checkWeights(bytes, file, where) {
  const advice = `Serve or give the ${file.name} that stands beside this index.js, unchanged.`
  if (bytes.length !== file.bytes) {
    throw new ModelError(
      'weights-length',
      `${where}: ${bytes.length} bytes of weights instead of ${file.bytes}. ${advice}`,
    )
  }
  if (crc32(bytes) !== file.crc32) {
    throw new ModelError(
      'weights-corrupted',
      `${where}: the weights are damaged, or of another model or build. ${advice}`,
    )
  }
  return bytes
}

/**
 * @param {RuntimeFile} file
 * @param {LoadOptions} options
 * @param {(response: Response) => void} [receive] Is given a copy of the answer before its end has come.
 */
async function fetchFile(file, options, receive) {
  const { base, signal = null } = options
  let url = file.name
  try {
    const location = base === undefined ? file.url() : new URL(file.name, folder(base))
    url = location.href
    // Node's own fetch takes no file: URLs.
    const fs =
      location.protocol === 'file:' && !options.fetch
        ? globalThis.process?.getBuiltinModule?.('node:fs/promises')
        : undefined
    if (fs) return { url, bytes: new Uint8Array(await fs.readFile(location, signal ? { signal } : {})) }
    const response = await (options.fetch ?? fetch)(location, { signal })
    const { ok, status } = response
    if (!ok) {
      throw new ModelError(
        'fetch-failed',
        `${url} was answered with status ${status}. Serve the bundle's folder whole, or give its URL: load({ base }).`,
        { url, status },
      )
    }
    receive?.(response.clone())
    return { url, bytes: new Uint8Array(await response.arrayBuffer()) }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof ModelError) throw cause
    throw new ModelError(
      'fetch-failed',
      `${url} could not be fetched: ${cause}. Serve the bundle's folder whole, or give its URL: load({ base }).`,
      { cause, url },
    )
  }
}

/** @param {string | URL} base */
function folder(base) {
  return new URL(String(base).replace(/\/?$/, '/'), globalThis.location?.href)
}

/**
 * @param {Bytes} source
 * @param {string} option
 * @returns {Uint8Array<ArrayBuffer>}
 */
function bytesOf(source, option) {
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(/** @type {ArrayBuffer} */ (source.buffer), source.byteOffset, source.byteLength)
  }
  if (/ArrayBuffer\]$/.test(Object.prototype.toString.call(source))) return new Uint8Array(source)
  throw new ModelError(
    'option-invalid',
    `load({ ${option} }) takes an ArrayBuffer or a view of one, not ${kindOf(source)}.`,
  )
}

const CHECKSUM =
  'AGFzbQEAAAABBwFgAn9/AX8DAgEABQQBAQEBBxMCBm1lbW9yeQIABnVwZGF0ZQAACjYBNAEBf0GACCECA0AgAEEIdiAAIAItAABzQf8BcUECdCgCAHMhACACQQFqIgIgAUkNAAsgAAs='
const TABLE_BYTES = 1024

/** @type {Checksum | undefined} */
let checksum

/**
 * CRC-32 (IEEE 802.3, reflected), a byte at a time. In WebAssembly: on a page that has just been opened JavaScript is
 * interpreted still, which takes longer than the download.
 * @param {Uint8Array} bytes
 */
export function crc32(bytes) {
  checksum ??= startChecksum()
  const { memory, update } = checksum
  const room = memory.length - TABLE_BYTES
  let crc = -1
  for (let at = 0; at < bytes.length; at += room) {
    const part = bytes.subarray(at, at + room)
    memory.set(part, TABLE_BYTES)
    crc = update(crc, TABLE_BYTES + part.length)
  }
  return ~crc >>> 0
}

/** @returns {Checksum} */
function startChecksum() {
  const started = compiledChecksum() ?? interpretedChecksum()
  const table = new Int32Array(started.memory.buffer)
  for (let byte = 0; byte < 256; byte++) {
    let row = byte
    for (let bit = 0; bit < 8; bit++) row = row & 1 ? (row >>> 1) ^ 0xedb88320 : row >>> 1
    table[byte] = row
  }
  return started
}

/** Nothing in an engine that takes compiled modules only. */
function compiledChecksum() {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(CHECKSUM)))
    const { memory, update } = /** @type {any} */ (exports)
    return { memory: new Uint8Array(memory.buffer), update }
  } catch {
    return undefined
  }
}

/** @returns {Checksum} */
function interpretedChecksum() {
  const memory = new Uint8Array(65536)
  const table = new Int32Array(memory.buffer)
  return {
    memory,
    update(crc, end) {
      for (let at = TABLE_BYTES; at < end; at++) {
        crc = (crc >>> 8) ^ Number(table[(crc ^ Number(memory[at])) & 255])
      }
      return crc
    },
  }
}

// ---- The model ----

const ELEMENTS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
  // Below eight bits an element still takes a byte.
  int4: Int8Array,
  uint4: Uint8Array,
  int2: Int8Array,
  uint2: Uint8Array,
  binary: Int8Array,
}

/**
 * An instance of a compiled module, its weights in place and `init` called.
 * @param {Signature} signature
 * @param {Variant} variant
 * @param {WebAssembly.Module} module
 * @param {Uint8Array} weights
 */
export async function instantiate(signature, variant, module, weights) {
  try {
    const { exports } = await WebAssembly.instantiate(module).catch(refuseInstance)
    const model = new Model(signature, variant, /** @type {ModuleExports} */ (exports))
    new Uint8Array(model.exports.memory.buffer, signature.memory.weights, weights.length).set(weights)
    model.exports.init()
    return model
  } catch (cause) {
    if (cause instanceof ModelError) throw cause
    throw new ModelError(
      'module-invalid',
      `The module does not fit this model: ${cause}. Give one that stands beside this index.js.`,
      { cause },
    )
  }
}

/**
 * @param {unknown} cause
 * @returns {never}
 */
function refuseInstance(cause) {
  if (!(cause instanceof RangeError)) throw cause
  throw new ModelError(
    'out-of-memory',
    `There is no memory for an instance of the model: ${cause}. Drop instances that are no longer used.`,
    { cause },
  )
}

export class Model {
  #signature

  /**
   * @param {Signature} signature
   * @param {Variant} variant
   * @param {ModuleExports} exports
   */
  constructor(signature, variant, exports) {
    if (!(exports.memory instanceof WebAssembly.Memory) || typeof exports.run !== 'function') {
      throw new TypeError('it does not export memory and run')
    }
    const { buffer } = exports.memory
    this.#signature = signature
    this.exports = exports
    this.variant = variant
    /** Views of the instance's memory. Fill them before each `run()`, which may put other values there. */
    this.inputs = views(signature.inputs, signature.memory.inputs, buffer)
    /** Views of the instance's memory: what the last `run` made, until inputs are filled again. */
    this.outputs = views(signature.outputs, signature.memory.outputs, buffer)
  }

  /**
   * Runs the model on `input`, or on what the views in `inputs` hold, and returns copies. A model of one input or output
   * takes or returns an array; one of several an object of arrays by name.
   * @param {Elements | ElementsByName} [input]
   * @returns {any}
   */
  run(input) {
    if (input !== undefined) this.#fill(input)
    this.exports.run()
    const copies = Object.entries(this.outputs).map(([name, view]) => [name, view.slice()])
    return copies.length === 1 ? copies[0]?.[1] : Object.fromEntries(copies)
  }

  /** @param {Elements | ElementsByName} input */
  #fill(input) {
    const ports = this.#signature.inputs
    const given = ports.length === 1 ? [input] : inOrder(input, ports)
    // All are checked before the first is copied.
    const arrays = ports.map((port, k) => checkInput(given[k], port))
    ports.forEach(({ name }, k) => {
      this.inputs[name]?.set(/** @type {any} */ (arrays[k]))
    })
  }

  /**
   * Real values as elements of an input: real / scale in float32, rounded with halves away from zero, plus the zero
   * point, clamped to the type. Not-a-number becomes the zero point.
   * @param {ArrayLike<number>} real
   * @param {string} [name] The input's; needed where there are several.
   * @returns {Elements}
   */
  quantize(real, name) {
    const port = find(this.#signature.inputs, name, 'input')
    requireNumbers(real, 'quantize')
    if (port.dtype === 'float32') return Float32Array.from(real, Number)
    const { scale, zeroPoint } = quantization(port, 'input')
    const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(port.dtype) ?? []
    const count = 2 ** Number(bits)
    const min = unsigned ? 0 : -count / 2
    const elements = new ELEMENTS[port.dtype](real.length)
    for (let i = 0; i < real.length; i++) {
      const steps = Math.fround(Math.fround(Number(real[i])) / scale)
      const rounded = Math.sign(steps) * Math.round(Math.abs(steps)) + zeroPoint
      elements[i] = Number.isNaN(steps) ? zeroPoint : Math.max(min, Math.min(min + count - 1, rounded))
    }
    return elements
  }

  /**
   * The real values of an output's elements: scale * (element - zeroPoint), as float32.
   * @param {ArrayLike<number>} elements
   * @param {string} [name] The output's; needed where there are several.
   */
  dequantize(elements, name) {
    const port = find(this.#signature.outputs, name, 'output')
    requireNumbers(elements, 'dequantize')
    if (port.dtype === 'float32') return Float32Array.from(elements, Number)
    const { scale, zeroPoint } = quantization(port, 'output')
    const real = new Float32Array(elements.length)
    for (let i = 0; i < real.length; i++) real[i] = scale * (Number(elements[i]) - zeroPoint)
    return real
  }
}

/**
 * @param {readonly RuntimePort[]} ports
 * @param {readonly number[]} addresses
 * @param {ArrayBuffer} buffer
 * @returns {ElementsByName}
 */
function views(ports, addresses, buffer) {
  return Object.freeze(
    Object.fromEntries(
      ports.map((port, k) => [port.name, new ELEMENTS[port.dtype](buffer, addresses[k], sizeOf(port))]),
    ),
  )
}

/** @param {RuntimePort} port */
function sizeOf({ shape }) {
  return shape.reduce((size, extent) => size * extent, 1)
}

/**
 * The arrays of an object by name, in the model's order.
 * @param {Elements | ElementsByName} input
 * @param {readonly RuntimePort[]} ports
 */
function inOrder(input, ports) {
  const names = ports.map(({ name }) => `'${name}'`).join(', ')
  if (typeof input !== 'object' || input === null || ArrayBuffer.isView(input) || Array.isArray(input)) {
    throw new ModelError('input-type', `run takes an object with the inputs ${names}, not ${kindOf(input)}.`)
  }
  const unknown = Object.keys(input).find((name) => !ports.some((port) => port.name === name))
  if (unknown !== undefined) {
    throw new ModelError('input-unknown', `The model has no input '${unknown}', only ${names}.`)
  }
  return ports.map(({ name }) => {
    if (Object.hasOwn(input, name)) return input[name]
    throw new ModelError('input-missing', `Input '${name}' is missing. The model takes ${names}.`)
  })
}

/**
 * @param {unknown} value
 * @param {RuntimePort} port
 */
function checkInput(value, port) {
  const array = ELEMENTS[port.dtype].name
  const size = sizeOf(port)
  // By name, since arrays of other realms (frames, test runners) are no instances of this realm's class.
  if (!ArrayBuffer.isView(value) || kindOf(value) !== array) {
    throw new ModelError(
      'input-type',
      `Input '${port.name}' takes an ${array} of ${size} elements, not ${kindOf(value)}. Of real values, model.quantize makes one.`,
    )
  }
  const { length } = /** @type {Elements} */ (value)
  if (length !== size) {
    throw new ModelError(
      'input-length',
      `Input '${port.name}' takes ${size} elements, shape [${port.shape.join(', ')}], not ${length}.`,
    )
  }
  return value
}

/**
 * @param {readonly RuntimePort[]} ports
 * @param {string | undefined} name
 * @param {'input' | 'output'} kind
 */
function find(ports, name, kind) {
  const port = name === undefined && ports.length === 1 ? ports[0] : ports.find((p) => p.name === name)
  if (port) return port
  const names = ports.map((p) => `'${p.name}'`).join(', ')
  throw new ModelError(
    `${kind}-unknown`,
    name === undefined
      ? `The model has several ${kind}s. Name one of: ${names}.`
      : `The model has no ${kind} '${name}', only ${names}.`,
  )
}

/**
 * @param {RuntimePort} port
 * @param {'input' | 'output'} kind
 */
function quantization({ name, dtype, scale, zeroPoint }, kind) {
  if (scale !== undefined && zeroPoint !== undefined) return { scale, zeroPoint }
  throw new ModelError(
    'not-quantized',
    `The ${kind} '${name}' is ${dtype} without scale and zero point. Use its elements as they are.`,
  )
}

/**
 * @param {unknown} values
 * @param {string} method
 */
function requireNumbers(values, method) {
  if (Array.isArray(values) || (ArrayBuffer.isView(values) && 'length' in values)) return
  throw new ModelError('input-type', `${method} takes an array of numbers, not ${kindOf(values)}.`)
}

/**
 * What a value is, for messages: `Uint8Array`, `Array`, `Undefined`.
 * @param {unknown} value
 */
function kindOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1)
}
