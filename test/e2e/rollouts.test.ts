import { beforeAll, describe, expect, it } from 'vitest'
import { fleet } from './agent.ts'
import { type Client, person } from './client.ts'
import { standingOf, stateOf, stopExecution } from './executions.ts'
import { eventually } from './patience.ts'

interface Status {
  readonly status: string
  readonly completed: number
  readonly phases: readonly { readonly name: string; readonly status: string }[]
}

let operator: Client
let second: Client

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  second = await person('operator-2', 'operator', 'approver')
})

const statusOf = (id: string) => operator.read<Status>(`/api/v1/rollouts/${id}/status`)
const stands = (id: string, expected: object) =>
  eventually(
    () => statusOf(id),
    (status) => expect(status).toMatchObject(expected),
  )
const reaches = (name: string, state: string) =>
  eventually(
    () => stateOf(name, 'rollout'),
    (now) => expect([name, now]).toEqual([name, state]),
  )

describe('Z1: a platform is upgraded by one plan file', () => {
  it('phase after phase, whoever stops its execution, and back again in reverse order', async () => {
    const [databases, workers] = await Promise.all([fleet(operator, 1), fleet(operator, 2)])
    const raw = `
name: Platform
approvals: { required: 1 }
phases:
  - { name: databases, component: ${databases.component}, version: v1.1.0, strategy: all }
  - name: workers
    component: ${workers.component}
    version: v1.1.0
    strategy: batch
    batchSize: 1
    dependsOn: [databases]
`
    const headers = { 'content-type': 'application/yaml' }
    const { status, body } = await operator.send<{ readonly rolloutId: string; readonly planHash: string }>(
      'POST',
      '/api/v1/rollouts',
      { raw, headers },
    )
    expect(status).toBe(202)
    const { rolloutId: id, planHash } = body
    const path = `/api/v1/rollouts/${id}`
    await reaches(`${id}-1`, 'Await approval')
    await stopExecution(`${id}-1`, 'rollout')
    await reaches(`${id}-2`, 'Await approval')
    await second.write(`${path}/approve`, { planHash })
    await reaches(`${id}-2`, 'Await the phases')
    await stopExecution(`${id}-2`, 'rollout')
    await reaches(`${id}-3`, 'Await the phases')
    await stands(id, { phases: [{ status: 'in_progress' }, { status: 'waiting' }] })
    for (const agent of databases.agents) await agent.upgrade()
    await stands(id, { phases: [{ status: 'completed' }, { status: 'in_progress' }] })
    await Promise.all(workers.agents.map((agent) => agent.upgrade()))
    await stands(id, { status: 'completed', completed: 3 })
    await eventually(
      () => standingOf(`${id}-3`, 'rollout'),
      (standing) => expect(standing).toBe('SUCCEEDED'),
    )

    const { body: back } = await operator.write<{ readonly rolloutId: string }>(`${path}/rollback`, {
      reason: 'it loses orders',
    })
    await stands(back.rolloutId, { phases: [{ status: 'waiting' }, { status: 'in_progress' }] })
    await Promise.all(workers.agents.map((agent) => agent.upgrade()))
    for (const agent of databases.agents) await agent.upgrade()
    await stands(back.rolloutId, { status: 'completed', completed: 3 })
  })

  it('by a profile, of the resources that it means, and its history tells what the rollout came to', async () => {
    const [databases, workers] = await Promise.all([fleet(operator, 1), fleet(operator, 2)])
    const phases = [
      { name: 'databases', component: databases.component },
      { name: 'workers', component: workers.component, depends_on: ['databases'] },
    ]
    const { body: profile } = await operator.post<{ readonly id: string }>('/api/v1/upgrade-profiles', {
      name: 'Platform on Sundays',
      schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
      upgrade_settings: {
        ...{ target_version: 'stable', pre_upgrade_checks: false, rollback_on_failure: false },
        parallel_upgrades: 5,
      },
      resource_filters: { resource_types: ['customer'] },
      rollout: { phases },
    })
    const path = `/api/v1/upgrade-profiles/${profile.id}`
    const { body } = await operator.post<{ readonly execution_id: string }>(`${path}/executions`, {
      reason: 'It cannot wait until Sunday',
    })
    await stands(body.execution_id, { phases: [{ status: 'in_progress' }, { status: 'waiting' }] })
    for (const agent of databases.agents) await agent.upgrade()
    await stands(body.execution_id, { phases: [{ status: 'completed' }, { status: 'in_progress' }] })
    await Promise.all(workers.agents.map((agent) => agent.upgrade()))
    await stands(body.execution_id, { status: 'completed', completed: 3 })
    await eventually(
      () => operator.read<{ readonly executions: readonly object[] }>(`${path}/history`),
      ({ executions }) =>
        expect(executions).toMatchObject([
          { execution_id: body.execution_id, status: 'completed', resources_successful: 3 },
        ]),
    )
  })
})
