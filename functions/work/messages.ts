import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { day } from '../../events/time.ts'
import { pagesOf, type WorkRow, whereItHolds } from './rows.ts'

/** By what a message is known: where it goes, and what it tells. */
export interface MessageKey {
  /** The name of the destination and which one of that name it is: a later one is another. */
  readonly destination: string
  /** The id of an event, or the stream whose state is told by one message that is edited. */
  readonly about: string
}

/** A message on its way. */
export interface Message extends MessageKey {
  /** What is told of: the commit that the message has to show, or a later one. */
  readonly commit: number
  /** How much what has happened since it was sent last matters, as a place in `severities`. */
  readonly rank: number
  /** The event itself, as the bus bore it; null: the state of a stream is told, and read when it is sent. */
  readonly event: string | null
  /** When it came in first, or what has happened since it was sent last; in milliseconds since the epoch. */
  readonly since: number
  /** Before that it is not sent, in milliseconds since the epoch. */
  readonly due: number
  /** How often it was tried. */
  readonly tries: number
  /** Why it did not get there last time; null: it was not tried yet. */
  readonly why: string | null
}

/** What became of a message that got there. */
export interface SentMessage {
  readonly commit: number
  /** How the other side calls it, where it can be edited there; null: it cannot. */
  readonly ref: string | null
  /** What it said in short: the same again may wait a moment. */
  readonly said: string
  /** In milliseconds since the epoch. */
  readonly at: number
}

/** A message that was given up. */
export interface Undelivered extends MessageKey {
  readonly commit: number
  readonly rank: number
  readonly event: string | null
  readonly since: number
  readonly givenUpAt: number
  readonly tries: number
  readonly why: string
}

/** Messages that leave, until they have got there: each once, as far as who gets them can tell two apart. */
export interface Messages {
  /**
   * Takes a message on its way. One that is on its way already shows the later commit, matters as much as what matters most, and is due by the earlier of both,
   * unless it has failed: then it waits on.
   */
  add(key: MessageKey, message: Pick<Message, 'commit' | 'event' | 'due' | 'rank'>): Promise<void>
  /** Returns those on their way to a destination whose time has come, and which nobody is sending: `most`, those that were tried least first. */
  due(destination: string, most: number): Promise<readonly MessageKey[]>
  /**
   * Returns a message for its sender alone, until an instant (milliseconds since the epoch), with what was sent of it before. Undefined: somebody else is at it,
   * its time has not come, or it has got there.
   */
  claim(
    key: MessageKey,
    until: number,
  ): Promise<{ readonly message: Message; readonly before: SentMessage | null } | undefined>
  /** Notes that it got there. Where a later commit came in meanwhile it stays on its way. */
  sent(message: Message, sent: Omit<SentMessage, 'at'>): Promise<void>
  /** Puts it off until an instant, and notes why. */
  putOff(message: Message, due: number, why: string | null): Promise<void>
  /** Gives it up: it is found among those that did not get there, for fourteen days. */
  giveUp(message: Message, why: string): Promise<void>
  /** Returns those of a destination that were given up, the first that were first; `more`: there are others. */
  undelivered(
    destination: string,
    most: number,
  ): Promise<{ readonly messages: readonly Undelivered[]; readonly more: boolean }>
  /** Takes one that was given up on its way again. Where it is given up once more meanwhile, that stays. */
  again(undelivered: Undelivered): Promise<void>
}

/** Rows about messages bear this, so that who may send them may touch nothing else. */
export const messagesPrefix = 'messages#'

/** As long as anybody may deliver an event a second time: the archive of the bus is not replayed here. */
const sentKept = 7 * day
/** And as long as anything may wait for an approval: what is edited is not posted anew. */
const editedKept = 400 * day
/** Longer than anything is tried: what is on its way to a destination that is gone goes with it. */
const wayKept = 14 * day
const undeliveredKept = 14 * day
const longestWhy = 500
/** So many that were given up are looked at; which are the first of more nobody knows. */
const undeliveredLooked = 1000

const wayTo = (destination: string) => `${messagesPrefix}way#${destination}`
const sentOf = (destination: string) => `${messagesPrefix}sent#${destination}`
const undeliveredOf = (destination: string) => `${messagesPrefix}undelivered#${destination}`

