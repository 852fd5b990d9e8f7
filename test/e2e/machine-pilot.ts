import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { abortUpgrade, continueUpgrade } from '../../functions/domain/upgrade/control.ts'
import { isEnd } from '../../functions/domain/upgrade/status.ts'
import { calm } from '../domain/upgrade/world.ts'
import { type MachineWorld, taskOf } from './machine-world.ts'

const id = 'story'
const turns = 400

/** How an upgrade goes when everybody does what it waits for. */
export type Course = 'to its end' | 'taken back'

/** What happened to an upgrade that was flown. */
export interface Flight {
  readonly status: string
  readonly generations: number
  /** The state that the execution of each generation was in last. */
  readonly lastStates: readonly string[]
  readonly targets: readonly string[]
}

/**
 * Flies one upgrade of two targets through an approval, a window, a canary, a bake and a gate, and from there to its end or back: whatever
 * it waits for, people and agents do. `meddle` is called once, when an execution is in the state named; its task hangs until it is released.
 */
export async function fly(
  world: MachineWorld,
  course: Course,
  meddling?: { readonly state: string; readonly hangs?: number; meddle(execution: string): Promise<void> },
): Promise<Flight> {
  const targets = await world.fleet(2)
  const start = new Date(world.clock.now() + 7200_000).toISOString()
  const end = new Date(world.clock.now() + 30 * 86_400_000).toISOString()
  if (meddling?.hangs !== undefined) world.hanging.set(taskOf(meddling.state), meddling.hangs)
  await world.request(id, {
    approvals: { required: 1, approvers: null, expiresInSeconds: 86_400 },
    ...{ window: { start, end }, bakeSeconds: 3600 },
  })
  let meddled = meddling === undefined
  for (let turn = 0; turn < turns; turn += 1) {
    await world.settle()
    const upgrade = await world.upgrade(id)
    const name = `${id}-${upgrade.generation}`
    const state = world.stateOf(name)
    if (!meddled && meddling !== undefined && state === meddling.state) {
      meddled = true
      await meddling.meddle(name)
      continue
    }
    // What hung acts at last, while the upgrade is somewhere else.
    if (upgrade.generation > 1) await world.release()
    if (isEnd(upgrade.status) && state === 'Ended') return flight(world, targets)
    if (state === 'Await approval') {
      const planHash = upgrade.plan?.planHash ?? ''
      await world.command(id, approveUpgrade({ by: 'operator-2', planHash, comment: null }, calm))
    } else if (state === 'Await the window')
      world.clock.advance((Date.parse(start) - world.clock.now()) / 1000)
    else if (state === 'Await the wave') await world.work(targets)
    else if (state === 'Let it bake') world.clock.advance(3600)
    else if (state === 'Await the gate' && course === 'to its end')
      await world.command(id, continueUpgrade({ by: 'operator-2' }, calm))
    else if (state === 'Await the gate')
      await world.command(id, abortUpgrade({ by: 'operator-2', reason: 'bad', rollBack: true }))
    await world.minute()
  }
  throw new Error(`The upgrade does not end: ${(await flight(world, targets)).lastStates.join(', ')}`)
}

async function flight(world: MachineWorld, targets: readonly string[]): Promise<Flight> {
  const { status, generation } = await world.upgrade(id)
  const names = Array.from({ length: generation }, (_, number) => `${id}-${number + 1}`)
  return {
    ...{ status, targets, generations: generation },
    lastStates: names.map((name) => world.stateOf(name) ?? 'not started'),
  }
}
