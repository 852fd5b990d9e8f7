import { audit } from '../../functions/audit/audit.ts'
import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { exists, hasEnded } from '../../functions/domain/upgrade/state.ts'
import { logOver } from '../../functions/log/append.ts'
import { replay } from '../../functions/log/replay.ts'
import { rowsOf } from '../../functions/views/reconcile.ts'
import { sourceOf } from '../../functions/views/sources.ts'
import type { StoredRow } from '../../functions/views/store.ts'
import { readLive } from '../audit/live-reading.ts'
import type { Answered } from './people.ts'
import { stepFaults } from './procedures.ts'
import { profileFaults } from './profile-checks.ts'
import { differingReplays } from './replays.ts'
import { spilledTokens } from './secrets.ts'
import type { World } from './world.ts'

/** A log that reads what is there, and nothing gets in between. */
function plainLog(world: World) {
  return logOver(world.store, { now: () => world.clock.now() })
}

async function unended(world: World): Promise<string[]> {
  const found: string[] = []
  for (const upgrade of world.upgrades) {
    const { state } = await plainLog(world).load(upgradeAggregate, upgrade)
    if (!exists(state)) continue
    const stands = JSON.stringify([state.stage, state.standing, state.wakeUp])
    if (!hasEnded(state)) found.push(`I11: upgrade#${upgrade} has not ended: ${stands}`)
  }
  for (const rollout of world.rollouts) {
    const { state } = await plainLog(world).load(rolloutAggregate, rollout)
    const stands = state.stage !== 'none' && JSON.stringify([state.standing, state.phases, state.wakeUp])
    if (state.stage !== 'ended') found.push(`I11: rollout#${rollout} has not ended: ${stands}`)
  }
  for (const { name } of world.machine.running()) found.push(`I11: the execution ${name} has not ended`)
  return found
}

/** Compares every row with the fold of its stream: none is missing, none is too many, each event is in it once. */
async function differingRows(world: World): Promise<string[]> {
  const expected = new Map<string, StoredRow>()
  const log = plainLog(world)
  for (const stream of new Set(world.commits.map((commit) => commit.stream))) {
    const source = sourceOf(stream)
    if (!source) continue
    for (const row of await rowsOf({ log }, source, stream, 'v1')) expected.set(`${row.view} ${row.row}`, row)
  }
  const found: string[] = []
  for (const row of world.viewStore.all()) {
    // Sums over everything, as old as the last round.
    if (row.view === 'figures') continue
    const name = `${row.view} ${row.row}`
    const folded = expected.get(name)
    expected.delete(name)
    if (folded?.version !== row.version || folded.body !== row.body) {
      found.push(`I6, I7: ${name} is ${JSON.stringify(row)}, its fold ${JSON.stringify(folded)}`)
    }
  }
  for (const name of expected.keys()) found.push(`I7: ${name} is missing`)
  return found
}

/** Holds what people were answered against the log (I8). */
function falseAnswers(world: World, answers: readonly Answered[]): string[] {
  // What changed nothing is kept for its key alone.
  const told = world.commits.filter(({ events }) => events.length > 0)
  const byCorrelation = Map.groupBy(told, ({ correlation }) => correlation)
  return answers.flatMap(({ stream, correlation, kind, commit }) => {
    // What the reactor does about a command carries its correlation too, and names its cause.
    const written = (byCorrelation.get(correlation) ?? []).filter(
      (candidate) => candidate.stream === stream && candidate.causation === undefined,
    )
    const right =
      kind === 'committed' ? written.length === 1 && written[0]?.commit === commit : written.length === 0
    return right
      ? []
      : [`I8: ${correlation} on ${stream} was ${kind}, and ${written.length} commits are there`]
  })
}

/** Audits the log as somebody would have read it at some moment while it was written: nothing may be found that is not so. */
async function inventedFindings(world: World): Promise<string[]> {
  const { commits, random } = world
  const instants = [0, 1, 2].map(() => random.between(0, commits.length)).sort((a, b) => a - b)
  const [began = 0, between = 0, ended = 0] = instants
  const places = new Map<string, number>()
  const placeOf = (stream: string) => {
    const place = places.get(stream) ?? random.next()
    places.set(stream, place)
    return place
  }
  const { second, cut } = readLive(commits, [began, between, ended], placeOf)
  const { findings } = await audit(second, { cut, replay })
  return findings.map(
    ({ invariant, stream, commit, words }) =>
      `read while it was written (${instants}): ${invariant}: ${stream}@${commit}: ${words}`,
  )
}

/** Returns what is wrong after everything has healed, each by its invariant; nothing is as it should be. */
export async function faultsIn(world: World, answers: readonly Answered[]): Promise<string[]> {
  const signed = { documents: world.vault.documents(), key: world.signer.key }
  const { findings } = await audit(world.commits, { replay, signed })
  const parked = await world.parked.list()
  const twice = [...world.machine.redemptions].filter(([, times]) => times > 1)
  return [
    ...(await unended(world)),
    ...findings.map(({ invariant, stream, commit, words }) => `${invariant}: ${stream}@${commit}: ${words}`),
    ...(await inventedFindings(world)),
    ...stepFaults(world),
    ...differingReplays(world),
    ...(await profileFaults(world)),
    ...(await differingRows(world)),
    ...falseAnswers(world, answers),
    ...parked.map(({ duty, stream, error }) => `parked: ${duty} on ${stream}: ${error}`),
    ...(await spilledTokens(world)),
    ...twice.map(([, times]) => `I12: one token ended a wait ${times} times`),
  ]
}
