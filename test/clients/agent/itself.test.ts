import { describe, expect, it } from 'vitest'
import { openPlane, type Plane } from './place.ts'
import { agentProgram, agentRelease, openWatched, until } from './watched.ts'

const ends = ({ reports }: Plane) => reports.filter(({ status }) => status !== 'in-progress')

/** Waits for the end of a version, and returns what was reported of it. */
async function endOf(plane: Plane, version: string) {
  const found = () => ends(plane).find((report) => report.version === version)
  await until(() => found() !== undefined)
  return found()
}

describe('a new agent', () => {
  it('is tried, proves itself, is in force from then on, and says so', async () => {
    const plane = await openPlane()
    const machine = openWatched(plane)
    machine.keep()
    plane.offer(agentRelease('1.1.0', agentProgram('// 1.1.0')))
    expect(await endOf(plane, '1.1.0')).toMatchObject({ status: 'completed' })
    expect(machine.inForce()).toBe('1.1.0')
    expect(machine.journal()).toMatchObject({
      ...{ installed: null, kept: [], work: null },
      own: { installed: '1.1.0', kept: ['1.0.0'], counters: { stable: 110 } },
    })
  })
})
