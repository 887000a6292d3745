/**
 * Writes the small modules of backends/wasm/runtime/runtime.js, WebAssembly in base64, into that file.
 *
 *     node scripts/generate-wasm-probe.mjs            write the modules
 *     node scripts/generate-wasm-probe.mjs --check    exit with 1 if the file holds others
 *
 * SIMD_PROBE is valid where there is 128-bit SIMD. RELAXED_PROBE is valid where there is relaxed SIMD too; its `dot` adds
 * to the four i32 at address 32 the products of the sixteen i8 at 0 with the sixteen bytes at 16, in groups of four,
 * by the instruction whose reading of the bytes is to be found out. Operands come from memory, so no compiler knows them.
 *
 * CHECKSUM carries a CRC on over bytes, by the table of 256 i32 at address 0: `update(crc, end)` takes those from address
 * 1024 up to `end`, at least one.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import binaryen from 'binaryen'

const RUNTIME = new URL('../backends/wasm/runtime/runtime.js', import.meta.url)

/** A module of one exported function and a page of memory. */
function encode(features, addFunction) {
  const module = new binaryen.Module()
  module.setFeatures(features)
  module.setMemory(1, 1, 'memory')
  module.addFunctionExport('0', addFunction(module))
  if (!module.validate()) throw new Error('not valid WebAssembly')
  return Buffer.from(module.emitBinary()).toString('base64')
}

/** A probe is a function without parameters and results. */
function encodeProbe(features, body) {
  return encode(features, (module) => {
    module.addFunction('0', binaryen.none, binaryen.none, [], body(module))
    return 'dot'
  })
}

const load = (module, address) => module.v128.load(0, 16, module.i32.const(address))
const store = (module, address, value) => module.v128.store(0, 16, module.i32.const(address), value)

const TABLE_BYTES = 1024

/** crc = (crc >>> 8) ^ table[(crc ^ byte) & 255], for each byte */
function addUpdate(module) {
  const { i32, local } = module
  const [crc, end, at] = [0, 1, 2]
  const get = (index) => local.get(index, binaryen.i32)
  const row = i32.and(i32.xor(get(crc), i32.load8_u(0, 1, get(at))), i32.const(255))
  const entry = i32.load(0, 4, i32.shl(row, i32.const(2)))
  const statements = [
    local.set(at, i32.const(TABLE_BYTES)),
    module.loop(
      'next',
      module.block(null, [
        local.set(crc, i32.xor(i32.shr_u(get(crc), i32.const(8)), entry)),
        module.br_if('next', i32.lt_u(local.tee(at, i32.add(get(at), i32.const(1)), binaryen.i32), get(end))),
      ]),
    ),
    get(crc),
  ]
  const body = module.block(null, statements, binaryen.i32)
  const params = binaryen.createType([binaryen.i32, binaryen.i32])
  module.addFunction('0', params, binaryen.i32, [binaryen.i32], body)
  return 'update'
}

const modules = {
  SIMD_PROBE: encodeProbe(binaryen.Features.SIMD128, (module) => store(module, 0, load(module, 16))),
  RELAXED_PROBE: encodeProbe(binaryen.Features.SIMD128 | binaryen.Features.RelaxedSIMD, (module) =>
    store(
      module,
      32,
      // binaryen.js has no method for this instruction.
      binaryen._BinaryenSIMDTernary(
        module.ptr,
        binaryen.RelaxedDotI8x16I7x16AddSToVecI32x4,
        load(module, 0),
        load(module, 16),
        load(module, 32),
      ),
    ),
  ),
  CHECKSUM: encode(binaryen.Features.MVP, addUpdate),
}

const committed = readFileSync(RUNTIME, 'utf8')
let text = committed
for (const [name, base64] of Object.entries(modules)) {
  text = text.replace(new RegExp(`(const ${name} =\\s+)'.*'`), `$1'${base64}'`)
}

if (process.argv.includes('--check')) {
  if (committed !== text) {
    console.error('backends/wasm/runtime/runtime.js is stale: run node scripts/generate-wasm-probe.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(RUNTIME, text)
}
