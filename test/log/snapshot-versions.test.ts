import { expect, it } from 'vitest'
import { memoryLog } from '../../functions/log/memory.ts'
import { account, accountWith, deposit, metadata } from './account.ts'

it('folds from the beginning where the state has another shape now than the snapshots', async () => {
  const log = memoryLog({ now: () => Date.parse('2026-03-01T00:00:00.000Z') })
  for (let cents = 1; cents <= 20; cents++) await log.execute(account, 'a', deposit(cents, ''), metadata)
  const commits = await Array.fromAsync(log.commits('account#a'))
  expect(commits.filter(({ snapshot }) => snapshot !== undefined).length, 'there is one').toBe(1)
  /** The next version of the state counts in half cents. */
  const next = accountWith({
    stateSchema: account.stateSchema + 1,
    evolve(state, event, context) {
      const after = account.evolve(state, event, context)
      return { ...after, cents: state.cents + 2 * (after.cents - state.cents) }
    },
  })
  expect((await log.load(account, 'a')).state.cents).toBe(210)
  expect((await log.load(next, 'a')).state.cents).toBe(420)
})
