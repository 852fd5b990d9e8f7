import { type BudgetEvent, budgetEvents } from '../../events/budget.ts'
import { componentEvents } from '../../events/component.ts'
import { destinationEvents } from '../../events/destinations.ts'
import type { Commit } from '../../events/envelope.ts'
import { licenceEvents } from '../../events/licence.ts'
import { membershipEvents } from '../../events/membership.ts'
import { type PlanEvent, planEvents } from '../../events/plan.ts'
import { type PolicyEvent, policyEvents } from '../../events/policy.ts'
import { type ProcedureDocument, procedureEvents } from '../../events/procedure.ts'
import { type ProfileEvent, profileEvents } from '../../events/profile.ts'
import { releaseEvents } from '../../events/release.ts'
import { type RolloutEvent, rolloutEvents } from '../../events/rollout.ts'
import { type RuleEvent, ruleEvents } from '../../events/rules.ts'
import { partsOf } from '../../events/stream.ts'
import { type TargetEvent, targetEvents } from '../../events/target.ts'
import { between } from '../../events/time.ts'
import { trustEvents } from '../../events/trust.ts'
import { type UpgradeEvent, upgradeEvents } from '../../events/upgrade.ts'
import type { AuditedCalendar } from './calendar.ts'
import { type Heads, missingStreams } from './chain.ts'
import type { Finding } from './finding.ts'
import { auditDocuments, auditFreshness } from './heads.ts'
import { auditStream, type Beside, isWithin } from './stream.ts'
import { type PolicyStory, type ReleaseStory, storyOf, type TrustStory } from './trust.ts'
import { releaseName } from './version.ts'

/** What the rules ask of a commit, with its events decoded. */
export interface Told<Event> extends Pick<Commit, 'stream' | 'commit' | 'at' | 'actor' | 'correlation'> {
  readonly told: readonly Event[]
}

/** From when to when a stop was in force; `until` null: it still is. */
export interface AuditedStop {
  readonly stop: string
  readonly since: string
  readonly until: string | null
}

export interface AuditedRelease {
  readonly digest: string | null
  readonly withdrawnAt: string | null
  /** All that happened to it. */
  readonly story: ReleaseStory
}

/** A whole log, by kind and id of its streams, with the indexes that make each question a look-up. */
export interface History {
  readonly streams: number
  readonly commits: number
  readonly targets: ReadonlyMap<string, readonly Told<TargetEvent>[]>
  readonly upgrades: ReadonlyMap<string, readonly Told<UpgradeEvent>[]>
  readonly profiles: ReadonlyMap<string, readonly Told<ProfileEvent>[]>
  /** The latest instant at which anything was decided within the cut; empty for an empty log. */
  readonly latest: string
  readonly rollouts: ReadonlyMap<string, readonly Told<RolloutEvent>[]>
  /** Chunks by `<planHash>#<k>`. */
  readonly plans: ReadonlyMap<string, PlanEvent['data']>
  /** By name and revision, as `name@1`. */
  readonly procedures: ReadonlyMap<string, { readonly hash: string; readonly document: ProcedureDocument }>
  /** By their name (`version.ts`). */
  readonly releases: ReadonlyMap<string, AuditedRelease>
  /** All that was said of whose word about releases counts. */
  readonly trust: TrustStory
  /** All that was said of policies. */
  readonly rules: readonly Told<RuleEvent>[]
  /** All that was said of what binds every upgrade. */
  readonly policy: PolicyStory
  /** What was said of each bound on all upgrades together, by its id. */
  readonly budgets: ReadonlyMap<string, readonly Told<BudgetEvent>[]>
  readonly stops: readonly AuditedStop[]
  /** What each calendar said, by name, the oldest first. */
  readonly calendars: ReadonlyMap<string, readonly AuditedCalendar[]>
  /** The instants at which targets were assigned attempts within the cut, ascending, by upgrade. */
  readonly assignments: ReadonlyMap<string, readonly string[]>
}

