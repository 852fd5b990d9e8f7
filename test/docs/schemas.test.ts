import { expect, test } from 'vitest'
import * as z from 'zod'
import { rolloutPlan } from '../../contracts/rollouts.ts'
import { procedureDocument } from '../../events/procedure.ts'

test('the schema of a plan file is that by which it is checked', async () => {
  const { ...schema } = z.toJSONSchema(rolloutPlan, { io: 'input', unrepresentable: 'any' })
  const published = { ...schema, title: 'Drydock: the plan file of a rollout' }
  await expect(`${JSON.stringify(published, null, 2)}\n`).toMatchFileSnapshot(
    '../../docs/rollout-plan.schema.json',
  )
})

test('the schema of a procedure is that by which it is checked', async () => {
  const { ...schema } = z.toJSONSchema(procedureDocument, { io: 'input', unrepresentable: 'any' })
  const published = { ...schema, title: 'Drydock: a procedure' }
  await expect(`${JSON.stringify(published, null, 2)}\n`).toMatchFileSnapshot(
    '../../docs/procedure.schema.json',
  )
})
