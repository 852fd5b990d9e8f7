import { DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb'
import { type Commit, fromItem } from '../../events/envelope.ts'
import { type ProfileEvent, profileEvents } from '../../events/profile.ts'
import { type RolloutEvent, rolloutEvents } from '../../events/rollout.ts'
import { type TargetEvent, targetEvents } from '../../events/target.ts'
import { type UpgradeEvent, upgradeEvents } from '../../events/upgrade.ts'
import { audit } from '../../functions/audit/audit.ts'
import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { exists as existsRollout, hasEnded as isOver } from '../../functions/domain/rollout/state.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { exists, hasEnded } from '../../functions/domain/upgrade/state.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import { replay } from '../../functions/log/replay.ts'
import { openViewStore } from '../../functions/views/dynamo.ts'
import { reconcile } from '../../functions/views/reconcile.ts'
import { openParked } from '../../functions/work/parked.ts'
import type { Running } from '../../infra/local/demo/fleets.ts'
import { startEmulator } from '../../infra/local/dynamodb/emulator.ts'
import { profileFaults } from './profile-verdict.ts'
import { unkept } from './promises.ts'
import type { Answered } from './witness.ts'

/** What the log holds after everything, and every way in which it is not as it should be. */
export interface Verdict {
  readonly violations: readonly string[]
  /** The idempotency keys that the log has kept. A write that changed nothing leaves none. */
  readonly keys: ReadonlySet<string>
  readonly commits: number
  readonly streams: number
  readonly upgrades: number
  readonly rollouts: number
  readonly windows: number
  readonly executions: number
  readonly assignments: number
  readonly healed: number
  readonly drift: number
  readonly parked: number
  readonly findings: number
}

/** One event of a stream with what led to it. */
export interface Happened<Event> {
  readonly commit: Commit
  readonly event: Event
}

/** The log by stream, decoded where the checks look inside. */
export interface Past {
  readonly targets: ReadonlyMap<string, readonly Happened<TargetEvent>[]>
  readonly upgrades: ReadonlyMap<string, readonly Happened<UpgradeEvent>[]>
  readonly rollouts: ReadonlyMap<string, readonly Happened<RolloutEvent>[]>
  readonly profiles: ReadonlyMap<string, readonly Happened<ProfileEvent>[]>
  readonly commits: readonly Commit[]
}

function past(commits: readonly Commit[]): Past {
  const targets = new Map<string, Happened<TargetEvent>[]>()
  const upgrades = new Map<string, Happened<UpgradeEvent>[]>()
  const rollouts = new Map<string, Happened<RolloutEvent>[]>()
  const profiles = new Map<string, Happened<ProfileEvent>[]>()
  for (const commit of commits) {
    const [aggregate = '', id = ''] = commit.stream.split('#')
    for (const { type, schema, data } of commit.events) {
      if (aggregate === 'target') {
        const event = targetEvents.decode(type, schema, JSON.parse(data))
        targets.set(id, [...(targets.get(id) ?? []), { commit, event }])
      }
      if (aggregate === 'upgrade') {
        const event = upgradeEvents.decode(type, schema, JSON.parse(data))
        upgrades.set(id, [...(upgrades.get(id) ?? []), { commit, event }])
      }
      if (aggregate === 'rollout') {
        const event = rolloutEvents.decode(type, schema, JSON.parse(data))
        rollouts.set(id, [...(rollouts.get(id) ?? []), { commit, event }])
      }
      if (aggregate === 'profile') {
        const event = profileEvents.decode(type, schema, JSON.parse(data))
        profiles.set(id, [...(profiles.get(id) ?? []), { commit, event }])
      }
    }
  }
  return { targets, upgrades, rollouts, profiles, commits }
}

/** Returns the admissions for which a target was assigned more than once, and how many assignments there were. */
function assignedTwice({ targets }: Past): { readonly violations: string[]; readonly assignments: number } {
  const violations: string[] = []
  const known = new Map<string, string>()
  for (const [target, happened] of targets) {
    for (const { event, commit } of happened) {
      if (event.type !== 'AttemptAssigned') continue
      const { upgrade, member, n } = event.data
      const admission = `admission ${n} of member ${member} of upgrade ${upgrade}`
      const place = `${target}@${commit.commit}`
      const before = known.get(admission)
      if (before !== undefined) violations.push(`assigned twice: ${admission} by ${before} and by ${place}`)
      known.set(admission, place)
    }
  }
  return { violations, assignments: known.size }
}

/**
 * Holds what is left on a data directory, with no runtime on it, against what was promised: the log against the journal and its own
 * invariants, the views against the log, the instances against their targets.
 */
export async function judge(
  directory: string,
  journal: readonly Answered[],
  fleet: readonly Running[],
  steady: string | undefined,
): Promise<Verdict> {
  const emulator = await startEmulator(directory, () => {})
  const client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  try {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}))
    const named = (word: string) => TableNames.find((name) => name.includes(word)) ?? word
    const now = () => Date.now()
    const log = openLog({ client, table: named('LogTable'), now })
    const store = openViewStore({ client, table: named('ViewsTable') })
    const parked = openParked({ client, table: named('WorkTable'), now })

    const commits: Commit[] = []
    for await (const { Items = [] } of paginateScan({ client }, { TableName: named('LogTable') })) {
      commits.push(...Items.map(fromItem))
    }
    commits.sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.commit - b.commit))
    const told = past(commits)
    const violations = [...unkept(journal, told)]

    for (const id of told.upgrades.keys()) {
      const { state } = await log.load(upgradeAggregate, id)
      if (!hasEnded(state))
        violations.push(
          `upgrade ${id} has not ended: it is ${exists(state) ? `${state.standing.status}, wave ${state.standing.wave + 1}` : 'unknown'}`,
        )
    }
    for (const id of told.rollouts.keys()) {
      const { state } = await log.load(rolloutAggregate, id)
      if (!isOver(state))
        violations.push(
          `rollout ${id} has not ended: it is ${existsRollout(state) ? state.standing.status : 'unknown'}`,
        )
    }
    for (const { id, version } of fleet) {
      const { state } = await log.load(targetAggregate, id)
      if (state.active) violations.push(`target ${id} still has attempt ${state.active.attempt} active`)
      if (state.components.api !== version)
        violations.push(`target ${id} runs ${version}, its stream says ${state.components.api}`)
    }
    const assigned = assignedTwice(told)
    violations.push(...assigned.violations)

    const owned = profileFaults(directory, told, steady)
    violations.push(...owned.violations)

    const { findings, streams } = await audit(commits, { replay })
    for (const { invariant, stream, commit, words } of findings)
      violations.push(`audit: ${invariant} in ${stream}@${commit}: ${words}`)

    const waiting = await parked.list()
    for (const { duty, stream, error } of waiting) violations.push(`parked: ${duty} for ${stream}: ${error}`)
    const { healed, drift, drifted } = await reconcile({ store, log, parked })
    if (healed > 0)
      violations.push(`views: ${healed} rows were behind the log after everything had come to rest`)
    if (drift > 0) violations.push(`views: ${drift} rows are not what the log makes: ${drifted.join(', ')}`)
    return {
      violations,
      keys: new Set(commits.flatMap(({ idempotency }) => idempotency?.key ?? [])),
      commits: commits.length,
      streams,
      upgrades: told.upgrades.size,
      rollouts: told.rollouts.size,
      windows: owned.windows,
      executions: owned.executions,
      assignments: assigned.assignments,
      healed,
      drift,
      parked: waiting.length,
      findings: findings.length,
    }
  } finally {
    client.destroy()
    await emulator.stop()
  }
}
