import { expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { count, noCounts } from '../../../functions/domain/upgrade/counts.ts'

type Outcome = Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>['data']['outcomes'][number]

const recorded = (...outcomes: readonly Pick<Outcome, 'outcome' | 'again'>[]): UpgradeEvent => ({
  type: 'OutcomesRecorded',
  data: {
    outcomes: outcomes.map((one, member) => ({ member, n: 1, code: null, commit: 4, ...one })),
    due: [],
  },
})

it('counts who took itself back among the failed, once it is not tried again', () => {
  const inFlight = { ...noCounts, inFlight: 3 }
  const waiting = count(inFlight, recorded({ outcome: 'rolled_back', again: 'retry' }))
  expect(waiting).toEqual({ ...noCounts, inFlight: 2, retrying: 1 })
  const over = count(
    waiting,
    recorded({ outcome: 'rolled_back', again: null }, { outcome: 'failed', again: null }),
  )
  expect(over).toEqual({ ...noCounts, retrying: 1, failed: 2, rolledBack: 1 })
})
