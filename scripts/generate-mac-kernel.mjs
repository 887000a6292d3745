/**
 * Writes sim/kernels/mac-kernel.generated.ts: the inner loops of the simulated mac unit as a WebAssembly module with
 * SIMD, in base64, so that users need neither binaryen nor a file beside the code.
 *
 *     node scripts/generate-mac-kernel.mjs            write the module
 *     node scripts/generate-mac-kernel.mjs --check    exit with 1 if the committed module is stale
 *
 * Weight memory is kept in planes: plane k holds lanes 2k and 2k + 1 of every column, two bytes a column. Eight bytes
 * of a plane are then four columns, ready for i32x4.dot_i16x8_s: pairs of lanes of one window times pairs of weights
 * of four columns, without a shuffle of the sums at the end.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import binaryen from 'binaryen'

const OUTPUT = new URL('../sim/kernels/mac-kernel.generated.ts', import.meta.url)

const { i32, v128, none } = binaryen
const module = new binaryen.Module()
module.setFeatures(binaryen.Features.SIMD128 | binaryen.Features.MutableGlobals)
module.setMemory(1, -1, null, [], false, false, '0')
// Last, or setMemory would define the memory instead of importing it.
module.addMemoryImport('0', 'env', 'memory')

/** A function under construction: named parameters and locals, and the statements for reading and writing them. */
function define(name, parameters, locals, body) {
  const names = [...parameters, ...Object.keys(locals)]
  const types = [...parameters.map(() => i32), ...Object.values(locals)]
  const index = (n) => {
    const at = names.indexOf(n)
    if (at < 0) throw new Error(`no local ${n} in ${name}`)
    return at
  }
  const get = (n) => module.local.get(index(n), types[index(n)])
  const set = (n, value) => module.local.set(index(n), value)
  module.addFunction(
    name,
    binaryen.createType(parameters.map(() => i32)),
    none,
    Object.values(locals),
    module.block(null, body({ get, set })),
  )
  module.addFunctionExport(name, name)
}

const constant = (n) => module.i32.const(n)
const add = (a, b) => module.i32.add(a, b)
const mul = (a, b) => module.i32.mul(a, b)
const zero = () => module.v128.const(new Array(16).fill(0))

let labels = 0
/** while (condition) { body } */
function loop(condition, body) {
  const label = `loop${labels++}`
  return module.loop(label, module.if(condition(), module.block(null, [...body(), module.br(label)])))
}

/** The address of window i: its table entry plus the list offset, wrapped once into the row ring. */
function windowAddress({ get, set }, to, i) {
  return [
    set(to, add(module.i32.load(0, 4, add(get('windows'), mul(i, constant(4)))), get('offset'))),
    set(
      to,
      module.i32.sub(
        get(to),
        module.select(module.i32.ge_s(get(to), get('ring_end')), get('ring_size'), constant(0)),
      ),
    ),
  ]
}

const range = (n) => Array.from({ length: n }, (_, i) => i)

/**
 * One block of weights against `count` windows. A tile of `width` windows by four columns is summed in registers over
 * all lanes, eight lanes a step.
 */
function denseTiles(f, width) {
  const { get, set } = f
  const tile = range(width)
  const accumulator = (w) =>
    add(get('acc'), mul(add(mul(add(get('i'), constant(w)), get('cols')), get('c')), constant(4)))
  return loop(
    () => module.i32.le_s(add(get('i'), constant(width)), get('count')),
    () => [
      ...tile.flatMap((w) => windowAddress(f, `p${w}`, add(get('i'), constant(w)))),
      set('c', constant(0)),
      loop(
        () => module.i32.lt_s(get('c'), get('cols')),
        () => [
          module.if(
            get('overwrite'),
            module.block(
              null,
              tile.map((w) => set(`s${w}`, zero())),
            ),
            module.block(
              null,
              tile.map((w) => set(`s${w}`, module.v128.load(0, 4, accumulator(w)))),
            ),
          ),
          set('plane', add(get('weights'), mul(get('c'), constant(2)))),
          set('lane', constant(0)),
          loop(
            () => module.i32.lt_s(get('lane'), get('lanes')),
            () => [
              ...tile.map((w) => set(`x${w}`, module.v128.load8x8_s(0, 1, add(get(`p${w}`), get('lane'))))),
              ...range(4).flatMap((pair) => [
                set('w', module.v128.load8x8_s(0, 1, get('plane'))),
                ...tile.map((w) =>
                  set(
                    `s${w}`,
                    module.i32x4.add(
                      get(`s${w}`),
                      module.i32x4.dot_i16x8_s(splatPair(get(`x${w}`), get(`x${w}`), pair), get('w')),
                    ),
                  ),
                ),
                set('plane', add(get('plane'), get('plane_bytes'))),
              ]),
              set('lane', add(get('lane'), constant(8))),
            ],
          ),
          ...tile.map((w) => module.v128.store(0, 4, accumulator(w), get(`s${w}`))),
          set('c', add(get('c'), constant(4))),
        ],
      ),
      set('i', add(get('i'), constant(width))),
    ],
  )
}

