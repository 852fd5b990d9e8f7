import * as z from 'zod'
import { sha256 } from '../../events/canonical.ts'
import type { PublicDetail } from '../../events/public.ts'
import { partsOf } from '../../events/stream.ts'
import { hour, instantOf, minute, second } from '../../events/time.ts'
import { severities } from '../../events/words.ts'
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
import { isLasting } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { emitMetrics } from '../metrics.ts'
import { redact } from '../redact.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import type { Inbox } from '../work/inbox.ts'
import type { Message, MessageKey, Messages, SentMessage } from '../work/messages.ts'
import { deliver, type Telling } from './deliver.ts'
import type { Delivered, Leaving } from './leaving.ts'
import { type About, isTold, type Notice, noticeOf, progressOf } from './notice.ts'
import { follows, followsAll, matters, placeOf, sendableAt } from './routing.ts'

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
/** So many messages to one destination are sent in a minute, and so many side by side. */
const [messagesALook, sentAtOnce] = [300, 8]
/** A destination that fails so often in one look is left alone until the next. */
const failuresALook = 3
/** As many as there may be: one that hangs keeps no other waiting. */
const destinationsAtOnce = 30

/** The event as EventBridge hands it on. What stands in it is checked by who put it there: only the stack's own role may. */
const delivered = z.object({
  detail: z.looseObject({ id: z.string(), type: z.string(), stream: z.string() }),
})

/** Until when this instance leaves destinations alone that did not take something, in milliseconds since the epoch. */
type LeftAlone = Map<string, number>

/**
 * Returns what tells whoever wants to know of a public event, and what sends what is on its way where it is called without one. An instance remembers
 * which destinations it has just failed with: events that come meanwhile wait for the clock.
 */
export function openNotify(services: NotifyServices): (event: unknown) => Promise<void> {
  const leftAlone: LeftAlone = new Map()
  return async (event) => {
    const read = delivered.safeParse(event)
    if (read.success) await tell(services, leftAlone, read.data.detail as unknown as PublicDetail)
    else await carryOn(services, leftAlone)
  }
}

async function destinationsOf(log: Log): Promise<readonly Destination[]> {
  return (await log.load(destinationsAggregate, allDestinations)).state.destinations
}

/** What a stream is about, as it was at a commit. */
type Seen = About & { readonly commit: number }

