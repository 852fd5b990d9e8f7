import { beforeAll, describe, expect, it } from 'vitest'
import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { abortUpgrade, continueUpgrade } from '../../functions/domain/upgrade/control.ts'
import { endExecution } from '../../functions/domain/upgrade/execution.ts'
import { calm } from '../domain/upgrade/world.ts'
import type { HistoryEvent } from '../local/stepfunctions/world.ts'
import { fly } from './machine-pilot.ts'
import { definition, MachineWorld } from './machine-world.ts'

const waits = ['approval', 'window', 'wave', 'bake', 'gate']
const actions = ['locate', 'plan', 'start-wave', 'tick', 'revert', 'finish']
/** What a Retry for States.TaskFailed takes: any error of the task itself. */
const ofTheTask = 'Contended'
/** Every error that a Retry of a task names; a timeout is no error that a function throws. */
const troubles = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  ofTheTask,
]
const week = 604_800

const histories: HistoryEvent[][] = []
/** Those that end before their upgrade does, as they should. */
const unfinished: HistoryEvent[][] = []

const named = (event: HistoryEvent, details: string): string | undefined =>
  (event[details] as { name?: string; error?: string } | undefined)?.name
const errorOf = (event: HistoryEvent): string | undefined =>
  (Object.entries(event).find(([name]) => /EventDetails$/.test(name))?.[1] as { error?: string } | undefined)
    ?.error

/** Returns what a Retry or Catch calls an error: the last word is for those that are not named. */
function wordFor(
  error: string,
  { ErrorEquals }: { readonly ErrorEquals: readonly string[] },
): string | undefined {
  const unnamed = error === 'States.Timeout' ? 'States.ALL' : 'States.TaskFailed'
  return [error, unnamed].find((word) => ErrorEquals.includes(word))
}

/** Names the recovery of a state that took an error, by its place and the word that it took it for. */
function taken(
  state: string,
  error: string,
  recoveries: readonly { readonly ErrorEquals: readonly string[] }[],
): string {
  const index = recoveries.findIndex((recovery) => wordFor(error, recovery) !== undefined)
  const recovery = recoveries[index]
  return `${state} / ${index} / ${recovery && wordFor(error, recovery)}`
}

/** What a history drove: the states that were entered, the ways of each Choice, and which Retry and Catch took which error. */
function drivenIn(events: readonly HistoryEvent[]) {
  const states: string[] = []
  const ways: string[] = []
  const retries: string[] = []
  const catches: string[] = []
  let state = ''
  for (const [index, event] of events.entries()) {
    const entered = named(event, 'stateEnteredEventDetails')
    if (entered !== undefined && definition.States[state]?.Type === 'Choice')
      ways.push(`${state} / ${entered}`)
    if (entered !== undefined) states.push(entered)
    state = entered ?? state
    if (event.type !== 'TaskFailed' && event.type !== 'TaskTimedOut') continue
    const error = event.type === 'TaskTimedOut' ? 'States.Timeout' : (errorOf(event) ?? '')
    const { Retry = [], Catch = [] } = definition.States[state] ?? { Type: '' }
    const next = events[index + 1]?.type
    if (next === 'TaskScheduled') retries.push(taken(state, error, Retry))
    if (next === 'TaskStateExited') catches.push(taken(state, error, Catch))
  }
  return { states, ways, retries, catches }
}

/** One upgrade that goes through all it can, with every task failing in every way at its first invocations. */
async function wholeStory(): Promise<void> {
  const world = new MachineWorld()
  const ids = await world.fleet(2)
  for (const name of [...waits, ...actions]) world.faults.set(name, [...troubles])
  const start = new Date(world.clock.now() + 7200_000).toISOString()
  const end = new Date(world.clock.now() + 30 * 86_400_000).toISOString()
  const approvals = { required: 1, approvers: null, expiresInSeconds: 3600 }
  await world.request('story', { approvals, window: { start, end }, bakeSeconds: 3600 })
  await world.reaches('story-1', 'Await approval')
  await world.settle()
  const { plan } = await world.upgrade('story')
  await world.linger()
  await world.command(
    'story',
    approveUpgrade({ by: 'operator-2', planHash: plan?.planHash ?? '', comment: null }, calm),
  )
  await world.reaches('story-1', 'Await the window')
  await world.linger()
  world.clock.advance((Date.parse(start) - world.clock.now()) / 1000)
  await world.reaches('story-1', 'Await the wave')
  await world.linger()
  expect(await world.work(ids)).toBe(1)
  await world.reaches('story-1', 'Let it bake')
  await world.linger()
  world.clock.advance(3600)
  await world.reaches('story-1', 'Await the gate')
  await world.linger()
  // Nothing wakes the execution for a week: its wait times out, it asks the log, and the log says to wait on.
  world.clock.advance(week)
  await world.reaches('story-1', 'Await the gate')
  await world.command('story', continueUpgrade({ by: 'operator-2' }, calm))
  await world.reaches('story-1', 'Await the wave')
  // No agent takes the second: after a week the wait times out, and the log is told that its time is over.
  world.clock.advance(week)
  await world.reaches('story-1', 'Ended')
  expect(await world.upgrade('story')).toMatchObject({
    status: 'completed_with_exceptions',
    counts: { succeeded: 1, unreachable: 1, inFlight: 0 },
    generation: 1,
  })
  histories.push(world.history('story-1'))
}