/** The 32-bit lane `pair` of a vector in all four lanes. */
function splatPair(vector, again, pair) {
  return module.i8x16.shuffle(
    vector,
    again,
    range(16).map((b) => pair * 4 + (b % 4)),
  )
}

const WIDTH = 4
define(
  'dense',
  [
    'windows',
    'count',
    'offset',
    'ring_end',
    'ring_size',
    'weights',
    'plane_bytes',
    'lanes',
    'acc',
    'cols',
    'overwrite',
  ],
  {
    ...Object.fromEntries(['i', 'c', 'lane', 'plane'].map((n) => [n, i32])),
    ...Object.fromEntries(range(WIDTH).map((w) => [`p${w}`, i32])),
    ...Object.fromEntries(
      range(WIDTH).flatMap((w) => [
        [`s${w}`, v128],
        [`x${w}`, v128],
      ]),
    ),
    w: v128,
  },
  (f) => [denseTiles(f, WIDTH), denseTiles(f, 1)],
)

/**
 * One lane of a depthwise pass: every column multiplies its own byte of the word by its weight in that lane. The
 * weight stands in the low (odd = 0) or high (odd = 1) half of its pair; the dot product's other half is zero.
 */
define(
  'depthwise_lane',
  ['windows', 'count', 'offset', 'ring_end', 'ring_size', 'weights', 'odd', 'acc', 'cols', 'overwrite'],
  { i: i32, c: i32, p: i32, to: i32, w: v128, s: v128 },
  (f) => {
    const { get, set } = f
    const word = () => module.i32x4.extend_low_i16x8_s(module.v128.load8x8_s(0, 1, add(get('p'), get('c'))))
    return [
      loop(
        () => module.i32.lt_s(get('c'), get('cols')),
        () => [
          set(
            'w',
            module.i32x4.shr_u(
              module.i32x4.shl(
                module.v128.load8x8_s(0, 1, add(get('weights'), mul(get('c'), constant(2)))),
                module.i32.sub(constant(16), mul(get('odd'), constant(16))),
              ),
              constant(16),
            ),
          ),
          set('i', constant(0)),
          set('to', add(get('acc'), mul(get('c'), constant(4)))),
          loop(
            () => module.i32.lt_s(get('i'), get('count')),
            () => [
              ...windowAddress(f, 'p', get('i')),
              set('s', module.i32x4.dot_i16x8_s(word(), get('w'))),
              module.if(
                module.i32.eqz(get('overwrite')),
                set('s', module.i32x4.add(get('s'), module.v128.load(0, 4, get('to')))),
              ),
              module.v128.store(0, 4, get('to'), get('s')),
              set('to', add(get('to'), mul(get('cols'), constant(4)))),
              set('i', add(get('i'), constant(1))),
            ],
          ),
          set('c', add(get('c'), constant(4))),
        ],
      ),
    ]
  },
)

if (!module.validate()) throw new Error('the kernel is not valid WebAssembly')
binaryen.setOptimizeLevel(3)
module.optimize()
const base64 = Buffer.from(module.emitBinary()).toString('base64')
const lines = base64.match(/.{1,100}/g).map((line) => `  '${line}'`)
const text = `// Generated by scripts/generate-mac-kernel.mjs: do not edit.
export const MAC_KERNEL_BASE64 =
${lines.join(' +\n')}
`

if (process.argv.includes('--check')) {
  let committed = ''
  try {
    committed = readFileSync(OUTPUT, 'utf8')
  } catch {
    // Missing is stale.
  }
  if (committed !== text) {
    console.error('sim/kernels/mac-kernel.generated.ts is stale: run node scripts/generate-mac-kernel.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(OUTPUT, text)
}
