import { randomUUID } from 'node:crypto'
import { ListCommandsCommand, SSMClient } from '@aws-sdk/client-ssm'
import { beforeAll, expect, it } from 'vitest'
import { type Client, person } from './client.ts'
import { stopExecution } from './executions.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'

let operator: Client
beforeAll(async () => {
  operator = await person('operator-1', 'operator')
})

interface Steps {
  readonly attempt: string | null
  readonly outcome: string | null
  readonly steps: readonly { readonly status: string; readonly output: string | null }[]
}

const instance = 'i-0123456789abcdef0'

/** Deploys to one node by a step that runs a document. */
async function deployed(document: string) {
  const name = `managed-${randomUUID().slice(0, 8)}`
  const digest = `sha256:${'cd'.repeat(32)}`
  await operator.write('/api/v1/releases', { component: name, version: 'v2.0.0', digest })
  const targets = [{ id: name, components: { [name]: 'v1.0.0' }, tags: { instance } }]
  await operator.write('/api/v1/targets', { targets })
  const step = {
    ...{ id: 'replace', name: 'Replace', inverse: 'none', timeoutSeconds: 300 },
    ssm: {
      ...{ instance: '{{ target.tags.instance }}', document, everySeconds: 1 },
      parameters: { commands: [`replace ${name} {{ attempt.to }}`] },
    },
  }
  const stored = await operator.send('PUT', `/api/v1/procedures/${name}`, { body: { steps: [step] } })
  expect(stored.status).toBe(200)
  const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
    ...{ component: name, version: 'v2.0.0', strategy: 'all', procedure: { name } },
  })
  return {
    name,
    steps: () => operator.read<Steps>(`/api/v1/targets/${name}/steps`),
    /** Waits until nothing of it goes on, which others that count what is written would see. */
    rests: (as: string) =>
      eventually(
        () => operator.read<{ readonly status: string }>(`/api/upgrades/${body.upgradeId}/status`),
        ({ status }) => expect(status).toBe(as),
      ),
  }
}

it('takes a managed node through a command, sent once whoever stops the execution', async () => {
  const { name, steps, rests } = await deployed('AWS-RunShellScript')
  await eventually(steps, ({ steps: [step] }) => expect(step?.status).toMatch(/running|done/))
  const { attempt } = await steps()
  await stopExecution(`${attempt}-1`, `procedure-${name}-r1`)
  await eventually(steps, ({ outcome }) => expect(outcome).toBe('succeeded'))
  expect((await steps()).steps).toMatchObject([
    { status: 'done', output: expect.stringContaining(`done by ${instance}`) },
  ])
  const { endpoints, administrator: credentials } = runtimeOfFile()
  const endpoint = endpoints.AWS_ENDPOINT_URL_SSM ?? ''
  const ssm = new SSMClient({ endpoint, credentials, region: 'eu-central-1' })
  const { Commands = [] } = await ssm.send(new ListCommandsCommand({ InstanceId: instance, MaxResults: 50 }))
  const sent = Commands.map(({ Parameters }) => Parameters?.commands)
  expect(sent.filter((commands) => commands?.[0]?.includes(name))).toEqual([[`replace ${name} v2.0.0`]])
  await rests('completed')
})

it('to a document that the deployment does not name is refused', async () => {
  const { steps, rests } = await deployed('AWS-RunPowerShellScript')
  await eventually(steps, ({ outcome }) => expect(outcome).toBe('failed'))
  expect((await steps()).steps).toMatchObject([
    { status: 'failed', code: 'AccessDeniedException', output: expect.stringContaining('ssm:SendCommand') },
  ])
  await rests('paused')
})
