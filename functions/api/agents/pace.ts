import { createHash } from 'node:crypto'
import { between, instantOf, second } from '../../../events/time.ts'
import { nextWindow } from '../../domain/profile/windows.ts'
import { keepsEverybodyOut } from '../../domain/upgrade/hold.ts'
import type { Services } from '../services.ts'

/** In seconds, how long an agent waits before it asks again: while somebody may be handed something, and while nobody is. */
const pace = { busy: 300, quiet: 900 } as const

/** How long what is known of upgrades and windows is taken as it was, in milliseconds. */
const knownFor = 120 * second
/** So many of the newest upgrades are looked at: an older one still at work is asked for in the quiet pace. */
const lookedAt = 100

/** Is an upgrade at work, and when does the next window open? */
interface Outlook {
  readonly busy: boolean
  readonly opensAt: string | null
}

let known: { readonly at: number; readonly outlook: Promise<Outlook> } | undefined

/** Forgets what is known of upgrades and windows. */
export function forgetOutlook(): void {
  known = undefined
}

async function outlookOf({ views, now }: Pick<Services, 'views' | 'now'>): Promise<Outlook> {
  const present = instantOf(now())
  const openings: string[] = []
  const { rows } = await views.listUpgrades({ limit: lookedAt })
  const atWork = rows.filter(({ status }) => status === 'running' || status === 'scheduled')
  for (const { holds } of atWork)
    openings.push(...holds.flatMap(({ code, until }) => (code === 'WINDOW_CLOSED' && until ? [until] : [])))
  for await (const { status, definition } of views.everyProfile()) {
    const window = status === 'active' ? nextWindow(definition, present, []) : undefined
    if (window) openings.push(window.start)
  }
  const busy = atWork.some(({ holds }) => !keepsEverybodyOut(holds))
  return { busy, opensAt: openings.filter((instant) => instant > present).sort()[0] ?? null }
}

/** Returns a number in [0, 1) that stays the same for a target. */
export function spread(target: string): number {
  return createHash('sha256').update(target).digest().readUInt16BE(0) / 0x1_00_00
}

/**
 * Returns in how many seconds an agent is to ask again (D2: polling costs a fleet most): sooner while an upgrade is at work, just after the
 * next window opens, else seldom; each target a little earlier or later than others, so that they do not all ask at once. What is known is
 * some minutes old, which costs nobody more than one quiet pause.
 */
export async function nextCheckSeconds(
  services: Pick<Services, 'views' | 'now'>,
  target: string,
): Promise<number> {
  const { now } = services
  if (!known || now() - known.at >= knownFor || now() < known.at) {
    const outlook = outlookOf(services)
    known = { at: now(), outlook }
    outlook.catch(forgetOutlook)
  }
  const share = spread(target)
  // Nobody is refused an update because it is not known how busy the fleet is.
  const { busy, opensAt } = await known.outlook.catch((): Outlook => ({ busy: true, opensAt: null }))
  const usual = Math.round((busy ? pace.busy : pace.quiet) * (0.9 + share / 5))
  if (busy || opensAt === null) return usual
  const untilOpen = Math.ceil(between(instantOf(now()), opensAt) / second)
  return untilOpen < usual ? Math.max(1, untilOpen) + Math.round(share * pace.busy) : usual
}
