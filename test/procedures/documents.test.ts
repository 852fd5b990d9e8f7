import validateAsl from 'asl-validator'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { procedureDocument } from '../../events/procedure.ts'
import { NoValue } from '../../functions/domain/procedure/expression.ts'
import { machineOf } from '../../functions/domain/procedure/machine.ts'
import { mistakesIn } from '../../functions/domain/procedure/mistakes.ts'
import { renderRequest } from '../../functions/domain/procedure/template.ts'
import { validateMachine } from '../../infra/local/stepfunctions/validate.ts'
import { answered, openProcedures } from './world.ts'

const url = 'http://node.example/x'
const call = (more: object = {}) => ({
  ...{ id: 'call', name: 'Call', inverse: 'none', http: { request: { method: 'POST', url } } },
  ...more,
})
const look = (more: object = {}) => ({ id: 'look', name: 'Look', http: { request: { url } }, ...more })
const fieldsOf = (document: object) => mistakesIn(procedureDocument.parse(document)).map(({ field }) => field)

describe('an address', () => {
  const rendered = (v: string) =>
    renderRequest(
      procedureDocument.parse({
        steps: [look({ http: { request: { url: 'http://node.example/v1/{{ target.id }}/x' } } })],
      }).steps[0]?.http?.request as never,
      { target: { id: v } },
      () => '',
    ).url

  it.each(['.', '..', 'a\ud800b'])('is not made of %j, which would lead elsewhere or nowhere', (value) => {
    expect(() => rendered(value)).toThrow(NoValue)
  })

  it('is made of what only looks like it', () => {
    expect(rendered('..a')).toBe('http://node.example/v1/..a/x')
    expect(rendered('../x')).toBe('http://node.example/v1/..%2Fx/x')
  })

  it('with braces that nobody closes is looked through in time', () => {
    const body = { a: `{{${' '.repeat(8000)}` }
    const http = { request: { method: 'POST', url, body } }
    expect(fieldsOf({ steps: [call({ http })] })).toContain('steps.0.http.request.body.a')
  })
})

