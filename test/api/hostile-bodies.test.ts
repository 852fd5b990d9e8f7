import { describe, expect, it } from 'vitest'
import { openWorld } from './world.ts'

const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

/** Where a body may hold whatever its sender likes, no schema would refuse what no body may hold. */
async function answered(raw: string, path = '/api/v1/updates/status') {
  const world = openWorld()
  await world.fleet(1)
  const before = world.log.records.length
  const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
  const reply = await world.call('POST', path, path === '/api/v1/targets' ? { raw } : { as, raw })
  const fields = reply.body.errors?.map(({ field }: { field: string }) => field)
  // The agent is given its key by two commits.
  const written = world.log.records.length - before - (path === '/api/v1/targets' ? 0 : 2)
  return { status: reply.status, code: reply.body.code, fields, written }
}

const report = (details: string) =>
  `{"version":"v1","status":"in-progress","timestamp":"2026-01-01T00:00:00Z","details":${details}}`

describe('what is free in a body', () => {
  it('S4 has no __proto__ in it, at any depth', async () => {
    const refused = { status: 400, code: 'validation-failed', written: 0 }
    expect(await answered(report('{"__proto__":{"admin":true}}'))).toMatchObject({
      ...refused,
      fields: ['details.__proto__'],
    })
    expect(await answered(report('{"a":[{"b":{"__proto__":1}}]}'))).toMatchObject(refused)
    const tags = '{"id":"a","tags":{"__proto__":"x"}}'
    expect(await answered(tags, '/api/v1/targets')).toMatchObject({ ...refused, fields: ['tags.__proto__'] })
  })

  it.each([
    '.a',
    '..',
    '-a',
    '_a',
    ':a',
    'a b',
    'a/b',
    'a#b',
    'ａ',
    'ä',
    'a\u0000',
    'a\n',
    '',
    'x'.repeat(129),
  ])('S27 makes no id of %j, which looks like another or leads elsewhere', async (id) => {
    const refused = await answered(JSON.stringify({ id }), '/api/v1/targets')
    expect(refused).toMatchObject({ status: 400, code: 'validation-failed', fields: ['id'], written: 0 })
  })

  it('S7 carries a hundred reports at most', async () => {
    const reports = (count: number) =>
      `{"reports":[${Array.from({ length: count }, () => report('"x"')).join(',')}]}`
    expect(await answered(reports(100))).toMatchObject({ status: 200 })
    expect(await answered(reports(101))).toMatchObject({ status: 400, fields: ['reports'], written: 0 })
  })

  it('S7 S27 is nested sixteen levels deep at most, with the body around it', async () => {
    expect(await answered(report(nested(15)))).toMatchObject({ code: 'no-active-attempt' })
    expect(await answered(report(nested(16)))).toMatchObject({
      status: 400,
      code: 'validation-failed',
      written: 0,
    })
  })
})
