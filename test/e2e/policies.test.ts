import { afterAll, beforeAll, expect, it } from 'vitest'
import { fleet } from './agent.ts'
import { type Client, type Problem, person } from './client.ts'
import { eventually } from './patience.ts'
import { ended, statusOf } from './upgrades.ts'

let operator: Client
let approver: Client
let admin: Client
const defined: string[] = []

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  approver = await person('approver-1', 'approver')
  admin = await person('admin-1', 'admin')
})

// Others are run on this runtime afterwards: nothing of these may bind what they do.
afterAll(async () => {
  for (const name of defined) await admin.send('DELETE', `/api/v1/policies/${name}?reason=over`)
})

interface Tried {
  readonly met: boolean
  readonly unmet: readonly { readonly code: string }[]
}

it('M15: production is reached by way of staging, with a check that has passed and the word of an administrator', async () => {
  const { component, agents, deploy } = await fleet(operator, 2)
  const [staging, production] = agents
  const environments = { staging, production }
  for (const [environment, agent] of Object.entries(environments))
    await operator.send('PATCH', `/api/v1/targets/${agent?.id}`, { body: { tags: { environment } } })
  const policy = `policy-of-${component}`
  defined.push(policy)
  const put = await admin.send('PUT', `/api/v1/policies/${policy}`, {
    body: {
      selector: { components: [component], environments: ['production'] },
      ...{ approvalRequired: true, approverRole: 'admin', complianceChecks: ['scan'] },
      ...{ testingRequired: true, testEnvironments: ['staging'] },
    },
  })
  expect(put.status).toBe(201)
  const to = (environment: string) => ({ targets: { tags: { environment } } })
  const asked = { component, version: 'v1.1.0', strategy: 'all', ...to('production') }
  const tried = () => operator.write<Tried>('/api/v1/policies/try', asked)
  expect((await tried()).body.unmet.map(({ code }) => code)).toEqual(['not-tested', 'check-missing'])
  const refused = await operator.post<Problem>('/api/upgrades/deploy', asked)
  expect([refused.status, refused.body.code]).toEqual([422, 'policy-unmet'])

  const test = await eventually(
    () => deploy(to('staging')),
    (id) => expect(id).toBeTruthy(),
  )
  await staging?.upgrade()
  await ended(operator, test, { status: 'completed', completed: 1 })
  const evidence = { url: 'https://ci.example.com/scans/1' }
  const verdict = { check: 'scan', verdict: 'passed', evidence }
  await approver.write(`/api/v1/releases/${component}/v1.1.0/verdicts`, verdict)
  await eventually(tried, ({ body }) => expect(body).toMatchObject({ met: true, unmet: [] }))

  const upgrade = await deploy(to('production'))
  await statusOf(operator, upgrade, { status: 'pending_approval', holds: [{ code: 'APPROVAL' }] })
  const { plan } = await operator.read<{ plan: { planHash: string } }>(`/api/upgrades/${upgrade}`)
  const approve = (client: Client) =>
    client.post<Problem>(`/api/upgrades/${upgrade}/approve`, { planHash: plan.planHash })
  expect((await approve(approver)).body.code).toBe('not-an-approver')
  expect((await approve(admin)).status).toBe(200)
  await production?.upgrade()
  await ended(operator, upgrade, { status: 'completed', completed: 1 })
})
