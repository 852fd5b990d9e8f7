import type { notificationContracts } from '../../../contracts/notifications.ts'
import type { Notification } from '../../work/inbox.ts'
import type { Operate } from '../http/endpoint.ts'

type Contracts = typeof notificationContracts

const labels = { approve: 'Look and approve', 'learn-more': 'Learn more' } as const

function shown({ id, severity, version, title, description, actions, link, at, expiresAt }: Notification) {
  return {
    ...{ id, type: severity, version, title, description, at, expiresAt },
    actions: [
      ...actions.map((action) => ({ label: labels[action], action, url: link })),
      { label: 'Dismiss', action: 'dismiss' as const, url: null },
    ],
  }
}

/** Lists what everybody is told, without what the caller has put away. */
export const listNotifications: Operate<Contracts['listNotifications'], 'inbox'> = async (
  { query, principal },
  { inbox },
) => {
  const { limit, cursor } = query
  const [found, dismissed] = await Promise.all([inbox.list(limit, cursor), inbox.dismissed(principal.id)])
  const notifications = found.filter(({ id }) => !dismissed.has(id)).map(shown)
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
