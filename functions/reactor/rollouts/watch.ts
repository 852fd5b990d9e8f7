import { setTimeout } from 'node:timers/promises'
import type { RolloutMonitor } from '../../../events/rollout.ts'
import { instantOf, second } from '../../../events/time.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { type Impact, type Probe, seenAt } from '../../domain/rollout/impact.ts'
import { exists, hasEnded } from '../../domain/rollout/state.ts'
import type { Log } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import type { Views } from '../../views/views.ts'
import type { Probes } from '../../work/probes.ts'

/** How domains are called: past the guard of the deployment. */
interface Outbound {
  send(call: {
    readonly method: 'GET'
    readonly url: string
    readonly timeoutSeconds: number
  }): Promise<
    | { readonly kind: 'answered'; readonly status: number; readonly milliseconds: number }
    | { readonly kind: 'refused' | 'not-sent' | 'unknown'; readonly why: string }
  >
}

export interface WatchServices {
  readonly log: Log
  readonly views: Pick<Views, 'liveRollouts'>
  readonly probes: Probes
  readonly outbound: Outbound
  now(): number
  pause?(milliseconds: number): Promise<unknown>
}

type Domain = RolloutMonitor['domains'][number]

/** A domain that takes longer is not well. */
const answersWithin = 5
/** After so long no further look begins: the clock calls again every minute, and a look may take as long as it may. */
const looksFor = 52 * second
/** The clock may be moved: it is asked so often. */
const napAtMost = second
const longestWhy = 256

/** What a rollout that runs wants to be watched; undefined: it does not run, or wants nothing. */
async function monitorOf(log: Log, rollout: string): Promise<RolloutMonitor | undefined> {
  const { state } = await log.load(rolloutAggregate, rollout)
  if (!exists(state) || hasEnded(state) || state.standing.startedAt === null) return undefined
  return state.request.monitor
}

/** Looks at a domain once. */
async function look({ outbound, now }: WatchServices, { url, status }: Domain): Promise<Probe> {
  const began = now()
  const sent = await outbound.send({ method: 'GET', url, timeoutSeconds: answersWithin })
  const at = instantOf(began)
  if (sent.kind !== 'answered')
    return { at, code: null, milliseconds: now() - began, well: false, why: sent.why.slice(0, longestWhy) }
  const well = status ? status.includes(sent.status) : sent.status < 400
  return { at, code: sent.status, milliseconds: sent.milliseconds, well, why: null }
}

/**
 * Looks at those domains of a rollout whose time has come. Returns when the next is due, in milliseconds since the epoch. One that cannot be looked at, or of
 * which nothing can be noted, has its turn again when its time has come: `each` has it.
 */
async function round(
  services: WatchServices,
  rollout: string,
  { domains, everySeconds }: RolloutMonitor,
  each: OnTheirOwn,
): Promise<number> {
  const known = await services.probes.of(rollout)
  const every = everySeconds * second
  let next = services.now() + every
  const lookAt = async ([number, domain]: [number, Domain]): Promise<number> => {
    const { body, writes } = known.get(number) ?? { body: undefined, writes: 0 }
    const impact = body === undefined ? undefined : (JSON.parse(body) as Impact) // as it was written below
    const due = impact ? Date.parse(impact.latest.at) + every : 0
    if (services.now() < due) return due
    const probe = await look(services, domain)
    const seen = seenAt(impact, probe)
    // Where another has looked meanwhile, its look counts.
    if (seen) await services.probes.note(rollout, number, { body: JSON.stringify(seen), writes })
    return Date.parse(probe.at) + every
  }
  const act = async (one: [number, Domain]) => {
    next = Math.min(next, await lookAt(one))
  }
  await each.each(domains.entries(), atOnce.probes, act, ([, { url }]) => `${rollout} ${url}`)
  return next
}

/** Watches one rollout until its time is over, or the rollout is. */
async function watch(services: WatchServices, rollout: string, end: number): Promise<void> {
  const { now, pause = setTimeout } = services
  const each = new OnTheirOwn()
  for (;;) {
    const monitor = await monitorOf(services.log, rollout)
    if (!monitor) break
    const due = await round(services, rollout, monitor, each)
    if (due >= end) break
    while (now() < due) await pause(Math.min(napAtMost, due - now()))
    if (now() >= end) break
  }
  each.end()
}

/** Looks for a minute at the domains that rollouts which run want to be watched. One that cannot be watched keeps no other from it. */
export async function watchRollouts(services: WatchServices): Promise<{ watched: number }> {
  const end = services.now() + looksFor
  const live = await Array.fromAsync(services.views.liveRollouts())
  const each = new OnTheirOwn()
  const watched: string[] = []
  const find = async ({ rollout }: { readonly rollout: string }) => {
    if (await monitorOf(services.log, rollout)) watched.push(rollout)
  }
  await each.each(live, atOnce.ticks, find, ({ rollout }) => rollout)
  // All of them: each waits for most of the time.
  const all = Math.max(1, watched.length)
  await each.each(
    watched,
    all,
    (rollout) => watch(services, rollout, end),
    (rollout) => rollout,
  )
  each.end()
  return { watched: watched.length }
}
