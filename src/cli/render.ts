/** Diagnostics as text: code and message, then place, notes and hint, each on lines of its own. */
import type { Diagnostic, Span } from '../../ir/diagnostic.ts'
import type { Style } from './style.ts'

export function renderDiagnostic(diagnostic: Diagnostic, style: Style): string {
  const { code, severity, message, span, notes, hint } = diagnostic
  const lines = [`${style[severity](`${severity}[${code}]`)} ${message}`]
  const place = span && renderSpan(span)
  if (place) lines.push(`  ${style.dim('at')} ${place}`)
  for (const note of notes ?? []) lines.push(`  ${style.dim('note:')} ${note}`)
  if (hint) lines.push(`  ${style.hint('hint:')} ${hint}`)
  return `${lines.join('\n')}\n`
}

/** `file:line:column`, which editors open, or `file, byte 12`, or `file, field.name`. */
function renderSpan(span: Span): string {
  const { file, line, column, offset, path } = span
  let place = file ?? ''
  if (line !== undefined) place += `:${line}`
  if (line !== undefined && column !== undefined) place += `:${column}`
  const parts = [place, offset === undefined ? '' : `byte ${offset}`, path ?? '']
  return parts.filter((part) => part !== '').join(', ')
}
