/** The object that the page shows: JSON, deflated, in base64, in a script element that nothing runs. */

export async function embeddedData<T>(): Promise<T> {
  const text = document.getElementById('data')?.textContent ?? ''
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  return JSON.parse(await new Response(inflated).text()) as T
}
