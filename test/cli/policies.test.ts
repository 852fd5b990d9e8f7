import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { commandAt, standIn } from './stand-in.ts'

const policy = {
  ...{ name: 'production', revision: 2, definedBy: 'admin-1', definedAt: '2026-01-05T10:00:00.000Z' },
  ...{ withdrawn: null, document: { parallel: 5 } },
}
const judged = {
  ...{ met: true, component: 'api', version: 'v1.2.0', planHash: 'ab', unmet: [], frozen: null, parallel: 5 },
  policies: [{ name: 'production', revision: 2 }],
  approvals: [{ policy: 'production', required: 1, approvers: null, role: 'admin', expiresInSeconds: 60 }],
}
const unmet = {
  ...{ policy: 'production', code: 'version-blocked', detail: 'v1.2.0 is blocked' },
  ...{ satisfiedBy: 'another version', from: null },
}

it('are defined by a file, listed, and taken out of service for a reason', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'production.json')
  writeFileSync(file, '{"parallel": 5}')
  const api = await standIn(({ path, method }) => [
    200,
    path === '/api/v1/policies' && method === 'GET'
      ? { policies: [policy], count: 1, nextCursor: null }
      : policy,
  ])
  expect((await commandAt(api, ['policies', 'define', 'production', file])).out).toContain('revision 2')
  expect(api.asked[0]).toMatchObject({
    method: 'PUT',
    path: '/api/v1/policies/production',
    body: { parallel: 5 },
  })
  expect((await commandAt(api, ['policies', 'list'])).out).toContain('production')
  expect(JSON.parse((await commandAt(api, ['policies', 'show', 'production'])).out)).toEqual(policy)
  const words = ['policies', 'withdraw', 'production']
  expect((await commandAt(api, words)).code).toBe(exitCodes.usage)
  expect((await commandAt(api, [...words, '--reason', 'two of it'])).code).toBe(exitCodes.done)
  expect(api.asked.at(-1)).toMatchObject({ method: 'DELETE', query: { reason: 'two of it' } })
})

it('are not defined by a file that says a thing twice: what is sent would say it once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'production.json')
  writeFileSync(file, '{"approvalRequired": true, "requiredApprovals": 3, "requiredApprovals": 1}')
  const api = await standIn(() => [200, policy])
  const { code, err } = await commandAt(api, ['policies', 'define', 'production', file])
  expect([code, api.asked]).toEqual([exitCodes.usage, []])
  expect(err).toContain('says requiredApprovals twice.')
})

it('say to a deploy what they would say, and by the exit code whether it would be refused', async () => {
  const words = [
    'policies',
    'try',
    '--component',
    'api',
    '--version',
    'v1.2.0',
    '--strategy',
    'all',
    '--tag',
    'environment=production',
  ]
  const well = await standIn(() => [200, judged])
  const said = await commandAt(well, words)
  expect([said.code, said.out]).toEqual([
    exitCodes.done,
    expect.stringContaining('1 approval of the role admin'),
  ])
  expect(well.asked[0]).toMatchObject({
    path: '/api/v1/policies/try',
    body: { component: 'api', version: 'v1.2.0', targets: { tags: { environment: 'production' } } },
  })
  const ill = await commandAt(await standIn(() => [200, { ...judged, met: false, unmet: [unmet] }]), words)
  expect([ill.code, ill.out]).toEqual([exitCodes.refused, expect.stringContaining('another version')])
})
