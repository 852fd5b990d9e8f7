import { discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { expect, it, onTestFinished } from 'vitest'
import { tools } from '../../contracts/mcp.ts'
import { toldBy } from '../api/mcp-client.ts'
import { fleet } from './agent.ts'
import { type Problem, person, tokenFor } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'

async function connected(user: string, role: string) {
  const token = await tokenFor(user, [role])
  const client = new Client({ name: 'tests', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', runtimeOfFile().url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  })
  // The client's transport writes undefined where its interface leaves out.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  onTestFinished(() => client.close())
  const call = async (name: string, given: Record<string, unknown>) =>
    toldBy(await client.callTool({ name, arguments: given }))
  return { client, call }
}

it('P14: the official client plans, asks why and approves on the deployed stack, with the rights of its person', async () => {
  const operator = await person('operator-1', 'operator')
  const { component, agents } = await fleet(operator, 2)
  const { client, call } = await connected('viewer-mcp', 'viewer')
  const listed = (await client.listTools()).tools.map(({ name }) => name)
  expect(listed).toEqual(
    tools.filter((name) => !/^(create|update|delete|assign|approve|reject|pause)/.test(name)),
  )
  const body = { component, version: 'v1.1.0', strategy: 'all', approvals: { required: 1 } }
  const { body: planned } = await call('planUpgrade', body)
  expect(planned.planHash).toEqual(expect.any(String))
  expect((await call('explainTarget', { targetId: agents[0]?.id })).isError).toBe(false)
  expect((await call('getUpgradeProfile', { profile_id: 'none' })).body.code).toBe('profile-not-found')

  const { upgradeId } = (await operator.write<{ upgradeId: string }>('/api/upgrades/deploy', body)).body
  const given = { upgradeId, planHash: planned.planHash, idempotencyKey: 'yes' }
  expect((await call('approveUpgrade', given)).body.code).toBe('forbidden')
  const own = await connected('operator-1', 'admin')
  expect((await own.call('approveUpgrade', given)).body.code).toBe('self-approval')
  const approver = await connected('approver-mcp', 'approver')
  expect((await approver.call('approveUpgrade', given)).isError).toBe(false)
  expect((await approver.call('approveUpgrade', given)).isError).toBe(false)
})

it('P14: without a token the gateway lets nobody in, and no stream is there', async () => {
  const url = new URL('/mcp', runtimeOfFile().url)
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401)
  const viewer = await person('viewer-mcp', 'viewer')
  const refused = await viewer.send<Problem>('GET', '/mcp')
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST'])
})

it('RFC 9728: the official client finds who issues its tokens, without having one', async () => {
  const { url } = runtimeOfFile()
  const found = await discoverOAuthProtectedResourceMetadata(new URL('/mcp', url))
  expect(found).toEqual({
    resource: new URL('/mcp', url).href,
    resource_name: 'Drydock',
    authorization_servers: [expect.stringMatching(/^https?:/)],
    bearer_methods_supported: ['header'],
  })
})
