/** After tsc: makes the command line executable, and puts the bundles' runtime in dist as it is, not as tsc prints it. */
import { chmodSync, copyFileSync } from 'node:fs'

const RUNTIME = 'backends/wasm/runtime/runtime.js'

chmodSync('dist/src/cli/main.js', 0o755)
copyFileSync(RUNTIME, `dist/${RUNTIME}`)
