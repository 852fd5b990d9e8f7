import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { contracts } from '../../contracts/api.ts'
import { problem } from './answers.ts'
import { commandAt, standIn } from './stand-in.ts'

const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
function file(text: string, name = 'targets.csv'): string {
  files += 1
  const path = join(directory, `${files}-${name}`)
  writeFileSync(path, text)
  return path
}

interface Body {
  readonly targets: readonly { readonly id: string }[]
  readonly enrol: boolean
}

const bodyOf = (asked: { readonly body: unknown } | undefined) => asked?.body as Body // what import sends

/** A stand-in that registers, and remembers what it has. */
const registering = (known = new Set<string>(), failing: ReadonlySet<string> = new Set()) =>
  standIn(({ body }) => {
    const { targets, enrol } = body as Body // what import sends
    const results = targets.map(({ id }) => {
      if (failing.has(id))
        return { id, status: 'failed', error: { code: 'gateway-invalid', detail: 'It is no gateway.' } }
      if (known.has(id)) return { id, status: 'exists' }
      known.add(id)
      const token = enrol ? { enrolmentToken: `token-of-${id}`, expiresAt: '2026-12-04T00:00:00Z' } : {}
      return { id, status: 'registered', ...token }
    })
    const count = (status: string) => results.filter((result) => result.status === status).length
    const counts = { registered: count('registered'), exists: count('exists'), failed: count('failed') }
    return [200, { count: results.length, ...counts, targets: results }]
  })

