import * as z from 'zod'
import { nameId } from '../../../events/name-id.ts'
import { instantOf } from '../../../events/time.ts'
import { systemActor } from '../../domain/actor.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { type OpeningFacts, openWindow } from '../../domain/profile/opening.ts'
import { dueOpenings, scheduleName } from '../../domain/profile/schedules.ts'
import { exists } from '../../domain/profile/state.ts'
import { PassingError } from '../../errors.ts'
import { openingFacts } from '../../facts/opening.ts'
import type { Metadata } from '../../log/log.ts'
import { patience } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import type { ReactorServices } from '../services.ts'
import { keepWindows } from './keep-windows.ts'

/** What a schedule calls with. */
const input = z.object({
  profileId: z.string().min(1),
  scheduledAt: z.iso.datetime(),
  /** The window is to be planned ahead, not opened. */
  plan: z.boolean().default(false),
})

/** The name space of upgrades that windows start: one opening starts one upgrade, however often it is delivered. */
const windowNamespace = 'd4c1a7f2-6b0e-5d39-8e5a-2f9b7c30a614'

/** Returns the id of the upgrade that the opening of a window starts, or that follows in the same window. */
export function upgradeOfWindow(profile: string, scheduledAt: string): string {
  return nameId(JSON.stringify([profile, scheduledAt]), windowNamespace)
}

/** A firing came before its time: it is delivered again. */
class NotDue extends PassingError {
  override readonly name = 'NotDue'
}

const nothingKnown: OpeningFacts = {
  stops: [],
  paused: null,
  closures: [],
  upstreams: [],
  rollouts: [],
  begun: null,
  heldBack: null,
  matching: null,
}

/** So many openings are judged by one firing; more are due only where windows open every few minutes, and are left to the next. */
const judgedAtOnce = 20

/**
 * Judges one opening of a profile's window, with all others that are due: it opens, or the refusal is recorded with its reason; a firing that is
 * for its planning has it planned instead. The next openings are scheduled first, so that a firing that fails takes no later one with it; where that fails, this
 * one is judged all the same. What follows is the reactor's. Judging twice changes nothing.
 */
export async function judgeOpening(
  services: Pick<ReactorServices, 'log' | 'views' | 'windowSchedules' | 'now'>,
  event: unknown,
): Promise<void> {
  const { profileId, scheduledAt, plan } = input.parse(event)
  const cause = { actor: systemActor, correlation: `window-${profileId}-${scheduledAt}` }
  const each = new OnTheirOwn()
  const firing = scheduleName(profileId, scheduledAt, plan)
  await each.one('the next openings', () => keepWindows(services, profileId, cause, firing))
  if (!plan) await each.one('what is due', () => judgeDue(services, profileId, scheduledAt, cause))
  each.end()
}

/** Judges what is due in its order: a later window that was opened first would be taken back to the end of an earlier one. */
async function judgeDue(
  services: Pick<ReactorServices, 'log' | 'views' | 'now'>,
  profileId: string,
  scheduledAt: string,
  cause: Metadata,
): Promise<void> {
  const { state } = await services.log.load(profileAggregate, profileId)
  const due = dueOpenings(state, instantOf(services.now())).slice(0, judgedAtOnce)
  for (const opening of new Set([...due, scheduledAt].sort()))
    await judge(services, profileId, opening, cause)
}

async function judge(
  services: Pick<ReactorServices, 'log' | 'views' | 'now'>,
  profileId: string,
  scheduledAt: string,
  cause: Metadata,
): Promise<void> {
  const { log } = services
  const { state } = await log.load(profileAggregate, profileId)
  const facts = exists(state) ? await openingFacts(services, profileId, state, scheduledAt) : nothingKnown
  const open = openWindow({ scheduledAt, upgrade: upgradeOfWindow(profileId, scheduledAt), facts })
  const profile = log.of(profileAggregate, profileId)
  const outcome = await profile.carryOut(open, cause, { retryFor: patience.facts })
  if (outcome.kind === 'rejected' && outcome.rejection.code === 'window-not-due')
    throw new NotDue(outcome.rejection.detail)
}
