import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import type { Commit } from '../../events/envelope.ts'
import type { DeadLetters } from '../../functions/dead-letters.ts'
import type { Log } from '../../functions/log/log.ts'
import { duties } from '../../functions/reactor/duties.ts'
import { isAnswered } from '../../functions/reactor/duty.ts'
import type { ReactorServices } from '../../functions/reactor/services.ts'
import type { Views } from '../../functions/views/views.ts'
import { memoryInbox } from '../../functions/work/inbox.ts'
import { memoryMessages } from '../../functions/work/messages.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { memoryProbes } from '../../functions/work/probes.ts'
import { memoryCallbacks } from '../../functions/work/procedure-callbacks.ts'
import type { Revision } from '../../functions/work/procedure-machines.ts'
import { memoryProgress } from '../../functions/work/progress.ts'
import { memoryPublished } from '../../functions/work/published.ts'
import { memoryRepeats } from '../../functions/work/repeats.ts'
import { memoryTelemetry } from '../../functions/work/telemetry.ts'
import type { StoredToken, Tokens, Wait } from '../../functions/work/tokens.ts'
import { memorySchedules } from './memory-schedules.ts'

/** Tokens in memory. */
export interface MemoryTokens extends Tokens {
  readonly kept: Map<string, StoredToken>
}

/** Returns tokens in memory. */
function memoryTokens(): MemoryTokens {
  const kept = new Map<string, StoredToken>()
  const key = ({ stream, generation, move, place }: Wait) => `${stream}/${generation}/${move}/${place}`
  return {
    kept,
    async store(stored) {
      kept.set(key(stored), stored)
    },
    list: async (stream) => [...kept.values()].filter((stored) => stored.stream === stream),
    async remove(stored) {
      if (kept.get(key(stored))?.token === stored.token) kept.delete(key(stored))
    },
  }
}

/** Everything that the duties reach, in memory. Executions are started and never run; the bus takes whatever it is told. */
export function memoryServices({
  log,
  views,
  now,
}: {
  readonly log: Log
  readonly views: Views
  now(): number
}) {
  const redeemed: { readonly token: string; readonly as: unknown }[] = []
  const executions = new Map<string, string>()
  const started = {
    async start(name: string) {
      if (!executions.has(name)) executions.set(name, 'RUNNING')
    },
    statusOf: async (name: string) => executions.get(name),
  }
  const machines = new Map<string, object>()
  const letters: Record<string, number> = {}
  const deadLetters: DeadLetters = {
    get queues() {
      return Object.keys(letters)
    },
    count: async (queue) => letters[queue] ?? 0,
  }
  const published: object[] = []
  const bus = {
    async send({ input }: PutEventsCommand) {
      published.push(...(input.Entries ?? []).map(({ Detail = '{}' }) => JSON.parse(Detail)))
      return { FailedEntryCount: 0 }
    },
  } as unknown as EventBridgeClient // the duty calls nothing but `send`
  return {
    log,
    views,
    now,
    telemetry: memoryTelemetry(now),
    probes: memoryProbes(),
    callbacks: memoryCallbacks(),
    uncallable: (url: string) => (url.includes('.example') ? undefined : `${url} may not be called.`),
    tokens: memoryTokens(),
    /** The tokens that were redeemed, with what they were told. */
    redeemed,
    redemption: {
      async succeed(token: string, output: unknown) {
        redeemed.push({ token, as: output })
      },
      async fail(token: string, error: string) {
        redeemed.push({ token, as: error })
      },
    },
    windowSchedules: memorySchedules(),
    /** The executions that were started, with how they stand. */
    executions,
    upgradeExecutions: started,
    rolloutExecutions: started,
    /** The state machines of procedures that are there, by the name and number of the revision. */
    machines,
    procedureMachines: {
      async make(
        { name, revision }: Revision,
        definition: (tasks: { step: string; helm: string }) => object,
      ) {
        machines.set(`${name}-r${revision}`, definition({ step: 'step', helm: 'helm' }))
      },
      async remove({ name, revision }: Revision) {
        machines.delete(`${name}-r${revision}`)
      },
      executions: () => started,
    },
    bus: { client: bus, name: 'drydock' },
    /** The details of the events that the bus was told, in order. */
    onBus: published,
    messages: memoryMessages(now),
    inbox: memoryInbox(now),
    parked: memoryParked(now),
    repeats: memoryRepeats(now),
    published: memoryPublished(),
    progress: memoryProgress(),
    deadLetters,
    /** How many dead letters each queue holds. */
    letters,
  } satisfies ReactorServices & Record<string, unknown>
}

/** Lets the duties of these names act on a commit, as far as they answer it; all of them where none is named. Answers which did. */
export async function actOn(
  commit: Commit,
  services: ReactorServices,
  ...named: readonly string[]
): Promise<string[]> {
  const acted: string[] = []
  const concerned = ({
    name,
    answers,
  }: (typeof duties.single)[number] | (typeof duties.collecting)[number]) =>
    (named.length === 0 || named.includes(name)) && isAnswered(answers, commit)
  for (const duty of duties.single.filter(concerned)) {
    await duty.act(commit, services)
    acted.push(duty.name)
  }
  for (const duty of duties.collecting.filter(concerned)) {
    await duty.act(duty.groupOf(commit), [commit], services)
    acted.push(duty.name)
  }
  return acted
}
