import { describe, expect, it } from 'vitest'
import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { upgradeWorkflow } from '../../functions/workflow/upgrade/upgrade.ts'
import { beginWait } from '../../functions/workflow/waits.ts'
import { calm } from '../domain/upgrade/world.ts'
import { approval, awaitingApproval } from './waits.ts'

const position = { move: 'approval', place: 0, timeoutSeconds: 60 }
const task = { position, id: 'u', generation: 1, token: 't1' }

describe('the task that waits', () => {
  it('keeps its token while what it waits for has not come', async () => {
    const world = await awaitingApproval()
    await beginWait(upgradeWorkflow, world, task)
    expect([...world.tokens.kept.values()]).toMatchObject([{ token: 't1', move: 'approval', generation: 1 }])
    expect(world.redeemed).toEqual([])
  })

  it('goes on at once when it came before the token was asked for', async () => {
    const world = await awaitingApproval()
    await world.decide(approveUpgrade(approval, calm))
    await beginWait(upgradeWorkflow, world, task)
    expect(world.redeemed).toMatchObject([{ token: 't1', as: { move: 'start-wave' } }])
    expect(world.tokens.kept.size).toBe(0)
  })

  it('goes on at once when it comes just before the token is kept, where nobody else would redeem it', async () => {
    const world = await awaitingApproval()
    const tokens = {
      ...world.tokens,
      async store(...args: Parameters<typeof world.tokens.store>) {
        await world.decide(approveUpgrade(approval, calm))
        await world.tokens.store(...args)
      },
    }
    await beginWait(upgradeWorkflow, { ...world, tokens }, task)
    expect(world.redeemed).toMatchObject([{ token: 't1', as: { move: 'start-wave' } }])
    expect(world.tokens.kept.size).toBe(0)
  })

  it('is told that it was superseded when a later generation has taken over', async () => {
    const world = await awaitingApproval()
    await world.supersede(1)
    await beginWait(upgradeWorkflow, world, task)
    expect(world.redeemed).toMatchObject([{ token: 't1', as: { move: 'superseded' } }])
  })
})