/** Reads what a stream is about, as it is now; null: it is of another kind, or nothing is there. */
async function aboutOf(log: Log, stream: string): Promise<Seen | null> {
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

/** Returns what people are told of an event; null: nothing. A release is called as it was registered, v1.2.0 as by upgrades, whatever identifies it. */
async function noticeFor(log: Log, detail: PublicDetail, about: About | null): Promise<Notice | null> {
  if (!('releaseId' in detail) || !isTold(detail.type)) return noticeOf(detail, about)
  const { state } = await log.load(releaseAggregate, detail.releaseId)
  const { registered, component, version } = state
  return noticeOf(registered ? { ...detail, releaseId: `${component}@${version}` } : detail, about)
}

/** Does a destination show how a stream stands by one message, which is edited? */
function edits({ document }: Destination, about: About | null): about is About {
  return document.kind === 'slack' && about !== null
}

/** Is a destination told of an event, as far as can be said before it is? Where it edits, it is for what is shown to say how much that matters. */
function isMeant(destination: Destination, detail: PublicDetail, notice: Notice | null, about: About | null) {
  if (edits(destination, about)) return followsAll(destination, detail, about)
  if (!follows(destination, detail, about)) return false
  if (notice === null && destination.document.kind !== 'webhook') return false
  return matters(destination, notice?.severity ?? 'info')
}

/** By what an event is known to people, from an instant on: those that would say the same, or come once a target, are one. */
interface Known {
  readonly id: string
  readonly since: string
}

function knownAs(detail: PublicDetail, notice: Notice | null): Known {
  const { id, stream, type, data, occurredAt } = detail
  if (notice?.question) return { id: `${stream}_asks`, since: occurredAt }
  if (!('targetId' in detail)) return { id, since: occurredAt }
  const begun = Math.floor(Date.parse(occurredAt) / hour) * hour
  const since = instantOf(begun)
  return { id: `${type}_${'upgradeId' in data ? data.upgradeId : ''}_${since}`, since }
}

async function tell(services: NotifyServices, leftAlone: LeftAlone, detail: PublicDetail): Promise<void> {
  const { log, messages, inbox, now } = services
  const destinations = await destinationsOf(log)
  const needed = isTold(detail.type) || destinations.length > 0
  if (!needed) return
  const about = await aboutOf(log, detail.stream)
  const notice = await noticeFor(log, detail, about)
  const severity = notice?.severity ?? 'info'
  const known = knownAs(detail, notice)
  const own = new OnTheirOwn()
  if (notice) await own.one('the inbox', () => inbox.put(notificationOf(detail, notice, known)))
  const meant = destinations.filter((one) => isMeant(one, detail, notice, about))
  const keys: (readonly [Destination, MessageKey])[] = []
  const add = async (destination: Destination) => {
    const isEdited = edits(destination, about)
    const id = destination.document.kind === 'webhook' ? detail.id : known.id
    const key = { destination: placeOf(destination), about: isEdited ? detail.stream : id }
    await messages.add(key, {
      // Of those that are one to people none is later than another, but for questions.
      commit: isEdited || id === detail.id || notice?.question ? detail.commit : 1,
      ...{ rank: severities.indexOf(severity), event: isEdited ? null : JSON.stringify(detail) },
      due: sendableAt(destination.document, severity, now()),
    })
    keys.push([destination, key])
  }
  // One that cannot be told keeps no other from it; the event comes again.
  await own.each(meant, 1, add, ({ name }) => name)
  // These are on their way now: one that fails here is sent by the clock.
  const isReady = ([, { destination }]: (typeof keys)[number]) => (leftAlone.get(destination) ?? 0) <= now()
  await own.each(
    keys.filter(isReady),
    sentAtOnce,
    ([destination, key]) => send(services, leftAlone, destination, key, about),
    ([, key]) => nameOf(key),
  )
  own.end()
}

const nameOf = ({ destination, about }: MessageKey) => `${destination}/${about}`

function notificationOf(detail: PublicDetail, notice: Notice, { id, since }: Known) {
  const { severity, title, lines, link, version, question } = notice
  return {
    // It sorts by its instant.
    ...{ id: `${since}_${id}`, severity, title, description: lines.join(' ') },
    ...{ version, link, at: detail.occurredAt },
    actions: question ? (['approve', 'learn-more'] as const) : (['learn-more'] as const),
  }
}

/** Sends what is on its way and due, to each destination until it fails too often. */
async function carryOn(services: NotifyServices, leftAlone: LeftAlone): Promise<void> {
  const own = new OnTheirOwn()
  await own.each(
    await destinationsOf(services.log),
    destinationsAtOnce,
    async (destination) => {
      const place = placeOf(destination)
      // It said when it wants to be asked again.
      if ((leftAlone.get(place) ?? 0) > services.now()) return
      const [first, ...rest] = await services.messages.due(place, messagesALook)
      let failures = 0
      const sendOne = async (key: MessageKey) => {
        if (failures >= failuresALook) return
        let isThere = false
        try {
          isThere = await send(services, leftAlone, destination, key)
        } finally {
          if (!isThere) failures++
        }
      }
      // Where the first does not get there it may be the destination: each that is sent side by side would take as long.
      if (first) await own.each([first], 1, sendOne, nameOf)
      await own.each(rest, failures > 0 ? 1 : sentAtOnce, sendOne, nameOf)
    },
    ({ name }) => name,
  )
  own.end()
}

/** Is how it stands shown at all? What is shown once is kept up to date. */
function isSeen(destination: Destination, about: About, rank: number, before: SentMessage | null): boolean {
  if (before !== null && before.ref !== null) return true
  if (about.state.standing.status === 'requested') return false
  const { severity } = progressOf(about)
  // What has happened may matter more than what has become of it.
  const worst = severities[Math.max(rank, severities.indexOf(severity))] ?? severity
  // Its rollout tells of a phase that is well.
  const isPhase = about.kind === 'upgrade' && about.state.rollout !== null
  return matters(destination, worst) && (worst !== 'info' || !isPhase)
}

/** Returns what is told by a message now, and up to which commit. */
async function tellingOf(
  services: NotifyServices,
  destination: Destination,
  { event, about: stream, commit, rank }: Message,
  before: SentMessage | null,
  seen: Seen | null,
): Promise<Telling & { readonly commit: number; readonly said: string }> {
  // Who sends what has just been heard has seen it already, unless more was heard meanwhile.
  const look = async (of: string) => (seen && seen.commit >= commit ? seen : aboutOf(services.log, of))
  if (event === null) {
    const about = await look(stream)
    const notice = about && progressOf(about)
    const said = notice
      ? `${notice.severity} ${notice.lines.join(' ')} ${notice.question?.planHash ?? ''}`
      : ''
    return {
      ...{
        detail: null,
        notice: about && isSeen(destination, about, rank, before) ? notice : null,
        changelog: [],
        said,
      },
      commit: Math.max(commit, about?.commit ?? 0),
    }
  }
  const detail = JSON.parse(event) as PublicDetail // as the bus bore it
  const about = await look(detail.stream)
  const notice = await noticeFor(services.log, detail, about)
  const changelog =
    destination.document.kind === 'email' ? await changelogOf(services.log, detail, about) : []
  return { detail, notice, changelog, commit, said: '' }
}

/** Sends one message, where nobody else does and its time has come. False: it did not get there. */
async function send(
  services: NotifyServices,
  leftAlone: LeftAlone,
  destination: Destination,
  key: MessageKey,
  seen: Seen | null = null,
): Promise<boolean> {
  const { messages, now } = services
  const claimed = await messages.claim(key, now() + claimedFor)
  if (!claimed) return true
  try {
    return await sendClaimed(services, leftAlone, destination, claimed, seen)
  } catch (error) {
    if (!isLasting(error)) throw error
    // It would fail each time, and stand before what comes after it: it is given up as what does not arrive is.
    await tryLater(services, leftAlone, claimed.message, { kind: 'later', why: String(error) })
    return false
  }
}

/** Sends a message that is this invocation's to send. */
async function sendClaimed(
  services: NotifyServices,
  leftAlone: LeftAlone,
  destination: Destination,
  { message, before }: { readonly message: Message; readonly before: SentMessage | null },
  seen: Seen | null,
): Promise<boolean> {
  const { messages, now } = services
  const shown = before && shownThere(destination, before)
  const telling = await tellingOf(services, destination, message, shown, seen)
  const isEmpty = destination.document.kind === 'webhook' ? telling.detail === null : telling.notice === null
  if (isEmpty) {
    // Nothing is there to be told yet, or any more: what follows brings it up again.
    const { ref = null, said = '' } = shown ?? {}
    await messages.sent(message, { commit: message.commit, ref: withPlace(destination, ref), said })
    return true
  }
  const severity = severities[Math.max(message.rank, severities.indexOf(telling.notice?.severity ?? 'info'))]
  const sendable = sendableAt(destination.document, severity ?? 'info', now())
  if (isSoon(shown, telling.said, now()) || sendable > now()) {
    await messages.putOff(message, Math.max(sendable, (shown?.at ?? 0) + shortestPause), null)
    return true
  }
  const outcome = await deliver(services, destination, telling, shown?.ref ?? null)
  if (outcome.kind === 'sent') {
    const ref = outcome.ref ?? shown?.ref ?? null
    await messages.sent(message, {
      commit: telling.commit,
      ref: withPlace(destination, ref),
      said: telling.said,
    })
    return true
  }
  await tryLater(services, leftAlone, message, outcome)
  return false
}

/** Puts off a message that did not get there, or gives it up. */
async function tryLater(
  services: NotifyServices,
  leftAlone: LeftAlone,
  message: Message,
  outcome: Exclude<Delivered, { readonly kind: 'sent' }>,
): Promise<void> {
  const { messages, now } = services
  const why = redact(outcome.why)
  if (outcome.kind === 'never' || now() - message.since >= triedFor) {
    await giveUp(services, message, why)
    return
  }
  const seconds = outcome.kind === 'later' ? outcome.seconds : undefined
  leftAlone.set(message.destination, now() + pauseAfter(1, seconds))
  await messages.putOff(message, now() + pauseAfter(message.tries, seconds), why)
}

/** Where a destination posts what can be edited: in another place nothing that was posted before is found. */
function postedAt({ document }: Destination): string {
  if (document.kind !== 'slack') return ''
  return sha256(`${document.apiUrl} ${document.token} ${document.channel}`).slice(0, 12)
}

/** Returns a reference with the place where it holds. */
function withPlace(destination: Destination, ref: string | null): string | null {
  return ref === null ? null : `${postedAt(destination)} ${ref}`
}

/** Returns what was sent before, with a reference only where it holds in the place that the destination has now. */
function shownThere(destination: Destination, before: SentMessage): SentMessage {
  const [place, ref = null] = before.ref?.split(' ') ?? []
  return { ...before, ref: place === postedAt(destination) ? ref : null }
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
