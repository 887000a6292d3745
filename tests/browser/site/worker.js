import { compare } from './compare.js'

globalThis.onmessage = async ({ data }) => postMessage(await compare(data))
