import type { PolicyDocument, RuleEvent } from '../../events/rules.ts'
import { after, second } from '../../events/time.ts'
import type { UpgradeEvent, UpgradeRequest } from '../../events/upgrade.ts'
import { closedSince } from './calendar.ts'
import type { AuditedUpgrade } from './course.ts'
import { type AuditedRelease, bindsAfter, bound, type History, type Told } from './history.ts'
import { releaseName, sameVersion } from './version.ts'

type Commit = Told<UpgradeEvent>
type Admitted = Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>['data']

/** Returns the policies in service after so many commits of their stream, by name. */
function inService(rules: readonly Told<RuleEvent>[], version: number): Map<string, PolicyDocument> {
  const found = new Map<string, PolicyDocument>()
  for (const { commit, told } of rules) {
    if (commit > version) break
    for (const event of told) {
      if (event.type === 'PolicyDefined') found.set(event.data.name, event.data.document)
      else found.delete(event.data.name)
    }
  }
  return found
}

/** Returns how many commits the stream of policies had at an instant. */
function versionAt(rules: readonly Told<RuleEvent>[], at: string): number {
  return rules.reduce((version, one) => (one.at <= at ? one.commit : version), 0)
}

/** Does a list of a policy leave out what a list of a request says? What one of them does not say may be anything. */
const apart = (left: readonly string[] | null, right: readonly string[] | null) =>
  left !== null && right !== null && !right.some((one) => left.includes(one))

/** May an upgrade of this request take a target that a policy means? */
function binds({ selector }: PolicyDocument, { component, selection }: UpgradeRequest): boolean {
  const tags = new Map(Object.entries(selection.tags ?? {}))
  const environment = tags.get('environment')
  if (apart(selector.components, [component])) return false
  if (apart(selector.types, selection.types) || apart(selector.regions, selection.regions)) return false
  if (environment !== undefined && apart(selector.environments, [environment])) return false
  return Object.entries(selector.tags ?? {}).every(([tag, value]) => (tags.get(tag) ?? value) === value)
}

/** Does a policy in service at an instant bound what an upgrade does together with all others? */
export function isBoundBy(
  { upgrades, rules }: History,
  upgrade: string,
  { policy, per }: { readonly policy: string; readonly per: string },
  at: string,
): boolean {
  const told = (upgrades.get(upgrade) ?? []).flatMap((commit) => commit.told)
  const requested = told.find(({ type }) => type === 'UpgradeRequested')
  const document = inService(rules, versionAt(rules, at)).get(policy)
  const limit = per === 'hour' ? document?.together?.perHour : document?.together?.atOnce
  if (requested?.type !== 'UpgradeRequested' || !document || typeof limit !== 'number') return false
  return binds(document, requested.data.request)
}

/** Returns the channels that a release was on at some time of `[from, to]`. */
function channelsOf({ story }: AuditedRelease, from: string, to: string): Set<string> {
  let channels: string[] = []
  for (const { at, event } of story) {
    if (at > to) break
    const before = at <= from ? [] : channels
    if (event.type === 'ReleaseRegistered' || event.type === 'ReleasePromoted')
      channels = [...before, event.data.channel]
  }
  return new Set(channels)
}

/** Had a check passed a release at some time of `[from, to]`? */
function hadPassed({ story }: AuditedRelease, check: string, from: string, to: string): boolean {
  let passed = false
  for (const { at, event } of story) {
    if (at > to) break
    if (event.type !== 'VerdictPosted' || event.data.check !== check) continue
    passed = event.data.passed || (passed && at > from)
  }
  return passed
}

/** Had an upgrade that its release names proven it in an environment, for so long? `from`: what came later need not have been heard. */
function wasProven(
  history: History,
  release: AuditedRelease,
  asked: {
    readonly environment: string
    readonly version: string
    readonly ended: string
    readonly from: string
  },
): boolean {
  const { environment, version, ended, from } = asked
  return release.story.some(({ event }) => {
    if (event.type !== 'ReleaseTested' || event.data.environment !== environment) return false
    const told = (history.upgrades.get(event.data.upgrade) ?? []).flatMap(({ at, told }) =>
      told.map((one) => ({ at, one })),
    )
    const requested = told.find(({ one }) => one.type === 'UpgradeRequested')?.one
    const planned = told.find(({ one }) => one.type === 'UpgradePlanned')?.one
    const completed = told.find(({ one }) => one.type === 'UpgradeCompleted')
    if (requested?.type !== 'UpgradeRequested' || planned?.type !== 'UpgradePlanned') return false
    if (completed?.one.type !== 'UpgradeCompleted' || completed.one.data.exceptions) return false
    const { request } = requested.data
    const named = new Map(Object.entries(request.selection.tags ?? {})).get('environment')
    const takenBack = told.some(
      ({ at, one }) => one.type === 'ChildRequested' && one.data.kind === 'rollback' && at <= from,
    )
    const same = request.kind === 'deploy' && sameVersion(planned.data.version, version)
    return same && named === environment && completed.at <= ended && !takenBack
  })
}

