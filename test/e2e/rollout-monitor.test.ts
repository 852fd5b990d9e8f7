import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fleet } from './agent.ts'
import { type Client, person } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'

interface Watched {
  readonly status: string
  readonly nodes: readonly { readonly targetId: string; readonly phase: string; readonly status: string }[]
  readonly domains: readonly {
    readonly latest: { readonly code: number | null; readonly milliseconds: number } | null
    readonly failingSince: string | null
    readonly probes: number
    readonly failed: number
    readonly outages: readonly { readonly since: string; readonly until: string | null }[]
  }[]
}

let operator: Client
let status = 200
const { outboundPort } = runtimeOfFile()
const server = createServer((_request, response) => response.writeHead(status).end('a shop'))

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  server.listen(outboundPort, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

it('Z10: shows its nodes, and what customers met at a shop that failed in the middle', async () => {
  const { component, agents } = await fleet(operator, 2)
  const plan = {
    name: 'Shop',
    monitor: { domains: [{ url: `http://127.0.0.1:${outboundPort}/shop` }], everySeconds: 10 },
    phases: [{ name: 'shops', component, version: 'v1.1.0', strategy: 'all' }],
  }
  const { body } = await operator.write<{ readonly rolloutId: string }>('/api/v1/rollouts', plan)
  const watch = () => operator.read<Watched>(`/api/v1/rollouts/${body.rolloutId}/monitor`)
  const shop = (expected: (domain: Watched['domains'][number]) => void) =>
    eventually(watch, ({ domains: [domain] }) => {
      if (!domain) throw new Error('The rollout has no domain.')
      expected(domain)
    })
  await shop(({ latest, failed }) => expect([latest?.code, failed]).toEqual([200, 0]))
  await eventually(watch, ({ nodes }) => expect(nodes.map(({ phase }) => phase)).toEqual(['shops', 'shops']))
  status = 503
  await shop(({ latest, failingSince }) => {
    expect(latest?.code).toBe(503)
    expect(failingSince).not.toBeNull()
  })
  status = 200
  await shop(({ latest, failingSince, outages }) => {
    expect([latest?.code, failingSince, outages.length]).toEqual([200, null, 1])
    expect((outages[0]?.until ?? '') > (outages[0]?.since ?? '')).toBe(true)
  })
  await Promise.all(agents.map((agent) => agent.upgrade()))
  await eventually(watch, (watched) => {
    expect(watched.status).toBe('completed')
    expect(watched.nodes.map((node) => node.status)).toEqual(['completed', 'completed'])
  })
})

it('refuses to watch what the deployment does not let be called', async () => {
  const { component } = await fleet(operator, 1)
  const monitor = { domains: [{ url: 'http://127.0.0.1:1/' }] }
  const phases = [{ name: 'shops', component, version: 'v1.1.0', strategy: 'all' }]
  const { status: refused, body } = await operator.send<{ readonly errors: readonly object[] }>(
    'POST',
    '/api/v1/rollouts',
    { body: { name: 'Shop', monitor, phases } },
  )
  expect([refused, body.errors]).toMatchObject([400, [{ field: 'monitor.domains.0.url' }]])
})
