/** Names in generated text. A model's names may hold anything; they must not end what they stand in. */

/** On one line: control characters and line separators become spaces. */
export function oneLine(name: string): string {
  return name.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
}

/** Within a comment. */
export function commentText(name: string): string {
  return oneLine(name).replaceAll('*/', '* /')
}