describe('targets import', () => {
  it('reads CSV: columns in any order, quotes, empty cells, a byte order mark, ends of lines of any system', async () => {
    const api = await registering()
    const text =
      '\ufeffid,region,component:api,component:db,tag:ring,critical,environment:database\r\n' +
      'cust_1,eu-west,v1.1.0,v2,early,yes,PostgreSQL 15\r\n' +
      'cust_2,,v1.1.0,,"late, and ""last""",no,\r\n\r\n'
    const { code, out } = await commandAt(api, ['targets', 'import', file(text)])
    expect([code, out]).toEqual([
      exitCodes.done,
      '2 targets: 2 registered, 0 registered before, 0 refused.\n',
    ])
    const common = { type: 'customer', gateway: null }
    expect(bodyOf(api.asked[0]).targets).toEqual([
      {
        ...common,
        ...{ id: 'cust_1', region: 'eu-west', critical: true, tags: { ring: 'early' } },
        components: { api: 'v1.1.0', db: 'v2' },
        environment: { database: 'PostgreSQL 15' },
      },
      {
        ...common,
        ...{ id: 'cust_2', region: null, critical: false, tags: { ring: 'late, and "last"' } },
        components: { api: 'v1.1.0' },
      },
    ])
  })

  it.each([
    ['[{"id":"a","components":{"api":"v1"}}]'],
    ['{"targets":[{"id":"a","components":{"api":"v1"}}]}'],
  ])('reads JSON: %s', async (text) => {
    const api = await registering()
    expect((await commandAt(api, ['targets', 'import', file(text, 'targets.json')])).code).toBe(
      exitCodes.done,
    )
    expect(bodyOf(api.asked[0]).targets).toMatchObject([{ id: 'a', components: { api: 'v1' } }])
  })

  it('sends thousands in bodies that the API takes, each target once', async () => {
    const api = await registering()
    const rows = Array.from(
      { length: 12_345 },
      (_, number) => `cust_${number},${'x'.repeat(number % 90)}${number}`,
    )
    const { code } = await commandAt(api, ['targets', 'import', file(`id,tag:name\n${rows.join('\n')}`)])
    expect(code).toBe(exitCodes.done)
    const sent = api.asked.flatMap(({ body }) => bodyOf({ body }).targets.map(({ id }) => id))
    expect([sent.length, new Set(sent).size]).toEqual([12_345, 12_345])
    for (const { headers, body } of api.asked) {
      expect(Number(headers['content-length'])).toBeLessThanOrEqual(contracts.registerTargets.largestBody)
      expect(contracts.registerTargets.body.safeParse(body).success).toBe(true)
    }
    const keys = api.asked.map(({ headers }) => headers['idempotency-key'])
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('goes on after whatever has stopped it: the same command again registers the rest', async () => {
    const known = new Set<string>()
    const broken = await standIn(() => [...problem(403, 'forbidden')])
    const text = `id\n${Array.from({ length: 6000 }, (_, number) => `c${number}`).join('\n')}`
    const path = file(text)
    let times = 0
    const half = await standIn((asked, response) => {
      times += 1
      if (times === 2) return [...problem(403, 'forbidden')]
      void response
      const { targets } = asked.body as Body
      for (const { id } of targets) known.add(id)
      const results = targets.map(({ id }) => ({ id, status: 'registered' }))
      return [
        200,
        { count: results.length, registered: results.length, exists: 0, failed: 0, targets: results },
      ]
    })
    expect((await commandAt(broken, ['targets', 'import', path])).code).toBe(exitCodes.refused)
    expect((await commandAt(half, ['targets', 'import', path])).code).toBe(exitCodes.refused)
    expect(known.size).toBe(5000)
    const { out } = await commandAt(await registering(known), ['targets', 'import', path])
    expect(out).toBe('6000 targets: 1000 registered, 5000 registered before, 0 refused.\n')
  })

  it.each([
    ['id,type\na,\nb b,customer\n', /line 3, id: 1 to 128 of A-Z/],
    ['id\na\na\n', /line 3, id: a stands at line 2 already/],
    ['id,critical\na,perhaps\n', /line 2, critical: yes or no\n/],
    ['type\ncustomer\n', /line 2, id: it is missing\n/],
    ['id,component:api\na,!\n', /line 2, component:api: 1 to 128 of/],
    ['id;type\na;customer\n', /columns that are none: id;type\.\nNext: separate columns by commas/],
    ['id,color\na,red\n', /columns that are none: color\.\nNext: name them id, type, region/],
    ['id,type\na\n', /is no CSV: line 2: it has more or fewer fields than the first line has columns/],
    ['id\n"a\n', /is no CSV: line \d: a double quote is opened there, or before, and never closed/],
    ['', /holds no targets/],
    ['id\n', /holds no targets/],
    ['[]', /holds no targets/],
    ['[{"id":"a","type":7}]', /targets\.0, type: /],
    ['[{"id":"a","colour":"red"}]', /targets\.0/],
    ['{"id":"a"}', /must be a list of targets/],
    ['[{"id":', /is not JSON/],
    [
      'id,component:api,component:api\na,v1,v2\n',
      /columns twice: component:api\.\nNext: leave each of them once/,
    ],
    ['id, id\na,b\n', /columns twice: id\./],
    ['id,tag:__proto__\na,b\n', /columns that are none: tag:__proto__\./],
    [
      '[{"id":"a","components":{"api":"v1","api":"v2"}}]',
      /says 0\.components\.api twice\.\nNext: leave each/,
    ],
    ['{"targets":[{"id":"a"}],"targets":[{"id":"b"}]}', /says targets twice\./],
  ])('of %j sends nothing, and names the place', async (text, wrong) => {
    const api = await registering()
    const { code, err } = await commandAt(api, ['targets', 'import', file(text)])
    expect([code, api.asked]).toEqual([exitCodes.usage, []])
    expect(err).toMatch(wrong)
  })

  it('tells the first twenty faults of many', async () => {
    const text = `id\n${Array.from({ length: 50 }, (_, number) => `a ${number}`).join('\n')}`
    const { err } = await commandAt(await registering(), ['targets', 'import', file(text)])
    expect(err).toMatch(/has 50 faults; nothing was sent\./)
    expect(err.trimEnd().split('\n').length).toBe(22)
  })

  it('names who was refused by the line, and ends with a code of its own', async () => {
    const api = await registering(new Set(), new Set(['b']))
    const { code, out } = await commandAt(api, ['targets', 'import', file('id\na\nb\n')])
    expect(code).toBe(exitCodes.exceptions)
    expect(out).toBe(
      '2 targets: 1 registered, 0 registered before, 1 refused.\n  line 3: b: It is no gateway.\n',
    )
  })

  it('keeps tokens where nobody else reads them, and says who has none', async () => {
    const tokens = join(directory, 'tokens.csv')
    const words = (path: string) => ['targets', 'import', path, '--enrol', tokens]
    const api = await registering(new Set(['old']))
    const first = await commandAt(api, words(file('id\nold\na\n')))
    expect(readFileSync(tokens, 'utf8')).toBe('a,token-of-a,2026-12-04T00:00:00Z\n')
    expect(statSync(tokens).mode & 0o777).toBe(0o600)
    expect(first.out).toMatch(/1 target registered before without a token in the file/)
    expect(first.out).not.toContain('token-of-a')
    const second = await commandAt(api, words(file('id\na\nb\n')))
    expect(second.out).toBe('2 targets: 1 registered, 1 registered before, 0 refused.\n')
    expect(readFileSync(tokens, 'utf8').split('\n').length).toBe(3)
  })
})
