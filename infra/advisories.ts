import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { endCommand, readCommandLine } from './command-line.ts'

const usage = `npm run advisories

Says what the registry knows of faults in production dependencies, and fails at a high one. With
AUDIT=required it fails without an answer too.`

/** What is known of faults in the production dependencies. */
export type Audited =
  | { readonly found: 'nothing' }
  | { readonly found: 'faults'; readonly words: string }
  /** The registry did not answer the question: nothing is known, which is not the same as nothing. */
  | { readonly found: 'no answer'; readonly words: string }

/** Reads what `npm audit --json` wrote. Throws where it is neither a report nor an error of the registry. */
export function audited(report: string): Audited {
  const { auditReportVersion, vulnerabilities = {}, metadata, message } = JSON.parse(report)
  if (auditReportVersion === undefined) {
    if (typeof message !== 'string') throw new Error(`npm audit wrote no report: ${report.slice(0, 200)}`)
    // Where the registry is has nothing to do with it.
    return { found: 'no answer', words: message.replace(/\s*-?\s*[A-Z]+ https?:\/\/\S+/g, '').slice(0, 200) }
  }
  const { high, critical } = metadata?.vulnerabilities ?? {}
  if (!Number.isInteger(high) || !Number.isInteger(critical))
    throw new Error('The report of npm audit does not say how many are high or critical.')
  if (high + critical === 0) return { found: 'nothing' }
  const names = Object.keys(vulnerabilities).join(', ')
  return { found: 'faults', words: `${critical} critical and ${high} high, in or by ${names}` }
}

/** What a run says at the end, and whether it has failed. Without an answer it has failed only where one is required. */
export function verdict(
  found: Audited,
  required: boolean,
): { readonly failed: boolean; readonly words: string } {
  switch (found.found) {
    case 'nothing':
      return {
        failed: false,
        words: 'AUDITED: no high or critical fault of a production dependency is known.',
      }
    case 'faults':
      return { failed: true, words: `AUDITED: ${found.words}.` }
    case 'no answer':
      return {
        failed: required,
        words: `NOT AUDITED: the registry does not answer npm audit (${found.words}). Nothing is known of faults in dependencies; run npm run advisories where it does.`,
      }
  }
}

function main(): void {
  readCommandLine(usage, { options: {} })
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
    encoding: 'utf8',
  })
  const { failed, words } = verdict(audited(stdout), process.env.AUDIT === 'required')
  console.log(words)
  process.exitCode = failed ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    main()
  } catch (error) {
    endCommand(error)
  }
}
