import type { Findings } from './finding.ts'
import type { History } from './history.ts'
import type { Given } from './profile.ts'

/** Who gives an upgrade the window that has opened. An operator may give it another one, also before its own has opened. */
export const ourselves = 'drydock'

/**
 * Holds an upgrade that a profile asked for against W2: the profile started it, and each window that it was given is one that the
 * profile opened for it. I2 holds its admissions to those windows.
 */
export function auditRequested(
  { upgrades }: History,
  given: ReadonlyMap<string, Given>,
  id: string,
  findings: Findings,
): void {
  const [first, ...rest] = upgrades.get(id) ?? []
  const requested = first?.told.find((event) => event.type === 'UpgradeRequested')
  if (!first || requested?.type !== 'UpgradeRequested') return
  const { kind, selection, window } = requested.data.request
  const { profile } = selection
  if (profile === undefined || kind !== 'deploy') return
  const gift = given.get(profile)?.get(id)
  findings.expect(
    gift?.windows.has(window && `${window.start} ${window.end}`) === true,
    'W2',
    first,
    `Profile ${profile} did not start it ${window ? `in a window from ${window.start} to ${window.end}` : 'out of turn'}.`,
  )
  let told = gift?.started === true
  for (const commit of rest) {
    for (const event of commit.told) {
      if (event.type === 'TargetsAdmitted')
        findings.expect(told, 'W2', commit, `Profile ${profile} never told it to begin.`)
      if (event.type !== 'WindowSet') continue
      if (event.data.by !== ourselves) {
        told = true
        continue
      }
      const { start, end } = event.data
      findings.expect(
        gift?.windows.has(`${start} ${end}`) === true,
        'W2',
        commit,
        `Profile ${profile} opened no window from ${start} to ${end} for it.`,
      )
    }
  }
}
