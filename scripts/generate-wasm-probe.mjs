/**
 * Writes the two probes of backends/wasm/runtime/runtime.js, WebAssembly modules in base64, into that file.
 *
 *     node scripts/generate-wasm-probe.mjs            write the modules
 *     node scripts/generate-wasm-probe.mjs --check    exit with 1 if the file holds others
 *
 * SIMD_PROBE is valid where there is 128-bit SIMD. RELAXED_PROBE is valid where there is relaxed SIMD too; its `dot` adds
 * to the four i32 at address 32 the products of the sixteen i8 at 0 with the sixteen bytes at 16, in groups of four,
 * by the instruction whose reading of the bytes is to be found out. Operands come from memory, so no compiler knows them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import binaryen from 'binaryen'

const RUNTIME = new URL('../backends/wasm/runtime/runtime.js', import.meta.url)

/** A module of one exported function, `dot`, and a page of memory. */
function encode(features, body) {
  const module = new binaryen.Module()
  module.setFeatures(features)
  module.setMemory(1, 1, 'memory')
  module.addFunction('0', binaryen.none, binaryen.none, [], body(module))
  module.addFunctionExport('0', 'dot')
  if (!module.validate()) throw new Error('the probe is not valid WebAssembly')
  return Buffer.from(module.emitBinary()).toString('base64')
}

const load = (module, address) => module.v128.load(0, 16, module.i32.const(address))
const store = (module, address, value) => module.v128.store(0, 16, module.i32.const(address), value)

const probes = {
  SIMD_PROBE: encode(binaryen.Features.SIMD128, (module) => store(module, 0, load(module, 16))),
  RELAXED_PROBE: encode(binaryen.Features.SIMD128 | binaryen.Features.RelaxedSIMD, (module) =>
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
}

const committed = readFileSync(RUNTIME, 'utf8')
let text = committed
for (const [name, base64] of Object.entries(probes)) {
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