async function nobodyApproves(): Promise<void> {
  const world = new MachineWorld()
  await world.fleet(1)
  await world.request('late', { approvals: { required: 1, approvers: null, expiresInSeconds: 3600 } })
  await world.reaches('late-1', 'Await approval')
  world.clock.advance(3600)
  await world.reaches('late-1', 'Ended')
  expect((await world.upgrade('late')).status).toBe('expired')
  histories.push(world.history('late-1'))
}

async function takenBack(): Promise<void> {
  const world = new MachineWorld()
  const ids = await world.fleet(2)
  await world.request('back')
  await world.reaches('back-1', 'Await the wave')
  expect(await world.work(ids)).toBe(1)
  await world.reaches('back-1', 'Await the gate')
  world.faults.set('revert', [...troubles])
  await world.command('back', abortUpgrade({ by: 'operator-2', reason: 'bad', rollBack: true }))
  await world.reaches('back-1', 'Ended')
  const { status, children } = await world.upgrade('back')
  expect([status, children.map(({ kind }) => kind)]).toEqual(['aborted', ['rollback']])
  const child = children[0]?.child ?? ''
  await world.reaches(`${child}-1`, 'Await the wave')
  expect(await world.work(ids)).toBe(1)
  await world.reaches(`${child}-1`, 'Ended')
  expect((await world.upgrade(child)).status).toBe('completed')
  histories.push(world.history('back-1'), world.history(`${child}-1`))
}

async function superseded(): Promise<void> {
  const world = new MachineWorld()
  const ids = await world.fleet(1)
  await world.request('old', { strategy: 'all', canaryPercent: null, continueByHand: false })
  await world.reaches('old-1', 'Await the wave')
  // Somebody took the first execution for dead.
  await world.command('old', endExecution({ generation: 1, status: 'NOT_STARTED', cause: null }))
  await world.reaches('old-2', 'Await the wave')
  await world.reaches('old-1', 'Continued by the next generation')
  expect(await world.work(ids)).toBe(1)
  await world.reaches('old-2', 'Ended')
  expect(await world.upgrade('old')).toMatchObject({ status: 'completed', generation: 2 })
  histories.push(world.history('old-1'), world.history('old-2'))
}

/** The function of every plain task does not answer once: the task times out, and is tried again. */
async function unanswered(): Promise<void> {
  for (const course of ['to its end', 'taken back'] as const) {
    const world = new MachineWorld()
    for (const action of actions) world.hanging.set(action, 1)
    expect((await fly(world, course)).generations).toBe(1)
    histories.push(world.history('story-1'))
  }
}

/** The log names a move that this definition does not know, as a newer version of the tasks might: the next generation goes on. */
async function unknownMove(): Promise<void> {
  const world = new MachineWorld()
  world.answers.set('locate', [{ move: 'dance', wave: 0, timeoutSeconds: 60 }])
  const flight = await fly(world, 'to its end')
  expect(flight).toMatchObject({ status: 'completed', generations: 2 })
  expect(flight.lastStates).toEqual(['This move is unknown', 'Ended'])
  expect(errorOf(world.history('story-1').at(-1) ?? ({} as HistoryEvent))).toBe('UnknownMove') // no event has no error
  unfinished.push(world.history('story-1'))
  histories.push(world.history('story-2'))
}

describe('the state machine of an upgrade, with its real tasks', () => {
  beforeAll(async () => {
    for (const story of [wholeStory, nobodyApproves, takenBack, superseded, unanswered, unknownMove])
      await story()
  })

  const states = Object.entries(definition.States)
  const all = () => [...histories, ...unfinished].map(drivenIn)
  const words = (name: string, recoveries: readonly { readonly ErrorEquals: readonly string[] }[] = []) =>
    recoveries.flatMap(({ ErrorEquals }, index) => ErrorEquals.map((word) => `${name} / ${index} / ${word}`))
  const expectDriven = (driven: readonly string[], declared: readonly string[]) =>
    expect([...new Set(driven)].sort()).toEqual([...declared].sort())

  it('was in every state', () => {
    expectDriven(
      all().flatMap(({ states: visited }) => visited),
      Object.keys(definition.States),
    )
  })

  it('went every way of every Choice, the default included', () => {
    const declared = states.flatMap(([name, { Choices = [], Default }]) =>
      [...Choices.map(({ Next }) => Next), ...(Default === undefined ? [] : [Default])].map(
        (next) => `${name} / ${next}`,
      ),
    )
    expectDriven(
      all().flatMap(({ ways }) => ways),
      declared,
    )
  })

  it('tried again by every Retry of every task, for every error that it names', () => {
    expectDriven(
      all().flatMap(({ retries }) => retries),
      states.flatMap(([name, { Retry }]) => words(name, Retry)),
    )
  })

  it('went on by every Catch, for every error that it names', () => {
    expectDriven(
      all().flatMap(({ catches }) => catches),
      states.flatMap(([name, { Catch }]) => words(name, Catch)),
    )
  })

  it('keeps no state of its own: the same faults end no execution', () => {
    for (const events of histories) expect(events.at(-1)?.type).toBe('ExecutionSucceeded')
  })
})
