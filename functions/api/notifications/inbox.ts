import type { notificationContracts } from '../../../contracts/notifications.ts'
import type { UpgradeStatusWord } from '../../../contracts/statuses.ts'
import { instantOf } from '../../../events/time.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { actionsOf } from '../../domain/rollout/possible.ts'
import { exists } from '../../domain/rollout/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { ownActionsOf } from '../../domain/upgrade/possible.ts'
import { exists as upgradeExists } from '../../domain/upgrade/state.ts'
import { isEnd, type UpgradeStatus } from '../../domain/upgrade/status.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { unlessUnreadable } from '../../unreadable.ts'
import type { Notification } from '../../work/inbox.ts'
import type { Operate } from '../http/endpoint.ts'
import type { Services } from '../services.ts'
import { upgradeWords } from '../upgrades/statuses.ts'

type Contracts = typeof notificationContracts

const labels = { approve: 'Look and approve', 'learn-more': 'Learn more' } as const

type Looking = Pick<Services, 'log' | 'now'>

/** The upgrade or the rollout that a notification tells of, as it stands now. */
interface About {
  readonly kind: 'upgrade' | 'rollout'
  readonly id: string
  readonly status: UpgradeStatusWord
  readonly isOver: boolean
  /** May it be approved? What was decided, or has ended, asks for nothing any more. */
  readonly waits: boolean
}

/** Returns what a page of the console is about: an upgrade, or a rollout; undefined: something else, or one that is not in the log. */
async function aboutOf({ log, now }: Looking, link: string): Promise<About | undefined> {
  const [, place, part = ''] = /^\/console#\/(upgrades|rollouts)\/([^/]+)$/.exec(link) ?? []
  const id = decodeURIComponent(part)
  const present = instantOf(now())
  const told = (kind: About['kind'], status: UpgradeStatus, waits: boolean) => {
    return { kind, id, status: upgradeWords[status], isOver: isEnd(status), waits }
  }
  if (place === 'upgrades') {
    const { state } = await log.load(upgradeAggregate, id)
    if (!upgradeExists(state)) return undefined
    const waits = ownActionsOf(state, present).includes('approveUpgrade')
    return told('upgrade', state.standing.status, waits)
  }
  if (place === undefined) return undefined
  const { state } = await log.load(rolloutAggregate, id)
  if (!exists(state)) return undefined
  return told('rollout', state.standing.status, actionsOf(state, [], present).includes('approveRollout'))
}

/** Returns what each of these pages is about, each looked at once. */
async function allAbout(looking: Looking, links: readonly string[]): Promise<ReadonlyMap<string, About>> {
  const found = await sideBySide(new Set(links), atOnce.upgrades, async (link) => {
    const about = await unlessUnreadable(link, () => aboutOf(looking, link))
    return about ? ([[link, about]] as const) : []
  })
  return new Map(found.flat())
}

function shown(
  { id, severity, version, title, description, actions, link, at, expiresAt }: Notification,
  known: About | undefined,
) {
  const offered = actions.filter((action) => action !== 'approve' || (known?.waits ?? true))
  return {
    ...{ id, type: severity, version, title, description, at, expiresAt },
    about: known ? { kind: known.kind, id: known.id, status: known.status, isOver: known.isOver } : null,
    actions: [
      ...offered.map((action) => ({ label: labels[action], action, url: link })),
      { label: 'Dismiss', action: 'dismiss' as const, url: null },
    ],
  }
}

/** Lists what everybody is told, without what the caller has put away. What waits for nobody any more offers nothing to decide. */
export const listNotifications: Operate<Contracts['listNotifications'], 'inbox'> = async (
  { query, principal },
  { inbox, ...looking },
) => {
  const { limit, cursor } = query
  const [found, dismissed] = await Promise.all([inbox.list(limit, cursor), inbox.dismissed(principal.id)])
  const present = found.filter(({ id }) => !dismissed.has(id))
  const known = await allAbout(
    looking,
    present.map(({ link }) => link),
  )
  const notifications = present.map((one) => shown(one, known.get(one.link)))
  const last = found.length === limit ? found.at(-1) : undefined
  return { status: 200, body: { notifications, count: notifications.length, nextCursor: last?.id ?? null } }
}

/** Puts one away for the caller alone. */
export const dismissNotification: Operate<Contracts['dismissNotification'], 'inbox'> = async (
  { body, principal },
  { inbox },
) => {
  await inbox.dismiss(principal.id, body.id)
  return { status: 200, body: { id: body.id, message: 'It is put away.' } }
}
