import { after, later, second } from '../../../events/time.ts'
import { type AdmissionFacts, breaksGlass } from './admission.ts'
import type { Draft } from './draft.ts'
import { type Hold, holdOf } from './hold.ts'
import { opennessOf } from './openness.ts'
import { isPlanned, type PlannedUpgrade, profileOf } from './state.ts'

type Held = Pick<Hold, 'until' | 'ref' | 'lapses'>

/** Since when it has been closed for good: since its window's end, else since that was first said. What is said again puts it off no further. */
function closedSince({ window, standing, request }: PlannedUpgrade, now: string): string {
  if (window) return window.end
  const lapses = holdOf(standing.holds, 'WINDOW_CLOSED')?.lapses ?? null
  return lapses === null ? now : after(lapses, -request.deadlines.linger * second)
}

/** Since when no opening comes any more, so far as anybody knows: a profile in service opens its window again. */
function overSince(state: PlannedUpgrade, { outOfService }: AdmissionFacts, now: string): string | null {
  const closed = closedSince(state, now)
  if (profileOf(state) === undefined) return closed
  return outOfService === null ? null : later(closed, outOfService)
}

function closedWindow(state: PlannedUpgrade, facts: AdmissionFacts, now: string): Held | null {
  const openness = opennessOf(state, breaksGlass(state) ? [] : facts.closures, now)
  if (openness.open) return null
  const { until, why } = openness
  const over = until === null ? overSince(state, facts, now) : null
  const { linger } = state.request.deadlines
  return {
    until,
    ref: why ?? state.window?.end ?? null,
    lapses: over === null ? null : after(over, linger * second),
  }
}

function stopped(state: PlannedUpgrade, { stops }: AdmissionFacts): Held | null {
  if (stops.length === 0 || breaksGlass(state)) return null
  const reasons = stops.map(({ reason }) => reason).join('; ')
  return { until: null, ref: reasons.slice(0, 512), lapses: null }
}

/** Places a hold where it keeps anybody out, and lifts it, whatever else the upgrade waits for, when it no longer would. */
export function bringHold(
  draft: Draft,
  code: 'WINDOW_CLOSED' | 'FREEZE' | 'POLICY' | 'BUDGET',
  held: Held | null,
): void {
  const { state } = draft
  if (!isPlanned(state) || state.abort) return
  const { status, holds } = state.standing
  const present = holdOf(holds, code)
  if (!held && present) draft.add({ type: 'HoldLifted', data: { code } })
  if (!held || (status !== 'scheduled' && status !== 'running')) return
  const same = present?.until === held.until && present.ref === held.ref && present.lapses === held.lapses
  if (!same) draft.add({ type: 'HoldPlaced', data: { code, ...held } })
}

/** Brings the holds of window and stop up to date. */
export function checkHolds(draft: Draft, facts: AdmissionFacts): void {
  const { state, now } = draft
  if (!isPlanned(state) || state.abort) return
  bringHold(draft, 'WINDOW_CLOSED', closedWindow(state, facts, now))
  bringHold(draft, 'FREEZE', stopped(state, facts))
}