describe('a document is refused with the place of what is wrong', () => {
  it.each<[words: string, document: object, field: string]>([
    ['a step that does nothing', { steps: [{ id: 'a', name: 'A' }] }, 'steps.0'],
    ['a step of two kinds', { steps: [look({ wait: { seconds: 1 } })] }, 'steps.0'],
    ['an id that is there twice', { steps: [look(), look({ name: 'Other' })] }, 'steps.1.id'],
    ['a name that is there twice', { steps: [look(), look({ id: 'other' })] }, 'steps.1.name'],
    ['a name of a state of its own', { steps: [look({ name: 'Where are we?' })] }, 'steps.0.name'],
    ['an act that nobody can undo', { steps: [{ ...call(), inverse: undefined }] }, 'steps.0.inverse'],
    [
      'a backup that may fail',
      { steps: [call({ backup: true, onFailure: 'continue' })] },
      'steps.0.onFailure',
    ],
    ['an expression that is none', { steps: [look({ when: '1 +' })] }, 'steps.0.when'],
    [
      'an expression that loops in a loop',
      { steps: [look({ save: { a: 'answer.body.all(x, answer.body.all(y, y > x))' } })] },
      'steps.0.save.a',
    ],
    [
      'a pattern',
      { steps: [look({ http: { request: { url }, expect: { where: 'answer.body.matches("(a+)+$")' } } })] },
      'steps.0.http.expect.where',
    ],
    [
      'an end that is told by nothing',
      {
        steps: [{ ...{ id: 'job', name: 'Job' }, poll: { request: { url }, until: 'true', failWhen: 'no' } }],
      },
      'steps.0.poll.failWhen',
    ],
    ['an answer before there is one', { steps: [look({ when: 'answer.status == 200' })] }, 'steps.0.when'],
    [
      'a step that comes later',
      { steps: [look({ when: "steps.call.outcome == 'done'" }), call()] },
      'steps.0.when',
    ],
    [
      'a brace that is left open',
      { steps: [look({ http: { request: { url: `${url}/{{ target.id` } } })] },
      'steps.0.http.request.url',
    ],
    [
      'a secret in an address',
      { steps: [look({ http: { request: { url: `${url}?k={{ secret('a') }}` } } })] },
      'steps.0.http.request.url',
    ],
    [
      'another scheme',
      { steps: [look({ http: { request: { url: 'file:///etc/passwd' } } })] },
      'steps.0.http.request.url',
    ],
    [
      'a body of what has none',
      { steps: [look({ http: { request: { url, body: 'x' } } })] },
      'steps.0.http.request.body',
    ],
    [
      'credentials that are not there',
      { steps: [look({ http: { request: { url, credentials: 'nobody' } } })] },
      'steps.0.http.request.credentials',
    ],
    [
      'a certificate without its key',
      { steps: [look({ http: { request: { url, tls: { certificate: 'a' } } } })] },
      'steps.0.http.request.tls.key',
    ],
    [
      'a check of what makes no call',
      { steps: [{ id: 'a', name: 'A', wait: { seconds: 1 }, check: { request: { url }, done: 'true' } }] },
      'steps.0.check',
    ],
    ...(
      [
        ['that is set by the sender', { Host: 'other.example' }, '.Host'],
        ['that HTTP does not allow', { 'X-Name': 'Größe' }, '.X-Name'],
        ['that is there twice', { 'X-Name': 'a', 'x-name': 'b' }, '.x-name'],
        ['of too many', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`X-${n}`, 'a'])), ''],
      ] as const
    ).map(([words, headers, place]): [string, object, string] => [
      `a header ${words}`,
      { steps: [look({ http: { request: { url, headers } } })] },
      `steps.0.http.request.headers${place}`,
    ]),
    [
      'a user in an address',
      { steps: [look({ http: { request: { url: 'http://user:password@node.example/' } } })] },
      'steps.0.http.request.url',
    ],
    [
      'a value in the name of a member',
      {
        steps: [
          call({ http: { request: { method: 'POST', url, body: { in: { "{{ secret('a') }}": 1 } } } } }),
        ],
      },
      'steps.0.http.request.body.in',
    ],
    [
      'a poll that changes something',
      { steps: [{ id: 'job', name: 'Job', poll: { request: { method: 'DELETE', url }, until: 'true' } }] },
      'steps.0.poll.request.method',
    ],
    [
      'a check of health that changes something',
      {
        steps: [
          { id: 'job', name: 'Job', health: { checks: [{ name: 'A', request: { method: 'POST', url } }] } },
        ],
      },
      'steps.0.health.checks.0.request.method',
    ],
    [
      'a check that changes something',
      { steps: [call({ check: { request: { method: 'PUT', url }, done: 'true' } })] },
      'steps.0.check.request.method',
    ],
    [
      'a value that has the name of what became of its step',
      { steps: [look({ save: { outcome: 'answer.status' } })] },
      'steps.0.save.outcome',
    ],
    [
      'an expression that reads all steps together',
      { steps: [look(), call({ when: '[steps].exists(one, one.later == 1)' })] },
      'steps.1.when',
    ],
    [
      'an expression that takes longer than its data is large',
      { steps: [look({ save: { a: 'answer.body.all(x, answer.body == answer.body)' } })] },
      'steps.0.save.a',
    ],
    [
      'an expression in braces that is too long',
      { steps: [look({ http: { request: { url: `${url}/{{ ${'target.id == '.repeat(50)}1 }}` } } })] },
      'steps.0.http.request.url',
    ],
    ['a wrong inverse', { steps: [call({ inverse: { name: 'Back' } })] }, 'steps.0.inverse'],
    ['a version that nobody saved', { steps: [look()], version: 'steps.nothing.version' }, 'version'],
  ])('%s', (_words, document, field) => {
    expect(fieldsOf(document)).toContain(field)
  })

  test('and nothing of it is stored', async () => {
    const all = openProcedures(() => answered())
    const reply = await all.store('node', { steps: [look({ when: '1 +' })] })
    expect([reply.status, reply.body.errors[0].field]).toEqual([400, 'steps.0.when'])
    expect((await all.world.call('GET', '/api/v1/procedures/node')).status).toBe(404)
    expect((await all.world.log.load({ name: 'procedure' } as never, 'node')).commit).toBe(0)
  })

  test('with line and column, where it is a document that people write', async () => {
    const all = openProcedures(() => answered())
    const raw = `steps:\n  - id: look\n    name: Look\n    http:\n      request: { url: "${url}" }\n      expect: { where: "answer.status ==" }\n`
    const headers = { 'content-type': 'application/yaml' }
    const reply = await all.world.call('PUT', '/api/v1/procedures/node', { raw, headers })
    expect([reply.status, reply.body.errors[0]]).toMatchObject([400, { line: 6, column: 24 }])
  })
})