function messageIn(row: WorkRow): Message {
  return {
    ...{ destination: row.destination?.S ?? '', about: row.about?.S ?? '' },
    ...{ commit: Number(row.commit?.N), rank: Number(row.rank?.N ?? 0), event: row.event?.S ?? null },
    ...{ since: Number(row.since?.N), due: Number(row.due?.N) },
    ...{ tries: Number(row.tries?.N ?? 0), why: row.why?.S ?? null },
  }
}

function sentIn(row: WorkRow | undefined): SentMessage | null {
  if (!row) return null
  const { commit, ref, said, at } = row
  return { commit: Number(commit?.N), ref: ref?.S ?? null, said: said?.S ?? '', at: Number(at?.N) }
}

function undeliveredIn(row: WorkRow): Undelivered {
  const { due: _, why, ...message } = messageIn(row)
  return { ...message, why: why ?? '', givenUpAt: Number(row.givenUpAt?.N) }
}

/** Has its time come, and is nobody sending it? */
const isDue = '#due <= :now AND (attribute_not_exists(#until) OR #until <= :now)'

/** Of a megabyte each, some thousand messages. */
const pagesALook = 5

/** Returns so many keys of messages: what fails again and again keeps nothing else from being tried. */
function leastTried(messages: readonly Message[], most: number): MessageKey[] {
  return messages
    .toSorted((left, right) => left.tries - right.tries || left.due - right.due)
    .slice(0, most)
    .map(({ destination, about }) => ({ destination, about }))
}

const number = (value: number): AttributeValue => ({ N: String(value) })