function stopsOf(commits: readonly Told<PolicyEvent>[]): AuditedStop[] {
  const found = new Map<string, AuditedStop>()
  for (const { at, told } of commits) {
    for (const { type, data } of told) {
      if (type === 'FreezePlaced') found.set(data.stop, { stop: data.stop, since: at, until: null })
      const stop = type === 'FreezeLifted' ? found.get(data.stop) : undefined
      if (stop) found.set(stop.stop, { ...stop, until: at })
    }
  }
  return [...found.values()]
}

/** What is before a calendar's name in the id of its stream. */
const ofCalendar = 'calendar:'

function definitionsIn(commits: readonly Told<PolicyEvent>[]): AuditedCalendar[] {
  return commits.flatMap(({ at, told }) =>
    told.flatMap((event): AuditedCalendar[] => {
      if (event.type === 'CalendarDefined') return [{ since: at, definition: event.data.definition }]
      return event.type === 'CalendarDeleted' ? [{ since: at, definition: null }] : []
    }),
  )
}

function assignmentsOf(
  targets: ReadonlyMap<string, readonly Told<TargetEvent>[]>,
  cut: Beside['cut'],
): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const commits of targets.values()) {
    for (const commit of commits) {
      if (!isWithin(cut, commit)) break
      const { at, told } = commit
      for (const event of told) {
        if (event.type !== 'AttemptAssigned') continue
        const instants = found.get(event.data.upgrade)
        if (instants) instants.push(at)
        else found.set(event.data.upgrade, [at])
      }
    }
  }
  for (const instants of found.values()) instants.sort()
  return found
}

type Decode<Event> = (type: string, schema: number, data: unknown) => Event

/** Returns a stream's commits with their events; those that cannot be read are findings and left out. */
function decoded<Event>(commits: readonly Commit[], decode: Decode<Event>, findings: Finding[]) {
  const found: Told<Event>[] = []
  for (const { stream, commit, at, actor, correlation, events } of commits) {
    try {
      const told = events.map(({ type, schema, data }) => decode(type, schema, JSON.parse(data)))
      found.push({ stream, commit, at, actor, correlation, told })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      findings.push({ invariant: 'I13', stream, commit, words: `Its events cannot be read: ${why}` })
    }
  }
  return found
}

/**
 * Reads a log, its commits in any order, into a history. What a stream shows by itself to be wrong, or cannot be read, goes into `findings`.
 */
