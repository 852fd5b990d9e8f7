import { afterAll, beforeAll, expect, test } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { assignAttempt } from '../../functions/domain/target/attempt.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt } from '../../functions/domain/target/report.ts'
import type { TargetDecision } from '../../functions/domain/target/state.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { openViewStore } from '../../functions/views/dynamo.ts'
import type { Dynamo } from '../contract/child.ts'
import { startDynamo } from '../contract/dynoxide.ts'
import { assignment, facts } from '../domain/target/stories.ts'
import { projectorOver } from './adversary.ts'
import { commitsOf } from './commits.ts'

let dynamo: Dynamo

beforeAll(async () => {
  dynamo = await startDynamo()
  await dynamo.createTables()
})
afterAll(() => dynamo?.stop())

test('an attempt costs four write units: its row three times and its target’s once (§11)', async () => {
  const given = assignment()
  const log = memoryLog({ now: () => Date.parse(given.acceptBy) - 60_000 })
  const store = openViewStore({ client: dynamo.client, table: 'Views' })
  const projector = projectorOver(store, log)
  const units: number[] = []
  const tell = async (decide: TargetDecision) => {
    const before = store.consumed().written
    const told = await log.execute(targetAggregate, 'customer-1', decide, {
      actor: 'alice',
      correlation: 'c',
    })
    expect(told.kind).toBe('committed')
    // Each commit by itself is the dearest way: nothing is folded into one write.
    await projector.project(commitsOf(log.records).slice(-1))
    units.push(store.consumed().written - before)
  }
  await tell(registerTarget({ facts, components: { api: '1.1.0', web: '3.0.0' }, enrolment: null }))
  await tell(assignAttempt(given))
  await tell(acceptAttempt({}))
  const output = 'x'.repeat(256)
  await tell(finishAttempt({ status: 'completed', version: 'v1.2.0', code: null, retryable: false, output }))
  expect(units).toEqual([1, 1, 1, 2])
  expect(store.consumed().lost).toBe(0)
})
