import { describe, expect, it } from 'vitest'
import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { startWave } from '../../functions/domain/upgrade/execution.ts'
import { isAnswered } from '../../functions/reactor/duty.ts'
import { endWaits } from '../../functions/reactor/executions/end-waits.ts'
import { calm } from '../domain/upgrade/world.ts'
import { approval, awaitingApproval } from '../workflow/waits.ts'

const token = (generation: number) => ({
  stream: 'upgrade#u',
  generation,
  move: 'approval',
  place: 0,
  token: `t${generation}`,
})

/** Lets the duty act on the last commit of the upgrade; returns whether it is of any concern to it. */
async function actOnLast(world: Awaited<ReturnType<typeof awaitingApproval>>): Promise<boolean> {
  const last = (await Array.fromAsync(world.log.commits('upgrade#u'))).at(-1)
  if (!last || !isAnswered(endWaits.answers, last)) return false
  await endWaits.act(last, world)
  return true
}

describe('a wait of an execution', () => {
  it('is ended by what it waits for, once, and its token is forgotten', async () => {
    const world = await awaitingApproval()
    await world.tokens.store(token(1), 60)
    await world.decide(approveUpgrade(approval, calm))
    expect(await actOnLast(world)).toBe(true)
    expect(await actOnLast(world)).toBe(true)
    expect(world.redeemed).toMatchObject([{ token: 't1', as: { move: 'start-wave', place: 0 } }])
    expect(world.tokens.kept.size).toBe(0)
  })

  it('goes on while nothing has come', async () => {
    const world = await awaitingApproval()
    await world.tokens.store(token(1), 60)
    await actOnLast(world)
    expect(world.redeemed).toEqual([])
    expect(world.tokens.kept.size).toBe(1)
  })

  it('is not sent back by a duty that read the log before the wait began', async () => {
    const world = await awaitingApproval()
    await world.decide(approveUpgrade(approval, calm))
    const { list } = world.tokens
    const tokens = {
      ...world.tokens,
      // While the duty is on its way, the wave starts and its wait begins.
      async list(stream: string) {
        if (world.tokens.kept.size === 0) {
          await world.decide(startWave({ wave: 0, generation: 1 }, calm))
          await world.tokens.store({ ...token(1), move: 'wave' }, 60)
        }
        return list(stream)
      },
    }
    const [last] = (await Array.fromAsync(world.log.commits('upgrade#u'))).slice(-1)
    if (last) await endWaits.act(last, { ...world, tokens })
    expect(world.redeemed).toEqual([])
    expect(world.tokens.kept.size).toBe(1)
  })

  it('ends as superseded when it belongs to an older generation, whose token moves nothing on', async () => {
    const world = await awaitingApproval()
    await world.tokens.store(token(1), 60)
    await world.supersede(1)
    await world.tokens.store(token(2), 60)
    await actOnLast(world)
    expect(world.redeemed).toEqual([{ token: 't1', as: 'Superseded' }])
    expect([...world.tokens.kept.values()]).toMatchObject([{ token: 't2' }])
  })
})
