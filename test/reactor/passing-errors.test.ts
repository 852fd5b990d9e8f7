import { beforeEach, describe, expect, it } from 'vitest'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { exists } from '../../functions/domain/upgrade/state.ts'
import { isLasting } from '../../functions/errors.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { projectRecords } from '../../functions/views/records.ts'
import { oneByOne } from '../../functions/views/store.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { base, examples } from '../api/profile-examples.ts'
import { openWorld, type World } from '../api/world.ts'
import { projectorOver } from '../views/adversary.ts'

/** What AWS, its SDK and Node say while rights, credentials, names or limits are not what they should be. */
const faults: Readonly<Record<string, () => Error>> = {
  'without the right': () => client('AccessDeniedException', 400),
  'without the key': () => client('KMSAccessDeniedException', 400),
  'with a key that is switched off': () => client('KMSDisabledException', 400),
  'with credentials that ran out': () => client('ExpiredTokenException', 400),
  'with credentials that nobody knows': () => client('UnrecognizedClientException', 400),
  'with no credentials at all': () => named('CredentialsProviderError', 'Could not load credentials'),
  'while names do not resolve': () => node('EAI_AGAIN'),
  'while there is no such name': () => node('ENOTFOUND'),
  'beyond a limit': () => client('LimitExceededException', 400),
  'beyond a limit of executions': () => client('ExecutionLimitExceeded', 400),
  'beyond a quota': () => client('ServiceQuotaExceededException', 402),
  'too often': () => client('ThrottlingException', 400),
  'without its table': () => client('ResourceNotFoundException', 400),
}

const named = (name: string, message: string) => Object.assign(new Error(message), { name })
const node = (code: string) => Object.assign(new Error(`getaddrinfo ${code}`), { code })
const client = (name: string, httpStatusCode: number) =>
  Object.assign(named(name, 'refused'), { $fault: 'client', $metadata: { httpStatusCode } })

/** The calls that duties make, each of a part of what they reach. */
const calls = {
  log: ['load', 'of'],
  views: ['liveUpgrades'],
  upgradeExecutions: ['start'],
  tokens: ['list', 'remove'],
  redemption: ['succeed'],
  windowSchedules: ['list', 'create'],
  repeats: ['keep'],
} as const

type Part = Record<string, (...asked: unknown[]) => unknown>

/** Denies one call of the world's services until it is cured; says how often it was denied. */
function deny(world: World, part: string, call: string, fault: () => Error) {
  const reached = (world.services as unknown as Record<string, Part>)[part] ?? {} // by the names above
  const usual = reached[call]
  let denied = 0
  reached[call] = () => {
    denied++
    throw fault()
  }
  return {
    times: () => denied,
    cure: () => {
      if (usual) reached[call] = usual
    },
  }
}

/** A bus that says what it took, and takes nothing while it is denied. */
function watchedBus(world: World) {
  const heard: string[] = []
  let fault: (() => Error) | undefined
  world.services.bus.client.send = (async ({ input }: { input: { Entries: { Detail: string }[] } }) => {
    if (fault) throw fault()
    heard.push(...input.Entries.map(({ Detail }) => JSON.parse(Detail).type))
    return { FailedEntryCount: 0 }
  }) as unknown as typeof world.services.bus.client.send // the duty calls it with entries alone
  return {
    heard,
    deny(by: () => Error) {
      fault = by
    },
    cure() {
      fault = undefined
    },
  }
}

/** People do this, while what follows from it is denied: a deploy that waits for its approval, a profile, a stop and its end. */
async function happens(world: World): Promise<string> {
  const early = true
  const body = { component: 'api', version: 'v1.2.0', strategy: 'all', approvals: { required: 1 } }
  const { body: answer } = await world.call('POST', '/api/upgrades/deploy', { body, early })
  await world.call('POST', base, { body: examples.weekly, early })
  const stop = await world.call('POST', '/api/v1/stop', { body: { reason: 'to look' }, early })
  await world.call('DELETE', `/api/v1/stop/${stop.body.stopId}`, { query: { reason: 'seen' }, early })
  return answer.upgradeId
}

/** What came of it. */
async function outcome(world: World, id: string, heard: readonly string[]) {
  const { state } = await world.log.load(upgradeAggregate, id)
  return {
    upgrade: exists(state) && state.standing.status,
    executions: world.services.executions.size,
    redeemed: new Set(world.services.redeemed.map(({ token }) => token)).size,
    schedules: world.schedules.all.size,
    heard: [...new Set(heard)].sort(),
    parked: await world.services.parked.list(),
  }
}

let usual: Awaited<ReturnType<typeof outcome>>

async function prepared() {
  const world = openWorld({ heard: true })
  await world.fleet(3)
  return { world, bus: watchedBus(world) }
}

/** Keeps the token of the wait in which its execution stands. */
async function waits(world: World, id: string): Promise<void> {
  const wait = { stream: `upgrade#${id}`, generation: 1, move: 'plan', place: 0 }
  await world.services.tokens.store({ ...wait, token: 'token-1' }, 60)
}

beforeEach(async () => {
  const { world, bus } = await prepared()
  const id = await happens(world)
  await waits(world, id)
  await world.settle()
  usual = await outcome(world, id, bus.heard)
  expect(usual).toMatchObject({ upgrade: 'pending_approval', executions: 1, redeemed: 1, parked: [] })
})

const everyCall = Object.entries(calls).flatMap(([part, names]) => names.map((name) => [part, name] as const))

describe('what the reactor is denied for a while is all done afterwards, and nothing is set aside', () => {
  it.each(Object.entries(faults))('%s', async (_words, fault) => {
    for (const [part, call] of everyCall) {
      const { world, bus } = await prepared()
      const id = await happens(world)
      await waits(world, id)
      const denial = deny(world, part, call, fault)
      for (let minute = 0; minute < 5; minute++) {
        expect([part, call, (await world.deliver()).size > 0]).toEqual([part, call, true])
        world.pass(60)
      }
      expect(denial.times()).toBeGreaterThanOrEqual(5)
      expect([part, call, await world.services.parked.list()]).toEqual([part, call, []])
      denial.cure()
      await world.settle()
      expect([part, call, await outcome(world, id, bus.heard)]).toEqual([part, call, usual])
    }
  })

  it.each(Object.entries(faults))('nor is what the bus is not told, %s', async (_words, fault) => {
    const { world, bus } = await prepared()
    const id = await happens(world)
    await waits(world, id)
    bus.deny(fault)
    for (let minute = 0; minute < 5; minute++) expect((await world.deliver()).size).toBeGreaterThan(0)
    expect(bus.heard).toEqual([])
    bus.cure()
    await world.settle()
    expect(await outcome(world, id, bus.heard)).toEqual(usual)
  })
})

describe('projector and reactor decide by one rule', () => {
  it.each(Object.entries(faults))('what may pass is not lasting: %s', async (_words, fault) => {
    expect(isLasting(fault())).toBe(false)
    const { world } = await prepared()
    const store = memoryViewStore()
    const down = oneByOne({ ...store, put: () => Promise.reject(fault()) })
    const parked = memoryParked(() => 0)
    const reports = { tampered: () => {}, postponed: () => {}, attempts: () => {} }
    const { batchItemFailures } = await projectRecords(
      world.log.records,
      projectorOver(down, world.log, parked),
      reports,
    )
    expect([batchItemFailures.length, await parked.list()]).toEqual([1, []])
  })
})
