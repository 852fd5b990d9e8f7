import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { day } from '../../events/time.ts'

/** By what a message is known: where it goes, and what it tells. */
export interface MessageKey {
  readonly destination: string
  /** The id of an event, or the stream whose state is told by one message that is edited. */
  readonly about: string
}

/** A message on its way. */
export interface Message extends MessageKey {
  /** What is told of: the commit that the message has to show, or a later one. */
  readonly commit: number
  /** The event itself, as the bus bore it; null: the state of a stream is told, and read when it is sent. */
  readonly event: string | null
  /** When it came in first, in milliseconds since the epoch. */
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
  readonly event: string | null
  readonly since: number
  readonly givenUpAt: number
  readonly tries: number
  readonly why: string
}

/** Messages that leave, until they have got there: each once, as far as who gets them can tell two apart. */
export interface Messages {
  /** Takes a message on its way. One that is on its way already shows the later commit, and is due by the earlier of both, unless it failed. */
  add(key: MessageKey, message: Pick<Message, 'commit' | 'event' | 'due'>): Promise<void>
  /** Returns those on their way to a destination whose time has come, and which nobody is sending: `most`, the oldest names first. */
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
  /** Returns those of a destination that were given up, the oldest names first; `more`: there are others. */
  undelivered(
    destination: string,
    most: number,
  ): Promise<{ readonly messages: readonly Undelivered[]; readonly more: boolean }>
  /** Takes one that was given up on its way again. */
  again(undelivered: Undelivered): Promise<void>
}

/** Rows about messages bear this, so that who may send them may touch nothing else. */
export const messagesPrefix = 'messages#'

/** As long as anybody may deliver an event a second time: the archive of the bus is not replayed here. */
const sentKept = 7 * day
/** Longer than anything is tried: what is on its way to a destination that is gone goes with it. */
const wayKept = 14 * day
const undeliveredKept = 14 * day
const longestWhy = 500

const wayTo = (destination: string) => `${messagesPrefix}way#${destination}`
const sentOf = (destination: string) => `${messagesPrefix}sent#${destination}`
const undeliveredOf = (destination: string) => `${messagesPrefix}undelivered#${destination}`

type Row = Readonly<Record<string, AttributeValue>>

function messageIn(row: Row): Message {
  return {
    ...{ destination: row.destination?.S ?? '', about: row.about?.S ?? '' },
    ...{ commit: Number(row.commit?.N), event: row.event?.S ?? null },
    ...{ since: Number(row.since?.N), due: Number(row.due?.N) },
    ...{ tries: Number(row.tries?.N ?? 0), why: row.why?.S ?? null },
  }
}

function sentIn(row: Row | undefined): SentMessage | null {
  if (!row) return null
  const { commit, ref, said, at } = row
  return { commit: Number(commit?.N), ref: ref?.S ?? null, said: said?.S ?? '', at: Number(at?.N) }
}

function undeliveredIn(row: Row): Undelivered {
  const { due: _, why, ...message } = messageIn(row)
  return { ...message, why: why ?? '', givenUpAt: Number(row.givenUpAt?.N) }
}

/** Has its time come, and is nobody sending it? */
const isDue = '#due <= :now AND (attribute_not_exists(#until) OR #until <= :now)'

