import {
  type AttributeValue,
  type DynamoDBClient,
  type ReturnValue,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { hour, instantOf, minute } from '../../events/time.ts'
import { readItems } from '../read-items.ts'
import { whereItHolds } from './rows.ts'

/** Two ends of one attempt that were both reported. */
export interface Contradiction {
  readonly attempt: string
  readonly recorded: string
  readonly reported: string
}

/** By what it is noticed that two machines speak with one credential. */
export type NoticedClone =
  | { readonly bootIds: readonly [string, string] }
  | { readonly contradiction: Contradiction }

/** What was noticed of two machines that speak with one credential. */
export interface Clones {
  /** When anything of it was noticed first, and last. */
  readonly since: string
  readonly lastAt: string
  /** The two that took turns last; none: they were told apart by nothing. */
  readonly bootIds: readonly string[]
  /** The last report that contradicted another; null: none did. */
  readonly contradiction: Contradiction | null
}

/** Who speaks with a target's credential. */
export interface Booted {
  /** Two machines that take turns: one spoke within the hour, then the other, and now the first again. Told every five minutes at most. */
  readonly alternating: readonly [string, string] | null
  /** Has no other machine spoken within the hour? */
  readonly alone: boolean
}

/** Which machines speak with the credentials of targets, as far as their agents say. */
export interface Machines {
  /** Notes that a target's agent speaks from a machine that was booted as this; written every five minutes while it stays the same. */
  booted(target: string, boot: string): Promise<Booted>
  /** Keeps by what it was noticed that two machines speak with a target's credential. */
  cloned(target: string, noticed: NoticedClone): Promise<void>
  /** Returns what was noticed of that in the last 30 days; null: nothing. */
  clonesOf(target: string): Promise<Clones | null>
}

/** Rows about agents bear this, so that who may read when they were heard of may read these too, and nothing else. */
export const seenPrefix = 'seen#'

/** A machine that was booted anew does not come back: within so long, in milliseconds, two that take turns are two. */
const turnsWithin = hour
/** How often it is noted that the same machine speaks, in milliseconds. */
const notedEvery = 5 * minute
const keptSeconds = 30 * 86_400

/** The machine that spoke last with a credential, and the one before it. */
interface Speakers {
  readonly boot: string
  readonly at: number
  readonly before: { readonly boot: string; readonly at: number } | null
}

/** Returns who speaks, when `boot` does now and these did before. */
function judged({ boot: last, at, before }: Speakers, boot: string, now: number): Booted {
  const isRecent = (instant: number) => now - instant <= turnsWithin
  const other = last === boot ? before : { boot: last, at }
  const isBack = last !== boot && before?.boot === boot && isRecent(before.at)
  return { alternating: isBack ? [boot, last] : null, alone: !(other && isRecent(other.at)) }
}

const same: Booted = { alternating: null, alone: true }

function speakersIn(item: Readonly<Record<string, AttributeValue>> | undefined): Speakers | null {
  const { boot, at, previous, previousAt } = item ?? {}
  if (boot?.S === undefined || at?.N === undefined) return null
  const before = previous?.S ? { boot: previous.S, at: Number(previousAt?.N) } : null
  return { boot: boot.S, at: Number(at.N), before }
}

function clonesIn(item: Readonly<Record<string, AttributeValue>>): Clones {
  const { since, last, boots, contradiction } = item
  const { attempt, recorded, reported } = contradiction?.M ?? {}
  return {
    since: instantOf(Number(since?.N)),
    lastAt: instantOf(Number(last?.N)),
    bootIds: boots?.L?.flatMap(({ S }) => S ?? []) ?? [],
    contradiction: contradiction
      ? { attempt: attempt?.S ?? '', recorded: recorded?.S ?? '', reported: reported?.S ?? '' }
      : null,
  }
}

/** Opens what is known of machines in the table `Work`; `now` is in milliseconds since the epoch. */
export function openMachines({
  client,
  table,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Machines {
  const noted = new Map<string, { readonly boot: string; readonly at: number; readonly booted: Booted }>()
  const told = new Map<string, number>()
  const keyOf = (target: string, detail: string) => ({
    item: { S: `${seenPrefix}${target}` },
    detail: { S: detail },
  })

  /** Updates a row where a condition holds; undefined where it does not. */
  function update(
    Key: ReturnType<typeof keyOf>,
    set: string,
    values: Record<string, AttributeValue>,
    { names, condition, returned }: { names: string[]; condition?: string; returned?: ReturnValue },
  ) {
    return whereItHolds(
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          UpdateExpression: `SET ${set}, expires = :expires`,
          ...(condition !== undefined && { ConditionExpression: condition }),
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: {
            ...values,
            ':expires': { N: String(Math.ceil(now() / 1000) + keptSeconds) },
          },
          ...(returned !== undefined && { ReturnValues: returned }),
        }),
      ),
    )
  }

  async function note(target: string, boot: string, at: number): Promise<Booted> {
    const key = keyOf(target, 'boot')
    const values = { ':boot': { S: boot }, ':now': { N: String(at) } }
    const still = await update(key, '#at = :now', values, {
      names: ['boot', 'at'],
      condition: '#boot = :boot',
      returned: 'ALL_OLD',
    })
    const known = speakersIn(still?.Attributes)
    if (known) return judged(known, boot, at)
    const moved = '#previous = if_not_exists(#boot, :none), #previousAt = if_not_exists(#at, :zero)'
    const changed = await update(
      key,
      `${moved}, #boot = :boot, #at = :now`,
      { ...values, ':none': { S: '' }, ':zero': { N: '0' } },
      {
        names: ['boot', 'at', 'previous', 'previousAt'],
        condition: 'attribute_not_exists(#boot) OR #boot <> :boot',
        returned: 'ALL_OLD',
      },
    )
    const before = speakersIn(changed?.Attributes)
    return before ? judged(before, boot, at) : same
  }

  return {
    async booted(target, boot) {
      const at = now()
      const known = noted.get(target)
      if (known && known.boot === boot && at - known.at < notedEvery) return known.booted
      if (noted.size >= 10_000) noted.clear()
      const booted = await note(target, boot, at)
      const quiet: Booted = { ...booted, alternating: null }
      noted.set(target, { boot, at, booted: quiet })
      // Two that ask every second are told of no more often than one is noted.
      if (!booted.alternating || at - (told.get(target) ?? 0) < notedEvery) return quiet
      if (told.size >= 10_000) told.clear()
      told.set(target, at)
      return booted
    },
    async cloned(target, noticed) {
      const at = { N: String(now()) }
      const [what, value]: [string, AttributeValue] =
        'bootIds' in noticed
          ? ['boots', { L: noticed.bootIds.map((S) => ({ S })) }]
          : [
              'contradiction',
              {
                M: Object.fromEntries(
                  Object.entries(noticed.contradiction).map(([name, S]) => [name, { S }]),
                ),
              },
            ]
      await update(
        keyOf(target, 'clones'),
        `#since = if_not_exists(#since, :now), #last = :now, #${what} = :what`,
        { ':now': at, ':what': value },
        { names: ['since', 'last', what] },
      )
    },
    async clonesOf(target) {
      const [found] = await readItems({ client, table }, [keyOf(target, 'clones')])
      return found ? clonesIn(found) : null
    },
  }
}

/** The twin in memory. */
export function memoryMachines(now: () => number): Machines {
  const speakers = new Map<string, Speakers>()
  const clones = new Map<string, Clones>()
  return {
    async booted(target, boot) {
      const at = now()
      const known = speakers.get(target)
      const before = known?.boot === boot ? known.before : (known ?? null)
      speakers.set(target, { boot, at, before: before && { boot: before.boot, at: before.at } })
      return known ? judged(known, boot, at) : same
    },
    async cloned(target, noticed) {
      const lastAt = instantOf(now())
      const before = clones.get(target) ?? { since: lastAt, bootIds: [], contradiction: null }
      clones.set(target, { ...before, ...noticed, lastAt })
    },
    clonesOf: async (target) => clones.get(target) ?? null,
  }
}
