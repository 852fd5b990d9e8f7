import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, person } from './client.ts'
import { stopExecution } from './executions.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'

interface Node {
  version: string
  enabled: boolean
  instances: number
  replaced: number
}

interface Steps {
  readonly attempt: string | null
  readonly outcome: string | null
  readonly steps: readonly { readonly step: string; readonly direction: string; readonly status: string }[]
}

let operator: Client
let server: Server
const nodes = new Map<string, Node>()
const origin = () => `http://127.0.0.1:${runtimeOfFile().outboundPort}`

/** Nodes at paths of one server: each is drained before it is replaced, and its instances take time to leave. */
beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  server = createServer((request, response) => {
    const [, name = '', call = ''] = (request.url ?? '').split('/')
    const node = nodes.get(name)
    const say = (body: object, status = 200) => response.writeHead(status).end(JSON.stringify(body))
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      if (!node) return say({}, 404)
      const body = text === '' ? {} : JSON.parse(text)
      if (call === 'drain') node.enabled = false
      if (call === 'enable') node.enabled = true
      if (call === 'instances' && !node.enabled && node.instances > 0) node.instances--
      if (call === 'replace') {
        if (node.instances > 0) return say({ error: 'instances run' }, 409)
        node.version = body.version
        node.replaced++
      }
      if (call === 'restore') node.version = body.version
      return say({ version: node.version, active_instances: node.instances, status: 'healthy' })
    })
  }).listen(runtimeOfFile().outboundPort, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => server.close())

const at = (call: string) => `{{ target.tags.url }}/${call}`
const post = (call: string, body: object | null = null) => ({
  http: { request: { method: 'POST', url: at(call), ...(body && { body }) } },
})
const procedure = {
  steps: [
    {
      ...{ id: 'drain', name: 'Drain', repeatable: true, ...post('drain') },
      inverse: { name: 'Take work again', repeatable: true, ...post('enable') },
    },
    {
      ...{ id: 'leave', name: 'Wait until nothing runs', timeoutSeconds: 600 },
      poll: {
        request: { url: at('instances') },
        until: 'answer.body.active_instances == 0',
        everySeconds: 5,
      },
    },
    {
      ...{ id: 'replace', name: 'Replace', ...post('replace', { version: '{{ attempt.to }}' }) },
      check: { request: { url: at('health') }, done: 'answer.body.version == attempt.to' },
      inverse: { name: 'Restore', repeatable: true, ...post('restore', { version: '{{ attempt.from }}' }) },
    },
    { id: 'rest', name: 'Rest', wait: { seconds: 10 } },
    {
      ...{ id: 'healthy', name: 'Check health', timeoutSeconds: 60 },
      health: {
        checks: [
          {
            name: 'Node',
            request: { url: at('health') },
            expect: { where: "answer.body.status == 'healthy'" },
          },
        ],
      },
    },
    { id: 'enable', name: 'Enable', repeatable: true, inverse: 'none', ...post('enable') },
  ],
}

it('takes nodes through a procedure by real calls, whoever stops an execution, and back', async () => {
  const component = `node-${randomUUID().slice(0, 8)}`
  const name = component
  await operator.write('/api/v1/releases', {
    component,
    version: 'v2.0.0',
    digest: `sha256:${'cd'.repeat(32)}`,
  })
  const ids = [1, 2, 3].map((number) => `${component}-${number}`)
  for (const id of ids) nodes.set(id, { version: 'v1.0.0', enabled: true, instances: 2, replaced: 0 })
  const targets = ids.map((id) => ({
    id,
    components: { [component]: 'v1.0.0' },
    tags: { url: `${origin()}/${id}` },
  }))
  await operator.write('/api/v1/targets', { targets })
  const stored = await operator.send('PUT', `/api/v1/procedures/${name}`, { body: procedure })
  expect(stored).toMatchObject({ status: 200, body: { revision: 1, stateMachine: `procedure-${name}-r1` } })
  const deployed = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
    ...{ component, version: 'v2.0.0', strategy: 'all', procedure: { name } },
  })
  const { upgradeId } = deployed.body
  const [first = ''] = ids
  const stepsOf = (id: string) => operator.read<Steps>(`/api/v1/targets/${id}/steps`)
  await eventually(
    () => stepsOf(first),
    ({ steps }) => expect(steps.find(({ step }) => step === 'leave')?.status).toMatch(/running|done/),
  )
  const { attempt } = await stepsOf(first)
  await stopExecution(`${attempt}-1`, `procedure-${name}-r1`)
  await eventually(
    () => operator.read<{ readonly status: string }>(`/api/upgrades/${upgradeId}/status`),
    (status) => expect(status).toMatchObject({ status: 'completed', completed: 3 }),
  )
  for (const id of ids) expect(nodes.get(id)).toMatchObject({ version: 'v2.0.0', enabled: true, replaced: 1 })
  expect((await stepsOf(first)).steps.map(({ status }) => status)).toEqual(procedure.steps.map(() => 'done'))
  const back = await operator.write<{ readonly upgradeId: string }>(`/api/upgrades/${upgradeId}/rollback`, {
    reason: 'slow',
  })
  await eventually(
    () => operator.read<{ readonly status: string }>(`/api/upgrades/${back.body.upgradeId}/status`),
    (status) => expect(status).toMatchObject({ status: 'completed', completed: 3 }),
  )
  for (const id of ids) expect(nodes.get(id)).toMatchObject({ version: 'v1.0.0', enabled: true })
})
