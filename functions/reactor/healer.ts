import type { Commit } from '../../events/envelope.ts'
import { refOf } from '../../events/stream.ts'
import { after, instantOf } from '../../events/time.ts'
import type { Metadata } from '../log/log.ts'
import { missedWithin, recordArrives } from '../patience.ts'
import type { PlanningServices } from '../planning/planning.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import type { Executions } from '../work/executions.ts'
import type { Telemetry } from '../work/telemetry.ts'
import type { Tokens } from '../work/tokens.ts'
import type { CollectingDuty, Duty } from './duty.ts'
import type { ReactorServices } from './services.ts'

/** What healers reach: what duties do, but for the rights to start executions and to end waits, which are the reactor's alone (design: #rights). */
export interface HealingServices
  extends Omit<PlanningServices, 'telemetry'>,
    Pick<ReactorServices, 'windowSchedules' | 'procedureMachines' | 'bus' | 'published'> {
  readonly telemetry: Pick<Telemetry, 'lastSeenOf'>
  readonly tokens: Pick<Tokens, 'list'>
  readonly upgradeExecutions: Pick<Executions, 'statusOf'>
  readonly rolloutExecutions: Pick<Executions, 'statusOf'>
}

/** One stream of the log, as it is looked through for what was missed. */
export interface LookedAt {
  readonly id: string
  readonly cause: Metadata
  /** Returns the commits of the last days, oldest first, of which the reactor must have heard by now; they are read once. */
  recent(): Promise<readonly Commit[]>
}

/**
 * Does what a duty should have done about a stream, from the log alone. Where nothing was missed it changes nothing. Returns how much there was to make good,
 * as far as it knows.
 */
export interface Healer {
  /** The aggregate whose streams it looks through. */
  readonly aggregate: string
  heal(services: HealingServices, stream: LookedAt): Promise<number>
}

/** Looks at one stream. */
export function lookAt(
  { log, now }: Pick<ReactorServices, 'log' | 'now'>,
  { stream, id }: { readonly stream: string; readonly id: string },
  cause: Metadata,
): LookedAt {
  let read: Promise<readonly Commit[]> | undefined
  const instant = instantOf(now())
  const [from, to] = [after(instant, -missedWithin), after(instant, -recordArrives)]
  const readRecent = async () => {
    const commits = await Array.fromAsync(log.commits(stream, { consistent: true }))
    return commits.filter(({ at }) => at >= from && at <= to)
  }
  return {
    id,
    cause,
    recent() {
      read ??= readRecent()
      return read
    },
  }
}

/** The commits of the last days that hold events of these types. */
async function holding(stream: LookedAt, types: readonly string[]): Promise<readonly Commit[]> {
  return (await stream.recent()).filter(({ events }) => events.some(({ type }) => types.includes(type)))
}

/**
 * Returns the healer that lets a duty act again on what it answers, of the last days: for a duty that finds in the log by itself what was done, however
 * long ago that was. `unless` tells which commits it need not be asked about.
 */
export function actsAgain(
  duty: Duty<HealingServices>,
  unless?: (services: HealingServices, stream: string) => Promise<(commit: Commit) => boolean>,
): Healer {
  const { aggregate, types } = duty.answers
  return {
    aggregate,
    async heal(services, stream) {
      const answered = await holding(stream, types)
      const [first] = answered
      if (!first) return 0
      const isDone = await unless?.(services, first.stream)
      const due = answered.filter((commit) => !isDone?.(commit))
      const each = new OnTheirOwn()
      const nameOf = (commit: Commit) => refOf(commit.stream, commit.commit)
      await each.each(due, 1, (commit) => duty.act(commit, services), nameOf)
      each.end()
      return isDone ? due.length : 0
    },
  }
}

/** The same for a duty that acts on the commits of many streams at once, of these types alone. */
export function collectsAgain(duty: CollectingDuty<HealingServices>, types: readonly string[]): Healer {
  return {
    aggregate: duty.answers.aggregate,
    async heal(services, stream) {
      const each = new OnTheirOwn()
      const act = (commit: Commit) => duty.act(duty.groupOf(commit), [commit], services)
      const nameOf = (commit: Commit) => refOf(commit.stream, commit.commit)
      await each.each(await holding(stream, types), 1, act, nameOf)
      each.end()
      return 0
    },
  }
}
