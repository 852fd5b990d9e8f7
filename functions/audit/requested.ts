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
  const commits = upgrades.get(id) ?? []
  const [first] = commits
  const requested = first?.told.find((event) => event.type === 'UpgradeRequested')
  if (!first || requested?.type !== 'UpgradeRequested') return
  const { kind, selection, window } = requested.data.request
  const { profile } = selection
  if (profile === undefined || kind !== 'deploy') return
  // What the profile gave to a rollout it gave to all that the rollout runs.
  const gift = given.get(profile)?.get(requested.data.rollout?.id ?? id)
  findings.expect(
    gift?.windows.has(window && `${window.start} ${window.end}`) === true,
    'W2',
    first,
    `Profile ${profile} did not start it ${window ? `in a window from ${window.start} to ${window.end}` : 'out of turn'}.`,
  )
  let told = gift?.started === true
  for (const commit of commits) {
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

/** As `auditRequested`, of a rollout: its profile started it, and opened each window that it was given. */
export function auditRequestedRollout(
  { rollouts }: History,
  given: ReadonlyMap<string, Given>,
  id: string,
  findings: Findings,
): void {
  let profile: string | undefined
  for (const commit of rollouts.get(id) ?? []) {
    for (const event of commit.told) {
      if (event.type === 'RolloutRequested') {
        profile = event.data.request.profile
        const started = profile === undefined || given.get(profile)?.get(id)?.started === true
        findings.expect(started, 'W2', commit, `Profile ${profile} did not start it.`)
      }
      if (event.type !== 'WindowMoved') continue
      const { start, end } = event.data.window
      const opened =
        given
          .get(profile ?? '')
          ?.get(id)
          ?.windows.has(`${start} ${end}`) === true
      const words = `Profile ${profile} opened no window from ${start} to ${end} for it.`
      findings.expect(opened, 'W2', commit, words)
    }
  }
}
