/** docs/errors.md: every diagnostic's code, what it means and what to do. */
import { ERROR_CODES } from './error-codes.ts'

const HEAD = `# Diagnostics

Every message of the command line carries one of these codes. Codes are stable; wordings are not. The exit code is 2
for \`cli/...\`, 3 for \`check/...\` and 1 for all others. This page is generated from \`scripts/docs/error-codes.ts\` by
\`npm run docs\`.
`

export function errorsPage(): string {
  const groups = new Map<string, string[]>()
  for (const [code, meaning] of Object.entries(ERROR_CODES)) {
    const group = code.split('/')[0] ?? ''
    groups.set(group, [...(groups.get(group) ?? []), `| \`${code}\` | ${meaning} |\n`])
  }
  const sections = [...groups].map(
    ([group, rows]) =>
      `\n## ${group}\n\n| code | what it means, and what to do |\n| --- | --- |\n${rows.join('')}`,
  )
  return `${HEAD}${sections.join('')}`
}
