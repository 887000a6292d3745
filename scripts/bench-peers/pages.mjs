/** The page that measures contenders which stay warm. */

export const measurePage = Buffer.from(`<!doctype html>
<meta charset="utf-8">
<title>bench:peers</title>
<link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "@litertjs/wasm-utils": "/litert/wasm-utils/dist/index.js" } }</script>
<body></body>
<script type="module" src="/page/measure.js"></script>
`)
