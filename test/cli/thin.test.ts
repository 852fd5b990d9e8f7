import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scratch } from '../local/fixture.ts'
import { commandAt, standIn } from './stand-in.ts'

const id = createHash('sha256').update('a-key').digest('hex')
const licence = {
  ...{ licence: id, label: 'Customer 17', components: ['api'], channels: null, expires: null, revoked: null },
}
const licensing = { component: 'api', required: true, channels: ['stable'] }
const proofs = {
  ...{ component: 'api', version: 'v1', testedBy: [] },
  verdicts: [
    {
      ...{ check: 'scan', verdict: 'passed', evidence: { url: 'https://ci.example.com/1', sha256: null } },
      ...{ reason: null, postedBy: 'ann', postedAt: 'then' },
    },
  ],
}
const target = {
  ...{ id: 'cust_1', type: 'customer', region: null, tags: {}, critical: false, namespace: null },
  ...{ gateway: null, environment: {}, components: {}, licence: id, drift: {}, pin: null, retired: null },
  ...{ enrolled: false, lastSeenAt: null, active: null, attempts: [], clones: null, commit: 1 },
}

it.each<[readonly string[], number, unknown, string, string, unknown, string]>([
  [
    ['licences', 'list'],
    ...[200, { licences: [{ ...licence, updatedAt: 'now' }], count: 1, nextCursor: null }],
    ...['GET', '/api/v1/licences', undefined, 'Customer 17'],
  ],
  [['licences', 'show', id], 200, licence, 'GET', `/api/v1/licences/${id}`, undefined, 'Customer 17'],
  [
    ['licences', 'define', id, '--label', 'Customer 17', '--component', 'api'],
    ...[201, licence, 'PUT', `/api/v1/licences/${id}`],
    ...[{ label: 'Customer 17', components: ['api'] }, 'components  api'],
  ],
  [
    ['licences', 'revoke', id, '--reason', 'ended'],
    ...[200, { ...licence, revoked: { reason: 'ended', since: 'now' } }],
    ...['POST', `/api/v1/licences/${id}/revoke`, { reason: 'ended' }, 'ended, since now'],
  ],
  [
    ['licences', 'give', 'cust_1', id],
    ...[200, target, 'PUT', '/api/v1/targets/cust_1/licence', { licence: id }, `cust_1: licence ${id}`],
  ],
  [
    ['licences', 'give', 'cust_1', '--none'],
    ...[200, { ...target, licence: null }, 'PUT', '/api/v1/targets/cust_1/licence'],
    ...[{ licence: null }, 'cust_1: licence none'],
  ],
  [
    ['licences', 'require', 'api', '--channel', 'stable'],
    ...[200, { ...licensing, withoutLicence: { count: 0, atLeast: false } }],
    ...['PUT', '/api/v1/components/api/licensing', { required: true, channels: ['stable'] }],
    'need a licence on channels: stable',
  ],
  [
    ['verdicts', 'show', 'api', 'v1'],
    ...[200, proofs, 'GET', '/api/v1/releases/api/v1/verdicts', undefined, 'scan  passed, by ann at then'],
  ],
  [
    ['verdicts', 'post', 'api', 'v1', 'scan', 'passed', '--evidence', 'https://ci.example.com/1'],
    ...[200, proofs, 'POST', '/api/v1/releases/api/v1/verdicts'],
    { check: 'scan', verdict: 'passed', evidence: { url: 'https://ci.example.com/1' } },
    'scan  passed',
  ],
  [
    ['targets', 'add', 'cust_1', '--component', 'api=v1', '--tag', 'ring=early', '--enrol'],
    ...[201, { id: 'cust_1', status: 'registered', enrolmentToken: 'once', expiresAt: 'soon' }],
    ...['POST', '/api/v1/targets'],
    { id: 'cust_1', components: { api: 'v1' }, tags: { ring: 'early' }, enrol: true },
    'once\n',
  ],
  [
    ['targets', 'edit', 'cust_1', '--environment', 'os=linux'],
    ...[
      200,
      { ...target, id: 'cust_1' },
      'PATCH',
      '/api/v1/targets/cust_1',
      { environment: { os: 'linux' } },
    ],
    'cust_1',
  ],
] as never)('%j', async (words, status, answer, method, path, body, said) => {
  const api = await standIn(() => [status, answer])
  const { code, out, err } = await commandAt(api, words)
  expect([code, err.replace(/^It works once.*\n$/, '')]).toEqual([0, ''])
  expect(api.asked).toMatchObject([{ method, path }])
  expect(api.asked[0]?.body).toEqual(body)
  expect(out).toContain(said)
})

it('a target is added with what it runs, or no plan would ever mention it', async () => {
  const api = await standIn(() => [201, { id: 'cust_1', status: 'registered' }])
  const { code, err } = await commandAt(api, ['targets', 'add', 'cust_1'])
  expect([code, api.asked]).toEqual([2, []])
  expect(err).toContain('Next: drydock targets add cust_1 --component NAME=VERSION')
})

it.each([
  [['getUpgrade', '--param', 'upgradeId=up-1'], 'getUpgrade takes --param id=….'],
  [['deleteCalendar'], 'deleteCalendar takes --param name=….'],
  [['getTrust', '--param', 'id=1'], 'getTrust takes no --param.'],
])('an operation is called with all parts of its path, and no others: %j', async (words, said) => {
  const api = await standIn(() => [200, {}])
  const { code, err } = await commandAt(api, ['call', ...words])
  expect([code, api.asked]).toEqual([2, []])
  expect(err).toContain(said)
})

it('a licence is defined by its key, which is not sent', async () => {
  const file = join(scratch(), 'key')
  writeFileSync(file, 'a-key\n')
  const api = await standIn(() => [201, licence])
  await commandAt(api, ['licences', 'define', '--key-file', file, '--label', 'Customer 17'])
  expect(api.asked[0]?.path).toBe(`/api/v1/licences/${id}`)
  expect(JSON.stringify(api.asked)).not.toContain('a-key')
  for (const words of [[], [id, '--key-file', file]])
    expect((await commandAt(api, ['licences', 'define', ...words, '--label', 'x'])).code).toBe(2)
  expect((await commandAt(api, ['licences', 'give', 'cust_1'])).code).toBe(2)
})
