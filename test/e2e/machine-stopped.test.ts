import { describe, expect, it } from 'vitest'
import { type Course, fly } from './machine-pilot.ts'
import { definition, isWait, MachineWorld } from './machine-world.ts'

const tasks = Object.keys(definition.States).filter((name) => definition.States[name]?.Type === 'Task')
const waits = tasks.filter(isWait)
const plain = tasks.filter((name) => !waits.includes(name))
/** Only an upgrade that is taken back comes here. */
const courseOf = (state: string): Course => (state === 'Roll back' ? 'taken back' : 'to its end')
const statusOf = (state: string): string => (state === 'Roll back' ? 'aborted' : 'completed')

/** Nothing may have been done twice, whoever was stopped and whoever came late. */
async function expectDoneOnce(world: MachineWorld, course: Course): Promise<void> {
  const types = (await world.story('story')).map(({ type }) => String(type))
  const count = (type: string) => types.filter((one) => one === type).length
  const { counts, children } = await world.upgrade('story')
  expect({ planned: count('UpgradePlanned'), started: count('WaveStarted') }).toEqual({
    planned: 1,
    started: course === 'to its end' ? 2 : 1,
  })
  expect(counts).toMatchObject({ succeeded: course === 'to its end' ? 2 : 1, inFlight: 0 })
  expect(children.map(({ kind }) => kind)).toEqual(course === 'to its end' ? [] : ['rollback'])
}

// In process, as only there a task can be held for as long as it takes; over HTTP the five waits are stopped in generations.test.ts. A
// Choice, a Succeed and a Fail are passed within one transition: an execution is never found in them.
describe('an execution that is stopped by hand, on the engine in process', () => {
  it.each(tasks)('in the state "%s": the next generation finishes the upgrade', async (state) => {
    const world = new MachineWorld()
    const course = courseOf(state)
    let stopped = ''
    const flight = await fly(world, course, {
      ...{ state, ...(plain.includes(state) && { hangs: 1 }) },
      async meddle(execution) {
        stopped = execution
        await world.stop(execution)
        expect(world.history(execution).at(-1)?.type).toBe('ExecutionAborted')
      },
    })
    expect(stopped).toBe('story-1')
    expect(flight).toMatchObject({ status: statusOf(state), generations: 2, lastStates: [state, 'Ended'] })
    await expectDoneOnce(world, course)
  })
})

describe('a task whose function does not answer in time', () => {
  it.each(plain)(
    'in the state "%s": it is tried again, and what comes late changes nothing',
    async (state) => {
      const world = new MachineWorld()
      const course = courseOf(state)
      const flight = await fly(world, course, {
        ...{ state, hangs: 1 },
        async meddle() {
          world.clock.advance(330)
          await world.linger()
          expect(await world.release()).toBe(1)
        },
      })
      expect(flight).toMatchObject({ status: statusOf(state), generations: 1, lastStates: ['Ended'] })
      expect(world.history('story-1').filter(({ type }) => type === 'TaskTimedOut').length).toBeGreaterThan(0)
      await expectDoneOnce(world, course)
    },
  )

  it.each(plain)('in the state "%s", and never: the next generation finishes the upgrade', async (state) => {
    const world = new MachineWorld()
    const course = courseOf(state)
    const flight = await fly(world, course, {
      ...{ state, hangs: 6 },
      async meddle(execution) {
        for (let attempt = 0; attempt < 6; attempt += 1) {
          world.clock.advance(330)
          for (let minute = 0; minute < 2; minute += 1) await world.minute()
        }
        expect(world.history(execution).at(-1)).toMatchObject({
          type: 'ExecutionFailed',
          executionFailedEventDetails: { error: 'States.Timeout' },
        })
      },
    })
    expect(flight).toMatchObject({ status: statusOf(state), generations: 2, lastStates: [state, 'Ended'] })
    await expectDoneOnce(world, course)
  })
})
