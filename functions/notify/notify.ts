import * as z from 'zod'
import type { PublicDetail } from '../../events/public.ts'
import { partsOf } from '../../events/stream.ts'
import { hour, minute, second } from '../../events/time.ts'
import {
  allDestinations,
  type Destination,
  destinationsAggregate,
} from '../domain/destination/destinations.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { exists as existsRollout } from '../domain/rollout/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { emitMetrics } from '../metrics.ts'
import { redact } from '../redact.ts'
import { OnTheirOwn, sideBySide } from '../side-by-side.ts'
import type { Inbox } from '../work/inbox.ts'
import type { Message, MessageKey, Messages, SentMessage } from '../work/messages.ts'
import { deliver, type Leaving, type Telling } from './deliver.ts'
import { type About, isTold, type Notice, noticeOf, progressOf } from './notice.ts'
import { follows, matters, sendableAt } from './routing.ts'

/** What telling people and programs needs. */
export interface NotifyServices extends Leaving {
  readonly log: Log
  readonly messages: Messages
  readonly inbox: Inbox
}

/** How long a sender has a message for itself: longer than it has to live. */
const claimedFor = 90 * second
/** A message that only counts on waits so long after the last one: an upgrade of many waves is no storm. */
const shortestPause = 5 * second
/** After so long a message is given up: somebody looks why. */
const triedFor = 24 * hour
const [firstPause, longestPause] = [30 * second, 30 * minute]
/** So many messages to one destination are looked at in a minute, and so many of all are sent side by side. */
const [messagesALook, sentAtOnce] = [300, 8]
/** A destination that fails so often in one look is left alone until the next. */
const failuresALook = 3

/** The event as EventBridge hands it on. What stands in it is checked by who put it there: only the stack's own role may. */
const delivered = z.object({
  detail: z.looseObject({ id: z.string(), type: z.string(), stream: z.string() }),
})

/** Tells whoever wants to know of a public event; without one, sends what is on its way. */
export async function notify(services: NotifyServices, event: unknown): Promise<void> {
  const read = delivered.safeParse(event)
  if (read.success) await tell(services, read.data.detail as unknown as PublicDetail)
  else await carryOn(services)
}

async function destinationsOf(log: Log): Promise<readonly Destination[]> {
  return (await log.load(destinationsAggregate, allDestinations)).state.destinations
}

/** Reads what a stream is about, as it is now; null: it is of another kind, or nothing is there. */
async function aboutOf(log: Log, stream: string): Promise<(About & { readonly commit: number }) | null> {
  const { kind, id } = partsOf(stream)
  if (kind === upgradeAggregate.name) {
    const { state, commit } = await log.load(upgradeAggregate, id)
    return exists(state) ? { kind: 'upgrade', id, state, commit } : null
  }
  if (kind === rolloutAggregate.name) {
    const { state, commit } = await log.load(rolloutAggregate, id)
    return existsRollout(state) ? { kind: 'rollout', id, state, commit } : null
  }
  return null
}

/** Does a destination show how a stream stands by one message, which is edited? */
function edits({ document }: Destination, about: About | null): about is About {
  return document.kind === 'slack' && about !== null
}

/** Is a destination told of an event, as far as can be said before it is? Where it edits, it is for what is shown to say how much that matters. */
function isMeant(destination: Destination, detail: PublicDetail, notice: Notice | null, about: About | null) {
  if (!follows(destination, detail, about)) return false
  if (edits(destination, about)) return true
  if (notice === null && destination.document.kind !== 'webhook') return false
  return matters(destination, notice?.severity ?? 'info')
}

async function tell(services: NotifyServices, detail: PublicDetail): Promise<void> {
  const { log, messages, inbox, now } = services
  const destinations = await destinationsOf(log)
  const needed = isTold(detail.type) || destinations.length > 0
  if (!needed) return
  const about = await aboutOf(log, detail.stream)
  const notice = noticeOf(detail, about)
  if (notice) await inbox.put(notificationOf(detail, notice))
  const keys: MessageKey[] = []
  for (const destination of destinations) {
    if (!isMeant(destination, detail, notice, about)) continue
    const isEdited = edits(destination, about)
    const key = { destination: destination.name, about: isEdited ? detail.stream : detail.id }
    await messages.add(key, {
      ...{ commit: detail.commit, event: isEdited ? null : JSON.stringify(detail) },
      due: sendableAt(destination.document, notice?.severity ?? 'info', now()),
    })
    keys.push(key)
  }
  // All are on their way now: one that fails here is sent by the clock.
  const own = new OnTheirOwn()
  await own.each(keys, sentAtOnce, (key) => send(services, destinations, key), nameOf)
  own.end()
}

const nameOf = ({ destination, about }: MessageKey) => `${destination}/${about}`

function notificationOf(detail: PublicDetail, { severity, title, lines, link, version, question }: Notice) {
  return {
    ...{ id: `${detail.occurredAt}_${detail.id}`, severity, title, description: lines.join(' ') },
    ...{ version, link, at: detail.occurredAt },
    actions: question ? (['approve', 'learn-more'] as const) : (['learn-more'] as const),
  }
}