export async function readHistory(
  commits: AsyncIterable<Commit> | Iterable<Commit>,
  beside: Beside,
  findings: Finding[],
): Promise<History> {
  const { signed, cut } = beside
  const kept = signed && (await auditDocuments(signed, findings))
  const heads: Heads = kept?.heads ?? new Map()
  const streams = new Map<string, Commit[]>()
  for await (const commit of commits) {
    const known = streams.get(commit.stream)
    if (known) known.push(commit)
    else streams.set(commit.stream, [commit])
  }
  const lost = new Map([...heads, ...[...(cut ?? [])].map(([stream, head]) => [stream, [head]] as const)])
  findings.push(...missingStreams(lost, (stream) => streams.has(stream)))

  const targets = new Map<string, Told<TargetEvent>[]>()
  const upgrades = new Map<string, Told<UpgradeEvent>[]>()
  const profiles = new Map<string, Told<ProfileEvent>[]>()
  const rollouts = new Map<string, Told<RolloutEvent>[]>()
  const plans = new Map<string, PlanEvent['data']>()
  const procedures = new Map<string, { readonly hash: string; readonly document: ProcedureDocument }>()
  const releases = new Map<string, AuditedRelease>()
  const trust: TrustStory[number][] = []
  const rules: Told<RuleEvent>[] = []
  const policies: PolicyStory[number][] = []
  const budgets = new Map<string, Told<BudgetEvent>[]>()
  const stops: AuditedStop[] = []
  const calendars = new Map<string, AuditedCalendar[]>()
  let count = 0
  let latest = ''
  const total = streams.size
  for (const [stream, listed] of streams) {
    listed.sort((a, b) => a.commit - b.commit)
    findings.push(...auditStream(stream, listed, heads, beside))
    count += listed.length
    for (const commit of listed) if (commit.at > latest && isWithin(cut, commit)) latest = commit.at
    const { kind, id } = partsOf(stream)
    switch (kind) {
      case 'target':
        targets.set(id, decoded(listed, targetEvents.decode, findings))
        break
      case 'upgrade':
        upgrades.set(id, decoded(listed, upgradeEvents.decode, findings))
        break
      case 'plan': {
        const [first] = decoded(listed, planEvents.decode, findings)
        const chunk = first?.told[0]?.data
        if (chunk) plans.set(id, chunk)
        if (listed.length > 1) {
          const words = 'A plan was changed after it had been stored.'
          findings.push({ invariant: 'I15', stream, commit: 2, words })
        }
        break
      }
      case 'release': {
        const { name = id, ...release } = releaseOf(decoded(listed, releaseEvents.decode, findings))
        releases.set(name, release)
        break
      }
      case 'policy':
        {
          const policy = decoded(listed, policyEvents.decode, findings)
          stops.push(...stopsOf(policy))
          if (!id.startsWith(ofCalendar)) policies.push(...storyOf(policy))
          if (id.startsWith(ofCalendar)) calendars.set(id.slice(ofCalendar.length), definitionsIn(policy))
        }
        break
      case 'profile':
        profiles.set(id, decoded(listed, profileEvents.decode, findings))
        break
      case 'rollout':
        rollouts.set(id, decoded(listed, rolloutEvents.decode, findings))
        break
      case 'procedure':
        for (const { told } of decoded(listed, procedureEvents.decode, findings))
          for (const event of told)
            if (event.type === 'ProcedureRevised') procedures.set(`${id}@${event.data.revision}`, event.data)
        break
      case 'trust':
        trust.push(...storyOf(decoded(listed, trustEvents.decode, findings)))
        break
      case 'rules':
        rules.push(...decoded(listed, ruleEvents.decode, findings))
        break
      case 'budget':
        budgets.set(id, decoded(listed, budgetEvents.decode, findings))
        break
      case 'component':
        decoded(listed, componentEvents.decode, findings)
        break
      case 'destinations':
        decoded(listed, destinationEvents.decode, findings)
        break
      case 'licence':
        decoded(listed, licenceEvents.decode, findings)
        break
      case 'memberships':
        decoded(listed, membershipEvents.decode, findings)
        break
      default:
        findings.push({
          invariant: 'I13',
          stream,
          commit: 1,
          words: 'No part of the system has such streams.',
        })
    }
    // The text of a whole fleet's events is larger than everything that is asked of it.
    streams.delete(stream)
  }
  if (kept) auditFreshness(kept, latest, findings)
  const assignments = assignmentsOf(targets, cut)
  return {
    ...{ streams: total, commits: count, latest },
    ...{
      targets,
      upgrades,
      profiles,
      rollouts,
      plans,
      procedures,
      releases,
      trust,
      rules,
      budgets,
      policy: policies,
      stops,
      calendars,
      assignments,
    },
  }
}

function releaseOf(
  commits: readonly Told<ReturnType<typeof releaseEvents.decode>>[],
): AuditedRelease & { readonly name?: string } {
  let release: ReturnType<typeof releaseOf> = { digest: null, withdrawnAt: null, story: storyOf(commits) }
  for (const { at, told } of commits) {
    for (const event of told) {
      if (event.type === 'ReleaseRegistered') {
        const { component, version, digest } = event.data
        release = { ...release, digest, name: releaseName(component, version) }
      }
      if (event.type === 'ReleaseWithdrawn') release = { ...release, withdrawnAt: release.withdrawnAt ?? at }
    }
  }
  return release
}

/** A freeze or a withdrawal binds this long after its acknowledgement (design: #the-stop), in milliseconds. */
export const bindsAfter = 5000

/** Had something, in force since an instant, come to bind at another? */
export function bound(since: string, at: string): boolean {
  return between(since, at) > bindsAfter
}
