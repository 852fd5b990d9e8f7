import { instantOf } from '../../events/time.ts'
import { systemActor } from '../domain/actor.ts'
import { evaluate, NoValue, type Values } from '../domain/procedure/expression.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import {
  type ComingMeasurement,
  dueMeasurements,
  type LookedAt,
  type Reading,
} from '../domain/upgrade/measuring.ts'
import { noteMeasurement } from '../domain/upgrade/note-measurement.ts'
import { isPlanned, type PlannedUpgrade } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { redact } from '../redact.ts'
import { OnTheirOwn, sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { type Calling, makeCall } from '../workflow/procedure/call.ts'

/** What measuring needs. */
export interface MeasuringServices extends Calling {
  readonly log: Log
  readonly views: Pick<Views, 'dueUpgrades'>
}

const longestWhy = 200

function none(why: string): Reading {
  return { value: null, why: redact(why).slice(0, longestWhy) }
}

/** Looks at a metric once. An error is no measurement, and what is not a number is no value. */
async function look(
  services: Calling,
  { request, value: text }: LookedAt,
  attempt: Readonly<{ id: string; upgrade: string; component: string; to: string; wave: number }>,
): Promise<Reading> {
  const values: Partial<Values> = { attempt }
  const call = { request, values, credentials: {}, reads: true, idempotencyKey: String(attempt.id) }
  const answered = await makeCall(services, call, { status: null, where: null })
  if (answered.kind !== 'good') return none(answered.words)
  try {
    const value = evaluate(text, answered.values)
    if (typeof value === 'number' && Number.isFinite(value)) return { value, why: null }
    return none(`It gave no number: ${JSON.stringify(value) ?? 'nothing'}`)
  } catch (error) {
    if (error instanceof NoValue) return none(error.message)
    throw error
  }
}

/** Takes the measurements of one upgrade that are due. */
async function measure(services: MeasuringServices, upgrade: string, correlation: string): Promise<number> {
  const { state } = await services.log.load(upgradeAggregate, upgrade)
  if (!isPlanned(state)) return 0
  const due = dueMeasurements(state, instantOf(services.now()))
  await sideBySide([...due], atOnce.probes, (one) => take(services, upgrade, state, one, correlation))
  return due.length
}

async function take(
  services: MeasuringServices,
  upgrade: string,
  { request: { component }, plan: { version }, standing: { wave } }: PlannedUpgrade,
  { metric, place, n }: ComingMeasurement<LookedAt>,
  correlation: string,
): Promise<void> {
  const id = `${upgrade}/${wave}/${place}/${n}`
  const reading = await look(services, metric, { id, upgrade, component, to: version, wave: wave + 1 })
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