/** Yields what of a policy an upgrade did not meet when it admitted, in words. */
function* brokenBy(
  history: History,
  document: PolicyDocument,
  { component, version, at }: { readonly component: string; readonly version: string; readonly at: string },
): Generator<string> {
  const heard = after(at, -bindsAfter)
  const release = history.releases.get(releaseName(component, version))
  const { blockedVersions, allowedChannels, complianceChecks, testing } = document
  if (blockedVersions.some((one) => sameVersion(one, version))) yield `${version} was blocked`
  if (!release) {
    if (allowedChannels || testing || complianceChecks.length > 0) yield `${version} was not registered`
    return
  }
  const channels = channelsOf(release, heard, at)
  if (allowedChannels && !allowedChannels.some((one) => channels.has(one)))
    yield `${version} was on the channel ${[...channels].join(', ')}`
  for (const check of complianceChecks)
    if (!hadPassed(release, check, heard, at)) yield `the check ${check} had not passed ${version}`
  for (const environment of testing?.environments ?? []) {
    const ended = after(at, -(testing?.minimumSeconds ?? 0) * second)
    if (!wasProven(history, release, { environment, version, ended, from: heard }))
      yield `${version} was not proven in ${environment}`
  }
}

/** Yields the calendars of policies, with whose they are, that had been closed for an upgrade at an instant for long enough to bind. */
export function* frozenBy(
  { rules, calendars }: History,
  request: UpgradeRequest,
  at: string,
): Generator<{ readonly policy: string; readonly calendar: string }> {
  const heard = inService(rules, versionAt(rules, after(at, -bindsAfter)))
  for (const [policy, document] of inService(rules, versionAt(rules, at))) {
    const known = heard.get(policy)
    if (!known || !binds(known, request) || !binds(document, request)) continue
    for (const calendar of document.freezes.filter((name) => known.freezes.includes(name))) {
      const closed = closedSince(calendars.get(calendar), at)
      if (closed !== undefined && bound(closed, at)) yield { policy, calendar }
    }
  }
}

/** Holds an admission against the policies that it says it was checked against, and these against what was in force (I21). */
export function auditPolicies(
  { history, course, findings }: AuditedUpgrade,
  commit: Commit,
  { rulesVersion = 0, budgets = [] }: Admitted,
): void {
  const { request, plan } = course
  if (!request || !plan) return
  const { rules } = history
  const due = versionAt(rules, after(commit.at, -bindsAfter))
  findings.expect(
    rulesVersion >= due,
    'I21',
    commit,
    `Targets were admitted by policies as of commit ${rulesVersion}, where ${due} had been there for long.`,
  )
  for (const [name, document] of inService(rules, rulesVersion)) {
    if (!binds(document, request)) continue
    const { component } = request
    const subject = { component, version: plan.version, at: commit.at }
    for (const words of request.kind === 'rollback' ? [] : brokenBy(history, document, subject))
      findings.expect(false, 'I21', commit, `Targets were admitted against policy ${name}: ${words}.`)
    const { parallel, freezes, together } = document
    for (const [per, limit] of [
      ['at-once', together?.atOnce],
      ['hour', together?.perHour],
    ] as const) {
      const named = budgets.some(({ budget }) => budget === `${name}:${per}`)
      const asked = request.kind !== 'rollback' && typeof limit === 'number'
      const words = `Targets were admitted without a share of what policy ${name} bounds (${per}).`
      findings.expect(named || !asked, 'I22', commit, words)
    }
    for (const calendar of freezes) {
      const closed = closedSince(history.calendars.get(calendar), commit.at)
      const held = closed === undefined || !bound(closed, commit.at) || course.brokeGlass()
      const frozen = `Targets were admitted though policy ${name} had frozen them by the calendar ${calendar}.`
      findings.expect(held, 'I21', commit, frozen)
    }
    const count = course.total('in flight')
    const within = parallel === null || count <= parallel
    findings.expect(
      within,
      'I21',
      commit,
      `${count} were in flight, where policy ${name} lets ${parallel} be.`,
    )
  }
}

/** Holds the first wave of an upgrade against the approvals that policies asked for, and had for long (I21). */
export function auditDemands({ history, course, findings }: AuditedUpgrade, commit: Commit): void {
  const { request } = course
  if (request?.kind !== 'deploy') return
  const { rules } = history
  const before = inService(rules, versionAt(rules, after(commit.at, -bindsAfter)))
  const present = inService(rules, versionAt(rules, commit.at))
  for (const [name, document] of present) {
    const { approvals } = document
    // Whatever was changed a moment ago need not have been heard.
    const known = before.get(name)
    if (!approvals || JSON.stringify(known) !== JSON.stringify(document) || !binds(document, request))
      continue
    const { approvers, required, role } = approvals
    const counting = course.approvals.filter(
      (one) =>
        (approvers === null || approvers.includes(one.by)) && (role === 'approver' || one.role === 'admin'),
    )
    const words = `It began with ${counting.length} of the ${required} approvals that policy ${name} asks for.`
    findings.expect(counting.length >= required, 'I21', commit, words)
  }
}