/** Of a megabyte each, some thousand messages. */
const pagesALook = 5

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
  const wayOf = (key: MessageKey) => ({
    item: { S: wayTo(key.destination) },
    detail: { S: key.about },
  })
  const expires = (kept: number) => ({ expires: number(Math.ceil((now() + kept) / 1000)) })

  /** Returns what a request comes to; undefined where its condition does not hold. */
  async function unless<Result>(request: Promise<Result>): Promise<Result | undefined> {
    try {
      return await request
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined
      throw error
    }
  }

  async function query(item: string, most: number): Promise<{ rows: Row[]; more: boolean }> {
    const rows: Row[] = []
    let start: Record<string, AttributeValue> | undefined
    do {
      const { Items, LastEvaluatedKey } = await client.send(
        new QueryCommand({
          ...{ TableName, ConsistentRead: true, Limit: most + 1 - rows.length },
          KeyConditionExpression: '#item = :item',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':item': { S: item } },
          ExclusiveStartKey: start,
        }),
      )
      rows.push(...(Items ?? []))
      start = LastEvaluatedKey
    } while (start && rows.length <= most)
    return { rows: rows.slice(0, most), more: rows.length > most }
  }

  const fieldsOf = (
    key: MessageKey,
    { commit, event, since }: Pick<Message, 'commit' | 'event' | 'since'>,
  ) => ({
    ...{ destination: { S: key.destination }, about: { S: key.about } },
    ...{ commit: number(commit), since: number(since), ...(event !== null && { event: { S: event } }) },
    ...expires(wayKept),
  })

  /** Ends the way of a message, as far as it is known: a later commit goes on with it. */
  async function leave(message: Message): Promise<void> {
    const left = await unless(
      client.send(
        new DeleteItemCommand({
          ...{ TableName, Key: wayOf(message), ConditionExpression: '#commit = :commit' },
          ExpressionAttributeNames: { '#commit': 'commit' },
          ExpressionAttributeValues: { ':commit': number(message.commit) },
        }),
      ),
    )
    if (!left) await putOff(message, message.due, null)
  }

  async function putOff(message: Message, due: number, why: string | null): Promise<void> {
    await unless(
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

  return {
    async add(key, { commit, event, due }) {
      const fields = fieldsOf(key, { commit, event, since: now() })
      const names = Object.keys(fields)
      const kept = names.filter((name) => name !== 'commit')
      const added = await unless(
        client.send(
          new UpdateItemCommand({
            ...{ TableName, Key: wayOf(key), ReturnValues: 'ALL_NEW' },
            // What was known first stays: when it came, and that it waits for its time.
            UpdateExpression: `SET #commit = :commit, #due = if_not_exists(#due, :due), ${kept.map((name) => `#${name} = if_not_exists(#${name}, :${name})`).join(', ')}`,
            ConditionExpression: 'attribute_not_exists(#commit) OR #commit < :commit',
            ExpressionAttributeNames: Object.fromEntries([...names, 'due'].map((name) => [`#${name}`, name])),
            ExpressionAttributeValues: Object.fromEntries(
              Object.entries({ ...fields, due: number(due) }).map(([name, value]) => [`:${name}`, value]),
            ),
          }),
        ),
      )
      if (Number(added?.Attributes?.due?.N) <= due || !added) return
      // What waited for its time goes now; what did not get there waits on.
      await unless(
        client.send(
          new UpdateItemCommand({
            ...{ TableName, Key: wayOf(key), UpdateExpression: 'SET #due = :due' },
            ConditionExpression: '#due > :due AND attribute_not_exists(#why)',
            ExpressionAttributeNames: { '#due': 'due', '#why': 'why' },
            ExpressionAttributeValues: { ':due': number(due) },
          }),
        ),
      )
    },
    async due(destination, most) {
      const found: MessageKey[] = []
      let start: Record<string, AttributeValue> | undefined
      // Those whose time has not come may be many, and in front of those whose time has.
      for (let pages = 0; pages < pagesALook; pages++) {
        const { Items, LastEvaluatedKey } = await client.send(
          new QueryCommand({
            ...{ TableName, ConsistentRead: true, ExclusiveStartKey: start },
            KeyConditionExpression: '#item = :item',
            FilterExpression: isDue,
            ExpressionAttributeNames: { '#item': 'item', '#due': 'due', '#until': 'until' },
            ExpressionAttributeValues: { ':item': { S: wayTo(destination) }, ':now': number(now()) },
          }),
        )
        found.push(...(Items ?? []).map((row) => ({ destination, about: row.about?.S ?? '' })))
        start = LastEvaluatedKey
        if (!start || found.length >= most) break
      }
      return found.slice(0, most)
    },
    async claim(key, until) {
      const claimed = await unless(
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
        ...{ commit: number(commit), said: { S: said }, at: number(now()), ...expires(sentKept) },
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
      const { rows, more } = await query(undeliveredOf(destination), most)
      return { messages: rows.map(undeliveredIn), more }
    },
    async again(undelivered) {
      await this.add(undelivered, { ...undelivered, due: now() })
      const Key = { item: { S: undeliveredOf(undelivered.destination) }, detail: { S: undelivered.about } }
      await client.send(new DeleteItemCommand({ TableName, Key }))
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
    else if (present) ways.set(nameOf(message), { ...present, until: 0 })
  }
  const sorted = <Value>(map: ReadonlyMap<string, Value>) =>
    [...map].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, value]) => value)
  return {
    async add({ destination, about }, { commit, event, due }) {
      const present = ways.get(nameOf({ destination, about }))
      if (present && present.commit >= commit) return
      const fresh = { destination, about, event, since: now(), due, tries: 0, why: null, until: 0 }
      const whole = { ...fresh, ...present, commit }
      const sooner = whole.why === null ? Math.min(whole.due, due) : whole.due
      ways.set(nameOf({ destination, about }), { ...whole, due: sooner })
    },
    async due(destination, most) {
      return sorted(ways)
        .filter((one) => one.destination === destination && one.due <= now() && one.until <= now())
        .slice(0, most)
        .map(({ destination, about }) => ({ destination, about }))
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
      const found = sorted(givenUp).filter((one) => one.destination === destination)
      return { messages: found.slice(0, most), more: found.length > most }
    },
    async again(undelivered) {
      await this.add(undelivered, { ...undelivered, due: now() })
      givenUp.delete(nameOf(undelivered))
    },
  }
}