/** Keeps them in the table `Work`; `now` is in milliseconds since the epoch. */
export function openMessages({
  client,
  table: TableName,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Messages {
  const rows = { client, table: TableName }
  const wayOf = (key: MessageKey) => ({
    item: { S: wayTo(key.destination) },
    detail: { S: key.about },
  })
  const expires = (kept: number) => ({ expires: number(Math.ceil((now() + kept) / 1000)) })

  const fieldsOf = (
    key: MessageKey,
    { commit, rank, event, since }: Pick<Message, 'commit' | 'rank' | 'event' | 'since'>,
  ) => ({
    ...{ destination: { S: key.destination }, about: { S: key.about } },
    ...{ commit: number(commit), rank: number(rank), since: number(since) },
    ...(event !== null && { event: { S: event } }),
    ...expires(wayKept),
  })

  /** Ends the way of a message, as far as it is known: a later commit goes on with it. */
  async function leave(message: Message): Promise<void> {
    const left = await whereItHolds(
      client.send(
        new DeleteItemCommand({
          ...{ TableName, Key: wayOf(message), ConditionExpression: '#commit = :commit' },
          ExpressionAttributeNames: { '#commit': 'commit' },
          ExpressionAttributeValues: { ':commit': number(message.commit) },
        }),
      ),
    )
    if (left) return
    // What came in meanwhile begins anew.
    await whereItHolds(
      client.send(
        new UpdateItemCommand({
          ...{ TableName, Key: wayOf(message), ConditionExpression: 'attribute_exists(#detail)' },
          UpdateExpression: 'SET #since = :now, #tries = :none REMOVE #until, #why',
          ExpressionAttributeNames: {
            ...{ '#detail': 'detail', '#since': 'since', '#tries': 'tries' },
            ...{ '#until': 'until', '#why': 'why' },
          },
          ExpressionAttributeValues: { ':now': number(now()), ':none': number(0) },
        }),
      ),
    )
  }

  async function putOff(message: Message, due: number, why: string | null): Promise<void> {
    await whereItHolds(
      client.send(
        new UpdateItemCommand({
          ...{ TableName, Key: wayOf(message), ConditionExpression: 'attribute_exists(#detail)' },
          UpdateExpression: `SET #due = :due${why === null ? '' : ', #why = :why'} REMOVE #until`,
          ExpressionAttributeNames: {
            ...{ '#detail': 'detail', '#due': 'due', '#until': 'until' },
            ...(why !== null && { '#why': 'why' }),
          },
          ExpressionAttributeValues: {
            ':due': number(due),
            ...(why !== null && { ':why': { S: why.slice(0, longestWhy) } }),
          },
        }),
      ),
    )
  }

  async function raise(
    key: MessageKey,
    name: 'rank' | 'due',
    value: number,
    condition: string,
  ): Promise<void> {
    await whereItHolds(
      client.send(
        new UpdateItemCommand({
          ...{ TableName, Key: wayOf(key), UpdateExpression: `SET #${name} = :${name}` },
          ConditionExpression: condition,
          ExpressionAttributeNames: { [`#${name}`]: name, ...(name === 'due' && { '#why': 'why' }) },
          ExpressionAttributeValues: { [`:${name}`]: number(value) },
        }),
      ),
    )
  }

  return {
    async add(key, { commit, rank, event, due }) {
      const fields = { ...fieldsOf(key, { commit, rank, event, since: now() }), due: number(due) }
      const names = Object.keys(fields)
      const kept = names.filter((name) => name !== 'commit')
      const added = await whereItHolds(
        client.send(
          new UpdateItemCommand({
            ...{ TableName, Key: wayOf(key), ReturnValues: 'ALL_NEW' },
            // What was known first stays: when it came, and that it waits for its time.
            UpdateExpression: `SET #commit = :commit, ${kept.map((name) => `#${name} = if_not_exists(#${name}, :${name})`).join(', ')}`,
            ConditionExpression: 'attribute_not_exists(#commit) OR #commit < :commit',
            ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
            ExpressionAttributeValues: Object.fromEntries(
              Object.entries(fields).map(([name, value]) => [`:${name}`, value]),
            ),
          }),
        ),
      )
      const present = added?.Attributes
      // It may matter more than what is on its way, whichever came first: of one commit as well.
      if (!present || Number(present.rank?.N) < rank) await raise(key, 'rank', rank, '#rank < :rank')
      // What waited for its time goes now; what did not get there waits on.
      if (!present || Number(present.due?.N) > due)
        await raise(key, 'due', due, '#due > :due AND attribute_not_exists(#why)')
    },
    async due(destination, most) {
      const found: Message[] = []
      let pages = 0
      // Those whose time has not come may be many, and in front of those whose time has.
      for await (const page of pagesOf(rows, wayTo(destination), {
        FilterExpression: isDue,
        ExpressionAttributeNames: { '#due': 'due', '#until': 'until' },
        ExpressionAttributeValues: { ':now': number(now()) },
      })) {
        found.push(...page.map(messageIn))
        if (++pages === pagesALook) break
      }
      return leastTried(found, most)
    },
    async claim(key, until) {
      const claimed = await whereItHolds(
        client.send(
          new UpdateItemCommand({
            ...{ TableName, Key: wayOf(key), ReturnValues: 'ALL_NEW' },
            UpdateExpression: 'SET #until = :until ADD #tries :one',
            ConditionExpression: isDue,
            ExpressionAttributeNames: { '#until': 'until', '#tries': 'tries', '#due': 'due' },
            ExpressionAttributeValues: { ':until': number(until), ':one': number(1), ':now': number(now()) },
          }),
        ),
      )
      if (!claimed?.Attributes) return undefined
      const message = messageIn(claimed.Attributes)
      const Key = { item: { S: sentOf(key.destination) }, detail: { S: key.about } }
      const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))
      const before = sentIn(Item)
      if (before === null || before.commit < message.commit) return { message, before }
      // The same event came twice, and the first has got there in between.
      await leave(message)
      return undefined
    },
    async sent(message, { commit, ref, said }) {
      const Item = {
        ...{ item: { S: sentOf(message.destination) }, detail: { S: message.about } },
        ...{ commit: number(commit), said: { S: said }, at: number(now()) },
        ...expires(message.event === null ? editedKept : sentKept),
        ...(ref !== null && { ref: { S: ref } }),
      }
      await client.send(new PutItemCommand({ TableName, Item }))
      await leave(message)
    },
    putOff,
    async giveUp(message, why) {
      const Item = {
        ...{ item: { S: undeliveredOf(message.destination) }, detail: { S: message.about } },
        ...fieldsOf(message, message),
        ...{ tries: number(message.tries), why: { S: why.slice(0, longestWhy) } },
        ...{ givenUpAt: number(now()), ...expires(undeliveredKept) },
      }
      await client.send(new PutItemCommand({ TableName, Item }))
      await leave(message)
    },
    async undelivered(destination, most) {
      const found: Undelivered[] = []
      const query = { ConsistentRead: true, Limit: undeliveredLooked }
      for await (const page of pagesOf(rows, undeliveredOf(destination), query)) {
        found.push(...page.map(undeliveredIn))
        if (found.length >= undeliveredLooked) break
      }
      found.sort((left, right) => left.givenUpAt - right.givenUpAt)
      return { messages: found.slice(0, most), more: found.length > most }
    },
    async again(undelivered) {
      await this.add(undelivered, { ...undelivered, due: now() })
      await whereItHolds(
        client.send(
          new DeleteItemCommand({
            TableName,
            Key: { item: { S: undeliveredOf(undelivered.destination) }, detail: { S: undelivered.about } },
            ConditionExpression: '#givenUpAt = :givenUpAt',
            ExpressionAttributeNames: { '#givenUpAt': 'givenUpAt' },
            ExpressionAttributeValues: { ':givenUpAt': number(undelivered.givenUpAt) },
          }),
        ),
      )
    },
  }
}