test('the same document is the same revision; another is the next, and what is bound stays what it was', async () => {
  const all = openProcedures(() => answered())
  const first = await all.store('node', { steps: [look()] })
  const again = await all.store('node', { steps: [look()] })
  const second = await all.store('node', { steps: [look(), call()] })
  expect([first.body.revision, again.body.revision, second.body.revision]).toEqual([1, 1, 2])
  const { body } = await all.world.call('GET', '/api/v1/procedures/node', { query: { revision: '1' } })
  expect([body.hash, body.document.steps.length]).toEqual([first.body.hash, 1])
  const list = await all.world.call('GET', '/api/v1/procedures')
  expect(list.body.procedures).toMatchObject([{ name: 'node', revision: 2, steps: 2 }])
})

test('the dry run shows every call, with what cannot be known by its name, and makes none', async () => {
  const all = openProcedures(() => answered())
  await all.world.fleet(1)
  all.secrets.set('drydock/node', 'swordfish')
  const save = { path: 'answer.body.path' }
  const restore = {
    name: 'Restore',
    http: { request: { method: 'POST', url, body: { from: '{{ steps.call.path }}' } } },
  }
  const request = {
    method: 'POST',
    url: 'http://{{ target.namespace }}/x',
    headers: { 'X-Key': "{{ secret('drydock/node') }}" },
  }
  await all.store('node', { steps: [call({ save, inverse: restore, http: { request } })] })
  const body = { targetId: 'cust_0001', component: 'api', version: 'v1.2.0' }
  const { body: tried } = await all.world.call('POST', '/api/v1/procedures/node/try', { body })
  expect(tried.steps.map(({ calls }: { calls: object[] }) => calls[0])).toEqual([
    {
      method: 'POST',
      url: 'http://customer-0001/x',
      headers: { 'x-key': '(secret drydock/node)' },
      body: null,
    },
    { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: '{"from":"(call.path)"}' },
  ])
  expect(all.calls).toEqual([])
})

const release = { cluster: { kubeconfig: 'drydock/cluster' }, namespace: 'one', release: 'one' }

