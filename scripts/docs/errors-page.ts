/** docs/errors.md: every diagnostic's code, what it means and what to do. */
import { ERROR_CODES } from './error-codes.ts'

export function errorsPage(): string {
  const groups = new Map<string, string[]>()
  for (const [code, { means, remedy }] of Object.entries(ERROR_CODES).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const group = code.split('/')[0] ?? ''
    groups.set(group, [...(groups.get(group) ?? []), `| \`${code}\` | ${means} | ${remedy} |`])
  }
  const sections = [...groups].map(
    ([group, rows]) =>
      `## ${group}\n\n| code | what it means | what to do |\n| --- | --- | --- |\n${rows.join('\n')}\n`,
  )
  return `# Diagnostics\n\nEvery message of the command line carries one of these codes. Codes are stable; wordings are not.\nThe exit code is 2 for \`cli/...\`, 3 for \`check/...\` and 1 for all others.\n\nThis page is generated from \`scripts/docs/error-codes.ts\` by \`npm run docs\`.\n\n${sections.join('\n')}`
}
