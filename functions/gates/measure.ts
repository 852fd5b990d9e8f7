import { cut } from '../../events/cut.ts'
import { instantOf } from '../../events/time.ts'
import type { CloudWatch } from '../cloudwatch.ts'
import { systemActor } from '../domain/actor.ts'
import { evaluate, NoValue, type Values } from '../domain/procedure/expression.ts'
import { bodyOf } from '../domain/procedure/template.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import {
  type ComingMeasurement,
  dueMeasurements,
  isWatched,
  type LookedAt,
  type Reading,
  type Watched,
} from '../domain/upgrade/measuring.ts'
import { noteMeasurement } from '../domain/upgrade/note-measurement.ts'
import { pairsIn } from '../facts/control-group.ts'
import { answerOf } from '../facts/procedure-values.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { redact } from '../redact.ts'
import { OnTheirOwn, sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { type Calling, makeCall } from '../workflow/procedure/call.ts'

/** What looking at a metric needs. */
interface Looking extends Calling {
  readonly cloudWatch: CloudWatch
}

/** What measuring needs. */
export interface MeasuringServices extends Looking {
  readonly log: Log
  readonly views: Pick<Views, 'dueUpgrades' | 'getTarget'>
}

const longestWhy = 200

const noSecret = () => {
  throw new NoValue('a query of CloudWatch holds no secret')
}

type Comparison = NonNullable<LookedAt['control']>['compare']

function none(why: string): Reading {
  return { value: null, why: cut(redact(why), longestWhy) }
}

type Attempt = Readonly<{ id: string; upgrade: string; component: string; to: string; wave: number }>

/** Asks for a metric, and returns what its value is made of, or why there is nothing. */
async function asked(
  services: Looking,
  { request, cloudwatch }: LookedAt,
  values: Partial<Values>,
  idempotencyKey: string,
): Promise<Partial<Values> | { readonly why: string }> {
  if (cloudwatch) {
    const queries = bodyOf(cloudwatch.queries, values, noSecret)
    const answer = await services.cloudWatch.ask(queries, cloudwatch)
    return answer.status === 200
      ? { ...values, answer: answerOf(answer) }
      : { why: `CloudWatch answered ${answer.status}: ${answer.body}` }
  }
  if (!request) return { why: 'Nothing says where to look.' }
  const call = { request, values, credentials: {}, reads: true, idempotencyKey }
  const answered = await makeCall(services, call, { status: null, where: null })
  return answered.kind === 'good' ? answered.values : { why: answered.words }
}

/** Looks at a metric once. An error is no measurement, and what is not a number is no value. */
async function look(
  services: Looking,
  metric: LookedAt,
  values: Partial<Values>,
  idempotencyKey: string,
): Promise<Reading> {
  try {
    const found = await asked(services, metric, values, idempotencyKey)
    if ('why' in found) return none(found.why)
    const value = evaluate(metric.value, found)
    if (typeof value === 'number' && Number.isFinite(value)) return { value, why: null }
    return none(`It gave no number: ${JSON.stringify(value) ?? 'nothing'}`)
  } catch (error) {
    if (error instanceof NoValue) return none(error.message)
    throw error
  }
}

/** Returns the targets of a group as templates read them: as a list, and as a regular expression (RE2) that matches each of them and nothing else. */
function groupOf(targets: readonly string[]) {
  return { targets, pattern: targets.map((id) => id.replace(/[^A-Za-z0-9_-]/g, '[$&]')).join('|') }
}

/** Returns what a comparison comes to. With nothing on the one side and something on the other there is no quotient. */
function compared(compare: Comparison, upgraded: number, control: number): number | null {
  if (compare === 'difference') return upgraded - control
  if (control === 0) return upgraded === 0 ? 1 : null
  return upgraded / control
}

/** Looks at a metric of targets that are upgraded, and of as many like them that are not yet. */
async function lookAtBoth(
  services: MeasuringServices,
  state: Watched,
  metric: LookedAt,
  { compare, pairs, least }: NonNullable<LookedAt['control']>,
  attempt: Attempt,
): Promise<Reading> {
  const groups = await pairsIn(services, state, pairs)
  const found = groups.control.length
  if (found < least) {
    const words = `There are ${found} upgraded targets with one like them that is not; ${least} are needed.`
    return none(words)
  }
  const of = (side: 'upgraded' | 'control') =>
    look(services, metric, { attempt, group: groupOf(groups[side]) }, `${attempt.id}/${side}`)
  const [upgraded, control] = await Promise.all([of('upgraded'), of('control')])
  if (upgraded.value === null) return upgraded
  if (control.value === null) return none(`Of those who are not upgraded: ${control.why}`)
  const value = compared(compare, upgraded.value, control.value)
  if (value === null || !Number.isFinite(value))
    return none(`${upgraded.value} beside ${control.value} is no ratio.`)
  return { value, why: null, compared: { upgraded: upgraded.value, control: control.value, pairs: found } }
}

/** Takes the measurements of one upgrade that are due. */
async function measure(services: MeasuringServices, upgrade: string, correlation: string): Promise<number> {
  const { state } = await services.log.load(upgradeAggregate, upgrade)
  const due = dueMeasurements(state, instantOf(services.now()))
  if (!isWatched(state)) return 0
  await sideBySide([...due], atOnce.probes, (one) => take(services, upgrade, state, one, correlation))
  return due.length
}

async function take(
  services: MeasuringServices,
  upgrade: string,
  state: Watched,
  { metric, place, n }: ComingMeasurement<LookedAt>,
  correlation: string,
): Promise<void> {
  const { wave } = state.standing
  const id = `${upgrade}/${wave}/${place}/${n}`
  const attempt = { id, upgrade, component: state.request.component, to: state.plan.version, wave: wave + 1 }
  const reading = metric.control
    ? await lookAtBoth(services, state, metric, metric.control, attempt)
    : await look(services, metric, { attempt }, id)
  const note = noteMeasurement({ wave, place, n }, reading)
  await services.log.of(upgradeAggregate, upgrade).carryOut(note, { actor: systemActor, correlation })
}

/** Takes every measurement that is due. An upgrade that cannot be measured keeps no other from it. Returns how many were taken. */
export async function measureDue(services: MeasuringServices): Promise<{ measured: number }> {
  const instant = instantOf(services.now())
  const due = await Array.fromAsync(services.views.dueUpgrades(instant))
  const each = new OnTheirOwn()
  let measured = 0
  const measureOne = async ({ upgrade }: { readonly upgrade: string }) => {
    measured += await measure(services, upgrade, `measure-${instant}`)
  }
  await each.each(due, atOnce.ticks, measureOne, ({ upgrade }) => upgrade)
  each.end()
  return { measured }
}