describe('the state machine of a document', () => {
  const functions = 'arn:aws:lambda:eu-central-1:000000000000:function'
  const tasks = { step: `${functions}:step`, helm: `${functions}:helm` }
  const id = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
  const name = fc.stringMatching(/^[A-Z][A-Za-z ,.()-]{2,40}$/)
  const kind = fc.constantFrom<object>(
    { http: { request: { method: 'POST', url } }, inverse: 'none' },
    { http: { request: { method: 'PUT', url } }, repeatable: true, inverse: 'none' },
    { http: { request: { url } } },
    { poll: { request: { url }, until: 'true' } },
    { wait: { seconds: 5 } },
    { health: { checks: [{ name: 'A', request: { url } }] } },
    { acknowledge: { ask: 'May it?' } },
    { helm: { ...release, chart: { repository: url, name: 'customer' } } },
    { ssm: { instance: 'i-0123456789abcdef0', document: 'AWS-RunShellScript' }, inverse: 'none' },
  )
  const onFailure = fc.constantFrom('way-back', 'stop', 'continue')
  const documents = fc
    .uniqueArray(fc.record({ id, name, kind, onFailure, undone: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
      selector: ({ id: one, name: other }) => `${one}|${other}`,
    })
    .map((drawn) => ({
      steps: drawn.map(({ id: one, name: called, kind: does, onFailure: then, undone }, place) => ({
        ...does,
        ...{ id: `${one}${place}`, name: `${place} ${called}`, onFailure: then },
        ...(undone && { inverse: { name: `Undo ${place}`, http: { request: { method: 'POST', url } } } }),
      })),
      verifyWayBack: [{ id: 'well', name: 'Well', http: { request: { url } } }],
    }))

  test('is one that Step Functions takes, the same each time, with a state for each step by its name', () => {
    fc.assert(
      fc.property(documents, (drawn) => {
        const document = procedureDocument.parse(drawn)
        fc.pre(mistakesIn(document).length === 0)
        const machine = machineOf('node', 1, document, tasks)
        const again = procedureDocument.parse(JSON.parse(JSON.stringify(drawn)))
        expect(machineOf('node', 1, again, tasks)).toEqual(machine)
        expect(() => validateMachine('node', machine)).not.toThrow()
        expect(validateAsl(machine as never).errors).toEqual([])
        for (const { name: called } of document.steps) expect(machine.States).toHaveProperty([called])
        expect(JSON.stringify(machine).length).toBeLessThan(1_000_000)
      }),
      { numRuns: 15 },
    )
  })

  test('takes three transitions beside those of its steps, and two a step at most', () => {
    const steps = Array.from({ length: 10 }, (_, place) =>
      look({ id: `look${place}`, name: `Look ${place}` }),
    )
    const all = openProcedures(() => answered())
    return (async () => {
      await all.world.fleet(1)
      await all.store('node', { steps })
      await all.over(await all.deploy('node'))
      const [execution] = (
        all.engine.request('ListExecutions', {
          stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:procedure-node-r1',
        }) as { executions: { executionArn: string }[] }
      ).executions
      const { events } = all.engine.request('GetExecutionHistory', {
        executionArn: execution?.executionArn,
        maxResults: 1000,
      }) as { events: { type: string }[] }
      expect(events.filter(({ type }) => type.endsWith('StateEntered')).length).toBe(13)
    })()
  })
})

describe('a value in a request', () => {
  const values = (host: string, id = 'a') => ({
    target: { id, tags: { host, url: host } },
    attempt: {},
    steps: {},
  })
  const rendered = (text: string, given: ReturnType<typeof values>) =>
    renderRequest(
      { method: 'GET', url: text, headers: {}, body: null, seconds: 5, tls: null },
      given,
      () => '',
    ).url

  it.each(['evil.example/x', 'a@evil.example', 'a:80:90', 'a b', '', 'a#', 'a?x', 'a\\b'])(
    '%j is no host',
    (host) => {
      expect(() => rendered('http://{{ target.tags.host }}/x', values(host))).toThrow(NoValue)
    },
  )

  it.each(['javascript:alert(1)', 'http://a@evil', 'http://a?x', 'http://', 'a', 'http://a/#'])(
    '%j is no address',
    (host) => {
      expect(() => rendered('{{ target.tags.url }}/x', values(host))).toThrow(NoValue)
    },
  )

  test('stays in its place', () => {
    expect(rendered('http://n/{{ target.id }}/x?k={{ target.id }}', values('', '../a?b&c=d#e'))).toBe(
      'http://n/..%2Fa%3Fb%26c%3Dd%23e/x?k=..%2Fa%3Fb%26c%3Dd%23e',
    )
    expect(rendered('{{ target.tags.url }}/health', values('https://node.example:8443/base/'))).toBe(
      'https://node.example:8443/base/health',
    )
  })

  test('in a header begins no other', () => {
    const request = {
      ...{ method: 'GET' as const, url, seconds: 5, body: null, tls: null },
      headers: { 'X-A': '{{ target.id }}' },
    }
    expect(() => renderRequest(request, values('', 'a\r\nX-B: c'), () => '')).toThrow(NoValue)
  })

  test('keeps its type where it stands alone in a body, and is text beside others', () => {
    const body = { a: '{{ attempt.n }}', b: 'try {{ attempt.n }}', c: ['{{ target.tags }}'] }
    const request = { ...{ method: 'POST' as const, url, seconds: 5, tls: null }, headers: {}, body }
    const given = { target: { tags: { x: 'y' } }, attempt: { n: 2 }, steps: {} }
    expect(renderRequest(request, given, () => '').body).toBe('{"a":2,"b":"try 2","c":[{"x":"y"}]}')
  })
})
