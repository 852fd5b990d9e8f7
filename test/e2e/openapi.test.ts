import { beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { fleet } from './agent.ts'
import { type Client, person } from './client.ts'
import { description, pathIn, strayingOf } from './description.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { deployedRoutes } from './template.ts'
import { ended } from './upgrades.ts'
import { validBodies } from './valid-bodies.ts'

let operator: Client
let upgradeId = ''
let target = ''
let component = ''

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  const { agents, deploy, component: made } = await fleet(operator, 1)
  component = made
  target = agents[0]?.id ?? ''
  upgradeId = await deploy()
  await agents[0]?.upgrade()
  await ended(operator, upgradeId, { status: 'completed' })
})

describe('/openapi.json (S32)', () => {
  it('S32 describes every route that the template deploys, and no other', async () => {
    const { paths, openapi } = await description()
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(deployedRoutes())
    expect(openapi).toBe('3.1.0')
  })

  it('names each operation once, with its path parameters, an answer and who may call it', async () => {
    const { paths } = await description()
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    )
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { path, operationId, parameters, responses, security } of operations) {
      const named = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`)
      expect([operationId, named.sort()]).toEqual([operationId, (path.match(/\{\w+\}/g) ?? []).sort()])
      // Of MCP a message alone is taken: the others say so.
      const good = path === '/mcp' && operationId !== 'sendMcpMessage' ? '405' : '2'
      expect(Object.keys(responses).filter((status) => status.startsWith(good))).not.toEqual([])
      const open = ['/health', '/openapi.json', '/.well-known/oauth-protected-resource/mcp']
      expect([operationId, security.length]).toEqual([operationId, open.includes(path) ? 0 : 1])
    }
  })

  it('every route that reads answers as it is described', async () => {
    const { paths } = await description()
    const base = '/api/v1/upgrade-profiles'
    const { depends_on: _, ...profile } = { depends_on: null, ...validBodies[`POST ${base}`] }
    const { body: created } = await operator.send<{ id: string }>('POST', base, { body: profile })
    const calendar = { body: validBodies['PUT /api/v1/calendars/{name}'] }
    await operator.send('PUT', '/api/v1/calendars/described', calendar)
    const procedure = { body: validBodies['PUT /api/v1/procedures/{name}'] }
    await operator.send('PUT', '/api/v1/procedures/described', procedure)
    const many = Array.from({ length: 1001 }, (_, place) => ({
      resource_id: `no-such-${place}`,
      resource_type: 'publisher',
    }))
    const { body: assigned } = await operator.send<{ job_id: string }>(
      'POST',
      `${base}/${created.id}/assignments`,
      { body: { resource_assignments: many } },
    )
    const phase = { name: 'all', component, version: 'v1.2.0', strategy: 'all' }
    const rollout = { name: 'described', phases: [phase], approvals: { required: 1 } }
    await operator.write('/api/v1/releases', {
      component,
      version: 'v1.2.0',
      digest: `sha256:${'2f'.repeat(32)}`,
    })
    const signer = newSigner()
    const admin = await person('admin-1', 'admin')
    await admin.write('/api/v1/keys', { publicKey: signer.publicKey, label: 'described' })
    const manifest = manifestOf({ component, expires: '2100-01-01T00:00:00Z' })
    const signatures = [signatureOf(signer, manifest)]
    await operator.write('/api/v1/releases', { manifest, signatures })
    await admin.send('PUT', '/api/v1/policies/described', { body: { selector: { components: ['no-such'] } } })
    const licence = 'd3'.repeat(32)
    await operator.send('PUT', `/api/v1/licences/${licence}`, { body: { label: 'described' } })
    const to = { kind: 'email', from: 'a@drydock.local', to: ['b@drydock.local'] }
    await admin.send('PUT', '/api/v1/destinations/described', { body: to })
    const { rolloutId } = (await operator.write<{ rolloutId: string }>('/api/v1/rollouts', rollout)).body
    const values: Readonly<Record<string, string>> = {
      ...{ '{component}': component, '{version}': 'v1.1.0', '{name}': 'described' },
      '{licence}': licence,
    }
    for (const [path, methods] of Object.entries(paths)) {
      if (!('get' in methods) || path.startsWith('/api/v1/updates/')) continue
      const ofProfile = path.startsWith(base)
      const ids = [
        [base, created.id],
        ['/api/upgrades', upgradeId],
        ['/api/v1/rollouts', rolloutId],
      ] as const
      const [, id] = ids.find(([start]) => path.startsWith(start)) ?? ['', target]
      const job = ofProfile ? assigned.job_id : `${upgradeId}-1`
      const signed = path.endsWith('/manifest') ? path.replace('{version}', manifest.version) : path
      const asked = signed.replace('{jobId}', job).replaceAll(/\{\w+\}/g, (name) => values[name] ?? id)
      // The client compares the answer with its schema.
      const status = path === '/mcp' ? 405 : 200
      expect([asked, (await operator.get(asked)).status]).toEqual([asked, status])
    }
  })

  it('describes the bodies that are taken, and refuses what is not', async () => {
    const { paths } = await description()
    for (const [routeKey, valid] of Object.entries(validBodies)) {
      const [method = '', path = ''] = routeKey.split(' ')
      const media = paths[path]?.[method.toLowerCase()]?.requestBody?.content['application/json']
      const schema = z.fromJSONSchema(media?.schema ?? false)
      expect([routeKey, schema.safeParse(valid).success]).toEqual([routeKey, true])
      expect([routeKey, schema.safeParse({ ...valid, tenantId: 'x' }).success]).toEqual([routeKey, false])
    }
  })
})

describe('the comparison of answers with the description', () => {
  it('finds a field that is missing, one too many, one of another type, and a status that is not described', async () => {
    const described = await description()
    const path = `/api/upgrades/${upgradeId}/status`
    const { body } = await operator.get<Record<string, unknown>>(path)
    const seen = { method: 'GET', path, status: 200, contentType: 'application/json' }
    const { total: _, ...without } = body
    expect(strayingOf(described, { ...seen, body })).toEqual([])
    for (const wrong of [without, { ...body, secret: 1 }, { ...body, total: '1' }])
      expect(strayingOf(described, { ...seen, body: wrong })).not.toEqual([])
    expect(strayingOf(described, { ...seen, status: 418, body })).not.toEqual([])
    expect(strayingOf(described, { ...seen, contentType: 'text/html', body })).not.toEqual([])
    expect(strayingOf(described, { ...seen, path: '/api/nothing', body })).not.toEqual([])
  })

  it('finds the route of a path, the literal one first', async () => {
    const described = await description()
    expect(pathIn(described, '/api/upgrades/deploy')).toBe('/api/upgrades/deploy')
    expect(pathIn(described, '/api/upgrades/u-1?at=x')).toBe('/api/upgrades/{id}')
  })

  it('is served without a credential, as JSON', async () => {
    const response = await fetch(`${runtimeOfFile().url}/openapi.json`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
  })
})
