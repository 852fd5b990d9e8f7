import { beforeAll, describe, expect, it } from 'vitest'
import { abortUpgrade, continueUpgrade } from '../../functions/domain/upgrade/control.ts'
import { approveUpgrade, endExecution } from '../../functions/domain/upgrade/lifecycle.ts'
import type { HistoryEvent } from '../local/stepfunctions/world.ts'
import { definition, MachineWorld } from './machine-world.ts'

const waits = ['approval', 'window', 'wave', 'bake', 'gate']
const actions = ['locate', 'plan', 'start-wave', 'tick', 'revert', 'finish']
/** One error for each Retry of a task: Lambda in trouble, then a fault of the task itself. */
const troubles = ['Lambda.TooManyRequestsException', 'LogContended']
const week = 604_800

const histories: HistoryEvent[][] = []

const named = (event: HistoryEvent, details: string): string | undefined =>
  (event[details] as { name?: string; error?: string } | undefined)?.name
const errorOf = (event: HistoryEvent): string | undefined =>
  (Object.entries(event).find(([name]) => /EventDetails$/.test(name))?.[1] as { error?: string } | undefined)
    ?.error

/** What a history drove: the states that were entered, and which Retry and Catch of them took an error. */
function drivenIn(events: readonly HistoryEvent[]) {
  const states: string[] = []
  const retries: string[] = []
  const catches: string[] = []
  let state = ''
  for (const [index, event] of events.entries()) {
    state = named(event, 'stateEnteredEventDetails') ?? state
    if (named(event, 'stateEnteredEventDetails') !== undefined) states.push(state)
    if (event.type !== 'TaskFailed' && event.type !== 'TaskTimedOut') continue
    const error = event.type === 'TaskTimedOut' ? 'States.Timeout' : (errorOf(event) ?? '')
    const takes = ({ ErrorEquals }: { readonly ErrorEquals: readonly string[] }) =>
      ErrorEquals.includes(error) || (error !== 'States.Timeout' && ErrorEquals.includes('States.TaskFailed'))
    const { Retry = [], Catch = [] } = definition.States[state] ?? { Type: '' }
    const next = events[index + 1]?.type
    if (next === 'TaskScheduled') retries.push(`${state} / ${Retry.findIndex(takes)}`)
    if (next === 'TaskStateExited') catches.push(`${state} / ${Catch.findIndex(takes)}`)
  }
  return { states, retries, catches }
}

/** One upgrade that goes through all it can, with every task failing in both ways at its first invocation. */
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
    approveUpgrade({ by: 'operator-2', planHash: plan?.planHash ?? '', comment: null }),
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
  await world.command('story', continueUpgrade({ by: 'operator-2' }))
  await world.reaches('story-1', 'Await the wave')
  // No agent takes the second: after a week the wait times out, and the log is told that its time is over.
  world.clock.advance(week)
  await world.reaches('story-1', 'Ended')
  expect(await world.upgrade('story')).toMatchObject({
    phase: 'completed_with_exceptions',
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
  expect((await world.upgrade('late')).phase).toBe('expired')
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
  const { phase, children } = await world.upgrade('back')
  expect([phase, children.map(({ kind }) => kind)]).toEqual(['aborted', ['rollback']])
  const child = children[0]?.child ?? ''
  await world.reaches(`${child}-1`, 'Await the wave')
  expect(await world.work(ids)).toBe(1)
  await world.reaches(`${child}-1`, 'Ended')
  expect((await world.upgrade(child)).phase).toBe('completed')
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
  expect(await world.upgrade('old')).toMatchObject({ phase: 'completed', generation: 2 })
  histories.push(world.history('old-1'), world.history('old-2'))
}

describe('the state machine of an upgrade, with its real tasks', () => {
  beforeAll(async () => {
    for (const story of [wholeStory, nobodyApproves, takenBack, superseded]) await story()
  })

  const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task')
  const all = () => histories.map(drivenIn)

  it('was in every state but the one for a step that nobody knows', () => {
    const visited = new Set(all().flatMap(({ states }) => states))
    const possible = Object.keys(definition.States).filter((name) => name !== 'This step is unknown')
    expect([...visited].sort()).toEqual(possible.sort())
  })

  it('tried again by every Retry of every task', () => {
    const driven = new Set(all().flatMap(({ retries }) => retries))
    const declared = tasks.flatMap(([name, { Retry = [] }]) => Retry.map((_, index) => `${name} / ${index}`))
    expect([...driven].sort()).toEqual(declared.sort())
  })

  it('went on by every Catch', () => {
    const driven = new Set(all().flatMap(({ catches }) => catches))
    const declared = tasks.flatMap(([name, { Catch = [] }]) => Catch.map((_, index) => `${name} / ${index}`))
    expect([...driven].sort()).toEqual(declared.sort())
  })

  it('keeps no state of its own: the same faults end no execution', () => {
    for (const events of histories) expect(events.at(-1)?.type).toBe('ExecutionSucceeded')
  })
})