const nameOf = ({ destination, about }: MessageKey) => `${destination}/${about}`

/** Keeps them in memory. */
export function memoryMessages(now: () => number): Messages {
  const ways = new Map<string, Message & { readonly until: number }>()
  const sent = new Map<string, SentMessage>()
  const givenUp = new Map<string, Undelivered>()
  const leave = (message: Message) => {
    const present = ways.get(nameOf(message))
    if (present?.commit === message.commit) ways.delete(nameOf(message))
    else if (present) ways.set(nameOf(message), { ...present, since: now(), tries: 0, why: null, until: 0 })
  }
  const sorted = <Value>(map: ReadonlyMap<string, Value>) =>
    [...map].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, value]) => value)
  return {
    async add({ destination, about }, { commit, rank, event, due }) {
      const present = ways.get(nameOf({ destination, about }))
      const fresh = {
        destination,
        about,
        commit,
        rank,
        event,
        since: now(),
        due,
        tries: 0,
        why: null,
        until: 0,
      }
      const known = present ?? fresh
      ways.set(nameOf(fresh), {
        ...known,
        commit: Math.max(known.commit, commit),
        rank: Math.max(known.rank, rank),
        due: known.why === null ? Math.min(known.due, due) : known.due,
      })
    },
    async due(destination, most) {
      const found = [...ways.values()].filter(
        (one) => one.destination === destination && one.due <= now() && one.until <= now(),
      )
      return leastTried(found, most)
    },
    async claim(key, until) {
      const present = ways.get(nameOf(key))
      if (!present || present.due > now() || present.until > now()) return undefined
      const claimed = { ...present, until, tries: present.tries + 1 }
      ways.set(nameOf(key), claimed)
      const { until: _, ...message } = claimed
      const before = sent.get(nameOf(key)) ?? null
      if (before === null || before.commit < message.commit) return { message, before }
      leave(message)
      return undefined
    },
    async sent(message, { commit, ref, said }) {
      sent.set(nameOf(message), { commit, ref, said, at: now() })
      leave(message)
    },
    async putOff(message, due, why) {
      const present = ways.get(nameOf(message))
      if (present)
        ways.set(nameOf(message), {
          ...present,
          due,
          until: 0,
          why: why?.slice(0, longestWhy) ?? present.why,
        })
    },
    async giveUp(message, why) {
      const { due: _, ...rest } = message
      givenUp.set(nameOf(message), { ...rest, why: why.slice(0, longestWhy), givenUpAt: now() })
      leave(message)
    },
    async undelivered(destination, most) {
      const found = sorted(givenUp)
        .filter((one) => one.destination === destination)
        .sort((left, right) => left.givenUpAt - right.givenUpAt)
      return { messages: found.slice(0, most), more: found.length > most }
    },
    async again(undelivered) {
      await this.add(undelivered, { ...undelivered, due: now() })
      if (givenUp.get(nameOf(undelivered))?.givenUpAt === undelivered.givenUpAt)
        givenUp.delete(nameOf(undelivered))
    },
  }
}