/** Sends what is on its way and due, to each destination until it fails too often. */
async function carryOn(services: NotifyServices): Promise<void> {
  const destinations = await destinationsOf(services.log)
  const own = new OnTheirOwn()
  await own.each(
    destinations,
    sentAtOnce,
    async ({ name }) => {
      let failures = 0
      await sideBySide(await services.messages.due(name, messagesALook), sentAtOnce, async (key) => {
        if (failures >= failuresALook) return
        if (!(await send(services, destinations, key))) failures++
      })
    },
    ({ name }) => name,
  )
  own.end()
}

/** Is how it stands shown at all? What is shown once is kept up to date. */
function isSeen(destination: Destination, about: About, before: SentMessage | null): boolean {
  if (before !== null && before.ref !== null) return true
  if (about.state.standing.status === 'requested') return false
  const { severity } = progressOf(about)
  // Its rollout tells of a phase that is well.
  const isPhase = about.kind === 'upgrade' && about.state.rollout !== null
  return matters(destination, severity) && (severity !== 'info' || !isPhase)
}

/** Returns what is told by a message now, and up to which commit. */
async function tellingOf(
  services: NotifyServices,
  destination: Destination,
  { event, about: stream, commit }: Message,
  before: SentMessage | null,
): Promise<Telling & { readonly commit: number; readonly said: string }> {
  if (event === null) {
    const about = await aboutOf(services.log, stream)
    const notice = about && progressOf(about)
    const said = notice
      ? `${notice.severity} ${notice.lines.join(' ')} ${notice.question?.planHash ?? ''}`
      : ''
    return {
      ...{
        detail: null,
        notice: about && isSeen(destination, about, before) ? notice : null,
        changelog: [],
        said,
      },
      commit: Math.max(commit, about?.commit ?? 0),
    }
  }
  const detail = JSON.parse(event) as PublicDetail // as the bus bore it
  const about = await aboutOf(services.log, detail.stream)
  const notice = noticeOf(detail, about)
  const changelog =
    destination.document.kind === 'email' ? await changelogOf(services.log, detail, about) : []
  return { detail, notice, changelog, commit, said: '' }
}

/** Sends one message, where nobody else does and its time has come. False: it did not get there. */
async function send(
  services: NotifyServices,
  destinations: readonly Destination[],
  key: MessageKey,
): Promise<boolean> {
  const { messages, now } = services
  const destination = destinations.find(({ name }) => name === key.destination)
  if (!destination) return true
  const claimed = await messages.claim(key, now() + claimedFor)
  if (!claimed) return true
  const { message, before } = claimed
  const telling = await tellingOf(services, destination, message, before)
  if (telling.notice === null && telling.detail === null) {
    // Nothing is there to be seen yet: what follows brings it up again.
    await messages.sent(message, {
      commit: message.commit,
      ref: before?.ref ?? null,
      said: before?.said ?? '',
    })
    return true
  }
  if (isSoon(before, telling.said, now())) {
    await messages.putOff(message, (before?.at ?? 0) + shortestPause, null)
    return true
  }
  const outcome = await deliver(services, destination, telling, before?.ref ?? null)
  if (outcome.kind === 'sent') {
    const ref = outcome.ref ?? before?.ref ?? null
    await messages.sent(message, { commit: telling.commit, ref, said: telling.said })
    return true
  }
  const why = redact(outcome.why)
  if (outcome.kind === 'never' || now() - message.since >= triedFor) await giveUp(services, message, why)
  else await messages.putOff(message, now() + pauseAfter(message.tries, outcome.seconds), why)
  return false
}

function isSoon(before: SentMessage | null, said: string, now: number): boolean {
  return before !== null && said !== '' && before.said === said && now < before.at + shortestPause
}

function pauseAfter(tries: number, asked: number | undefined): number {
  const own = Math.min(firstPause * 2 ** Math.min(tries - 1, 10), longestPause)
  return Math.max(own, Math.min((asked ?? 0) * second, hour))
}

async function giveUp({ messages, now }: NotifyServices, message: Message, why: string): Promise<void> {
  await messages.giveUp(message, why)
  emitMetrics(now(), { Undelivered: 1 }, { destination: message.destination, why })
}

const longestChangelog = 50

/** Returns what the maker of a release says of it, a line each. */
async function changelogOf(log: Log, detail: PublicDetail, about: About | null): Promise<readonly string[]> {
  const id =
    'releaseId' in detail
      ? detail.releaseId
      : about?.kind === 'upgrade' && 'plan' in about.state && about.state.plan
        ? releaseId(about.state.request.component, about.state.plan.version)
        : undefined
  if (id === undefined) return []
  const { state } = await log.load(releaseAggregate, id)
  const lines = linesIn(state.signed?.manifest) ?? (state.notes === null ? [] : [state.notes])
  return lines.filter((line) => line.trim() !== '').slice(0, longestChangelog)
}

/** Seed 004: the lists of a changelog, in the order in which they are shown. */
const parts = ['security', 'features', 'fixes', 'breaking'] as const

function linesIn(manifest: string | undefined): string[] | undefined {
  if (manifest === undefined) return undefined
  const { changelog } = JSON.parse(manifest) as { changelog?: Readonly<Record<string, unknown>> } // it was checked when it was published
  const lines = parts.flatMap((part) => {
    const listed = changelog?.[part]
    return Array.isArray(listed) ? listed.filter((line): line is string => typeof line === 'string') : []
  })
  return lines.length > 0 ? lines : undefined
}
