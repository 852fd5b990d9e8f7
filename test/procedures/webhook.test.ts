import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import type { OutboundCall, Sent } from '../../functions/outbound.ts'
import type { Reply } from '../api/world.ts'
import { textOf } from '../docs/documents.ts'
import { answered, cutOff, notSent, openProcedures } from './world.ts'

const old = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const fresh = `whsec_${Buffer.alloc(32, 2).toString('base64')}`

const hook = (more: object = {}, webhook: object = {}) => ({
  ...{ id: 'switch', name: 'Switch over', inverse: 'none', timeoutSeconds: 600 },
  webhook: {
    ...{ url: 'https://hooks.example/{{ target.id }}', secret: 'drydock/hook' },
    ...{ body: { version: '{{ attempt.to }}', note: 'to {{ attempt.to }}' }, ...webhook },
  },
  ...more,
})
const after = { id: 'after', name: 'After it', http: { request: { url: 'http://node.example/after' } } }
const back = {
  inverse: {
    name: 'Switch back',
    repeatable: true,
    http: { request: { method: 'POST', url: 'http://node.example/back' } },
  },
}

/** A message as its receiver reads it. */
interface Message {
  readonly callback: { readonly url: string; readonly token: string; readonly expiresAt: string }
  readonly [name: string]: unknown
}

/** Calls back by a token, or by that of the last message. */
type CallBack = (body?: object, token?: string, headers?: object) => Promise<Reply>

afterEach(() => {
  vi.useRealTimers()
})

/** Deploys by these steps to so many targets. `serve` says what receivers answer; what they are told is kept. */
async function deployed(
  steps: object[] = [hook(), after],
  serve: (
    call: OutboundCall,
    message: Message,
    count: number,
    callBack: CallBack,
  ) => Sent | Promise<Sent> = () => answered(),
  { kill = (() => undefined) as Parameters<ReturnType<typeof openProcedures>['kill']>[0], targets = 1 } = {},
) {
  const messages: { call: OutboundCall; message: Message }[] = []
  const others: string[] = []
  const callBack: CallBack = (
    body = { status: 'done' },
    token = messages.at(-1)?.message.callback.token,
    headers = {},
  ) =>
    all.world.call('POST', '/api/v1/callbacks', {
      ...{ as: null, early: true, body, headers: { authorization: `Bearer ${token}`, ...headers } },
    })
  const all = openProcedures((call) => {
    if (!call.url.startsWith('https://hooks.example/')) {
      others.push(new URL(call.url).pathname)
      return answered()
    }
    const message = JSON.parse(call.body ?? '')
    const count = messages.push({ call, message })
    return serve(call, message, count, callBack)
  })
  all.secrets.set('drydock/hook', fresh)
  all.secrets.set('drydock/old-hook', old)
  all.secrets.set('drydock/password', 'correct-horse')
  all.kill(kill)
  await all.world.fleet(targets)
  const stored = await all.store('node', { steps })
  if (stored.status !== 200) throw new Error(JSON.stringify(stored.body))
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  await all.quiet()
  const step = async (index = 0, target = 'cust_0001') =>
    (await all.world.call('GET', `/api/v1/targets/${target}/steps`)).body.steps[index]
  return { all, id, messages, others, callBack, step }
}

type Deployed = Awaited<ReturnType<typeof deployed>>

/** All that is kept or told anywhere, but for what the receiver got. */
async function toldAnywhere({ all }: Deployed): Promise<string> {
  const told: unknown[] = [all.world.lines, await all.world.call('GET', '/api/v1/targets/cust_0001/steps')]
  for await (const commit of all.world.log.commits('target#cust_0001')) told.push(commit)
  for (const path of ['upgrade-logs', 'upgrade-status', 'explain'])
    told.push(await all.world.call('GET', `/api/v1/targets/cust_0001/${path}`))
  const { executions } = all.engine.request('ListExecutions', {
    stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:procedure-node-r1',
  }) as { executions: { executionArn: string }[] } // AWS's own answer
  for (const { executionArn } of executions)
    told.push(all.engine.request('GetExecutionHistory', { executionArn, maxResults: 1000 }))
  return JSON.stringify(told)
}

describe('a message', () => {
  test('is signed, says which step it is of, and its step is held until its receiver calls back', async () => {
    const world = await deployed()
    const { all, messages, others, callBack, step } = world
    await all.pass(30)
    const [{ call, message } = { call: undefined, message: undefined }] = messages
    expect(call).toMatchObject({ method: 'POST', url: 'https://hooks.example/cust_0001', timeoutSeconds: 15 })
    const { attempt } = (await all.world.call('GET', '/api/v1/targets/cust_0001/steps')).body
    expect(message).toEqual({
      ...{ type: 'step.started', target: 'cust_0001', attempt, step: 'switch', direction: 'there' },
      at: expect.stringMatching(/^2026-01-05T10:/),
      data: { version: 'v1.2.0', note: 'to v1.2.0' },
      callback: {
        url: 'https://drydock.example/api/v1/callbacks',
        token: expect.stringMatching(/^drydock-callback\.[\w-]{43}$/),
        expiresAt: (await step()).deadline,
      },
    })
    const ask = `Its receiver has the message, and calls back by ${message?.callback.expiresAt}.`
    expect(await step()).toMatchObject({ status: 'held', why: 'callback', ask, tries: 1 })
    expect((await all.world.call('GET', '/api/v1/targets/cust_0001/explain')).body.reasons).toMatchObject([
      { code: 'held', unblock: expect.stringContaining('Its receiver calls back') },
    ])
    expect(all.transitions).toBeLessThan(6)
    expect(others).toEqual([])

    const reply = await callBack({ status: 'done', message: 'Switched. password=correct-horse' })
    expect([reply.status, reply.body]).toEqual([
      200,
      { targetId: 'cust_0001', attempt, step: 'switch', message: 'Taken: the procedure goes on by it.' },
    ])
    expect(await all.over(world.id)).toBe('completed')
    expect(await step()).toMatchObject({
      ...{ status: 'done', why: null, ask: null, by: null },
      output: 'Called back: Switched. password=[redacted]',
    })
    expect(messages).toHaveLength(1)
    const told = await toldAnywhere(world)
    expect(told).toContain('await the callback')
    expect(told).not.toContain(message?.callback.token.slice(17))
    for (const secret of [fresh, old]) expect(told).not.toContain(secret)
    expect(await all.audited()).toEqual([])
  })

  test('that a receiver sends back is told to nobody', async () => {
    const world = await deployed([hook(), after], ({ body }, _message, count) =>
      count === 1 ? answered(body ?? '', 500) : answered({}, 410),
    )
    await world.all.over(world.id)
    expect(await world.step()).toMatchObject({ status: 'failed', code: 'HTTP_410' })
    const told = await toldAnywhere(world)
    expect(told).toContain('HTTP_500')
    for (const { message } of world.messages) expect(told).not.toContain(message.callback.token.slice(17))
  })

  test('is signed by both secrets while one is exchanged for the other', async () => {
    const { messages } = await deployed([hook({}, { secret: ['drydock/hook', 'drydock/old-hook'] })])
    const { call } = messages[0] as { call: OutboundCall } // it has come
    vi.useFakeTimers({ now: Number(call.headers['webhook-timestamp']) * 1000, toFake: ['Date'] })
    for (const secret of [fresh, old])
      expect(new Webhook(secret).verify(call.body ?? '', { ...call.headers })).toMatchObject({
        step: 'switch',
      })
    const signed = `${call.headers['webhook-id']}.${call.headers['webhook-timestamp']}.${call.body}`
    const byHand = [fresh, old].map((secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
      return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
    })
    expect(call.headers['webhook-signature']).toBe(byHand.join(' '))
  })

  test('without a callback is done when it is taken, and may save what is answered', async () => {
    const steps = [
      hook({ save: { ticket: 'answer.body.ticket' } }, { callback: false }),
      { ...after, http: { request: { url: 'http://node.example/{{ steps.switch.ticket }}' } } },
    ]
    const { all, id, messages, others } = await deployed(steps, () => answered({ ticket: 'T-7' }, 202))
    expect(await all.over(id)).toBe('completed')
    expect([messages.length, others]).toEqual([1, ['/T-7']])
    expect(messages[0]?.message).not.toHaveProperty('callback')
    expect(await all.audited()).toEqual([])
  })

  it.each([
    ['a receiver that breaks down', answered({}, 500)],
    ['a receiver that turns it away', answered({}, 404)],
    ['a receiver that sends it elsewhere', answered({}, 302)],
    ['no connection', notSent],
    ['a connection that is cut off', cutOff],
  ])('that meets %s is sent again with the same id, and another capability', async (_, first) => {
    const { all, id, messages, callBack } = await deployed(undefined, (_call, _message, count) =>
      count === 1 ? first : answered(),
    )
    await all.pass(60)
    expect(new Set(messages.map(({ call }) => call.headers['webhook-id'])).size).toBe(1)
    expect(new Set(messages.map(({ message }) => message.callback.token)).size).toBe(2)
    expect((await callBack()).status).toBe(200)
    expect([await all.over(id), messages.length]).toEqual(['completed', 2])
    expect(await all.audited()).toEqual([])
  })

  test('has another id for each step and each attempt on a target', async () => {
    const steps = [hook({}, { callback: false }), hook({ id: 'again', name: 'Again' }, { callback: false })]
    const { all, id, messages } = await deployed(steps, undefined, { targets: 2 })
    await all.over(id)
    expect(new Set(messages.map(({ call }) => call.headers['webhook-id'])).size).toBe(4)
  })

  it.each([
    ['410', answered({}, 410), {}, 'HTTP_410', 1],
    ['503 again and again', answered({}, 503), {}, 'HTTP_503', 4],
    [
      'a guard that lets nothing go',
      { kind: 'refused', why: 'not on the list' } as const,
      {},
      'OUTBOUND_REFUSED',
      1,
    ],
    ['no such secret', answered(), { secret: 'drydock/none' }, 'SECRET_UNAVAILABLE', 0],
    ['a secret that is none of a webhook', answered(), { secret: 'drydock/password' }, 'WEBHOOK_SECRET', 0],
    ['a value that is not there', answered(), { body: { a: '{{ target.tags.none }}' } }, 'NO_VALUE', 0],
  ] as const)('that meets %s has failed', async (_, answer, webhook, code, sent) => {
    const { all, id, messages, step } = await deployed([hook({}, webhook), after], () => answer)
    await all.over(id)
    expect([messages.length, await step()]).toMatchObject([sent, { status: 'failed', code }])
    expect(await all.audited()).toEqual([])
  })

  it.each(['before', 'after'] as const)(
    'is sent again with the same id where its function dies %s',
    async (when) => {
      let left = 3
      const { all, id, messages, callBack } = await deployed(undefined, undefined, {
        kill: ({ place }) => (place === 'there:switch' && left-- > 0 ? when : undefined),
      })
      await all.until(async () => (await all.steps('cust_0001'))[0] === 'switch held')
      expect(new Set(messages.map(({ call }) => call.headers['webhook-id'])).size).toBe(1)
      await callBack()
      expect(await all.over(id)).toBe('completed')
      expect(await all.audited()).toEqual([])
    },
  )

  test('that nobody saw taken is sent once more, and the capability of either ends the step', async () => {
    // The function dies after its receiver has the message, and before that is in the log.
    const world = await deployed([hook(), after], (_call, _message, count) => {
      if (count === 1) throw Object.assign(new Error('killed'), { name: 'Lambda.Unknown' })
      return answered()
    })
    const { all, messages, callBack } = world
    await all.until(() => messages.length === 2)
    expect((await callBack({ status: 'done' }, messages[0]?.message.callback.token)).status).toBe(200)
    expect((await callBack()).body.code).toBe('callback-over')
    expect([await all.over(world.id), messages.length]).toEqual(['completed', 2])
    expect(await all.audited()).toEqual([])
  })
})

describe('a callback', () => {
  test('saves what it brings, for the steps after it', async () => {
    const steps = [
      hook({ save: { path: 'answer.body.path', count: 'answer.body.files' } }),
      { ...after, http: { request: { url: 'http://node.example/{{ steps.switch.path }}' } } },
    ]
    const { all, id, others, callBack } = await deployed(steps)
    await callBack({ status: 'done', data: { path: 'backup-7', files: 3, more: [{}] } })
    expect([await all.over(id), others]).toEqual(['completed', ['/backup-7']])
  })

  test.each([{}, { path: [] }, { path: 'Bearer abcdefghijkl' }, { path: 'x'.repeat(1025) }])(
    'of %j, which cannot be saved, lets its step fail',
    async (data) => {
      const { all, id, callBack, step } = await deployed([hook({ save: { path: 'answer.body.path' } })])
      expect((await callBack({ status: 'done', data })).status).toBe(200)
      await all.over(id)
      expect(await step()).toMatchObject({ status: 'failed', code: 'NO_VALUE' })
      expect(await all.audited()).toEqual([])
    },
  )

  test('of a failure begins the way back', async () => {
    const { all, id, others, callBack, step } = await deployed([hook(back), after])
    await callBack({ status: 'failed', message: 'There is no room.' })
    await all.over(id)
    expect(await step()).toMatchObject({
      ...{ status: 'failed', code: 'CALLBACK_FAILED', output: 'Called back: There is no room.' },
    })
    expect(others).toEqual(['/back'])
    expect(await all.audited()).toEqual([])
  })

  test('ends a step of the way back too', async () => {
    const inverse = { ...hook({ name: 'Switch back' }), id: undefined, inverse: undefined }
    const { all, id, messages, callBack } = await deployed([hook({ inverse }), after])
    await callBack({ status: 'failed' })
    await all.until(() => messages.length === 2)
    expect(messages.map(({ message }) => message.direction)).toEqual(['there', 'back'])
    expect(messages[0]?.call.headers['webhook-id']).not.toBe(messages[1]?.call.headers['webhook-id'])
    expect((await callBack()).status).toBe(200)
    await all.over(id)
    expect(await all.steps('cust_0001')).toEqual(['switch failed', '<switch done'])
    expect(await all.audited()).toEqual([])
  })

  it.each([
    ['is heard before the message is known to be taken', answered()],
    ['comes from a receiver that then breaks down', answered({}, 500)],
    ['comes from a receiver that is then cut off', cutOff],
  ])('that %s ends the step all the same', async (_, answer) => {
    let replied = 0
    const world = await deployed([hook(), after], async (_call, { callback }, _count, callBack) => {
      replied = (await callBack({ status: 'done' }, callback.token)).status
      return answer
    })
    const { all } = world
    expect([await all.over(world.id), world.messages.length, replied]).toEqual(['completed', 1, 200])
    expect(await all.audited()).toEqual([])
  })

  test('that comes twice, or after another, changes nothing', async () => {
    const steps = [hook(), hook({ id: 'next', name: 'Next' })]
    const { all, id, messages, callBack, step } = await deployed(steps)
    const first = messages[0]?.message.callback.token
    expect((await callBack()).status).toBe(200)
    await all.until(() => messages.length === 2)
    for (const status of ['done', 'failed']) {
      const { status: code, body } = await callBack({ status }, first)
      expect([code, body.code]).toEqual([409, 'callback-over'])
    }
    await all.pass(60)
    expect([await step(0), await step(1)]).toMatchObject([{ status: 'done' }, { status: 'held' }])
    expect((await callBack()).status).toBe(200)
    expect(await all.over(id)).toBe('completed')
    expect((await callBack()).body.code).toBe('callback-over')
    expect(await all.audited()).toEqual([])
  })

  test('is told again that it was taken where it bears the same Idempotency-Key', async () => {
    const { all, id, callBack } = await deployed()
    const headers = { 'idempotency-key': 'callback-1' }
    const replies = [
      await callBack(undefined, undefined, headers),
      await callBack(undefined, undefined, headers),
    ]
    expect(replies.map(({ status, body }) => [status, body])).toEqual([
      [200, replies[0]?.body],
      [200, replies[0]?.body],
    ])
    expect((await callBack({ status: 'failed' }, undefined, headers)).body.code).toBe(
      'idempotency-key-reused',
    )
    expect(await all.over(id)).toBe('completed')
  })

  test('of one target ends no step of another, nor of the next attempt on its own', async () => {
    const { all, messages, callBack, step } = await deployed([hook()], undefined, { targets: 2 })
    const tokenOf = (target: string, place = 0) =>
      messages.filter(({ message }) => message.target === target)[place]?.message.callback.token
    await callBack({ status: 'failed' }, tokenOf('cust_0001'))
    await all.pass(30)
    expect(await step(0, 'cust_0002')).toMatchObject({ status: 'held' })
    await callBack({ status: 'done' }, tokenOf('cust_0002'))
    await all.pass(30)
    await all.deploy('node', { targets: { ids: ['cust_0001'] } })
    await all.until(() => messages.length === 3)
    expect((await callBack({ status: 'done' }, tokenOf('cust_0001'))).body.code).toBe('callback-over')
    expect(await step()).toMatchObject({ status: 'held' })
    expect((await callBack({ status: 'done' }, tokenOf('cust_0001', 1))).status).toBe(200)
  })

  it.each([
    ['none', undefined],
    ['another scheme', 'Basic eDp5'],
    ['no capability', 'Bearer x'],
    ['one that nobody was given', `Bearer drydock-callback.${'A'.repeat(43)}`],
    ['the token of a person', 'person'],
    ['two', 'twice'],
  ])('with %s is refused, and told nothing', async (_, given) => {
    const { all, messages, step } = await deployed()
    const token = messages[0]?.message.callback.token
    const authorization = given === 'twice' ? `Bearer ${token} ${token}` : given
    const { status, body } = await all.world.call('POST', '/api/v1/callbacks', {
      as: given === 'person' ? { user: 'admin-1', roles: ['admin'] } : null,
      body: { status: 'done' },
      ...(authorization && authorization !== 'person' && { headers: { authorization } }),
    })
    expect([status, body.code, body.detail]).toEqual([
      ...[
        401,
        'callback-refused',
        'Send the token of the last message as a bearer token, before it expires.',
      ],
    ])
    expect(await step()).toMatchObject({ status: 'held' })
  })

  test('is refused when its time is over, like one that nobody was given, and the step has failed', async () => {
    const { all, id, callBack, step, others } = await deployed([hook(back), after])
    await all.pass(599)
    expect(await step()).toMatchObject({ status: 'held' })
    await all.pass(10)
    const late = await callBack()
    const unknown = await callBack(undefined, `drydock-callback.${'A'.repeat(43)}`)
    const { correlationId: _, ...told } = late.body
    expect([late.status, unknown.body]).toEqual([401, { ...told, correlationId: expect.any(String) }])
    await all.over(id)
    expect(await step()).toMatchObject({ status: 'failed', code: 'NO_CALLBACK' })
    expect(others).toEqual(['/back'])
    expect(await all.audited()).toEqual([])
  })

  it.each([
    ['no status', {}, 'status'],
    ['another status', { status: 'perhaps' }, 'status'],
    ['more than it may say', { status: 'done', message: 'x'.repeat(513) }, 'message'],
    ['a list', { status: 'done', data: [] }, 'data'],
    ['too much data', { status: 'done', data: { x: 'ä'.repeat(8200) } }, 'data'],
    ['a field of its own', { status: 'done', step: 'after' }, 'step'],
  ])('with %s is refused with the place, and may be made again', async (_, body, field) => {
    const { all, id, callBack } = await deployed()
    const refused = await callBack(body)
    expect([refused.status, refused.body.errors]).toMatchObject([400, [{ field }]])
    expect((await callBack()).status).toBe(200)
    expect(await all.over(id)).toBe('completed')
  })

  it.each([
    ['done', { as: 'done', reason: 'I saw it.' }, 'switch done', 1],
    ['failed', { as: 'failed', reason: 'It did nothing.' }, 'switch failed', 1],
    ['again', { as: 'again', reason: 'It has lost it.' }, 'switch held', 2],
  ])('that does not come may be replaced by the word of a person: %s', async (_, said, becomes, sent) => {
    const { all, messages } = await deployed()
    const { attempt } = (await all.world.call('GET', '/api/v1/targets/cust_0001/steps')).body
    const path = '/api/v1/targets/cust_0001/steps/switch'
    const wrong = await all.world.call('POST', `${path}/acknowledge`, { body: { attempt } })
    expect([wrong.body.code, wrong.body.detail]).toEqual([
      ...['step-not-held', 'It waits for another word: POST …/steps/switch/settle.'],
    ])
    expect((await all.world.call('POST', `${path}/settle`, { body: { attempt, ...said } })).status).toBe(200)
    await all.pass(30)
    expect([(await all.steps('cust_0001'))[0], messages.length]).toEqual([becomes, sent])
    expect(await all.audited()).toEqual([])
  })

  test('is waited for by the next execution where the one before was stopped', async () => {
    const { all, id, messages, callBack } = await deployed()
    for (const { executionArn } of all.running('node')) all.stop(executionArn)
    await all.pass(60)
    expect((await callBack()).status).toBe(200)
    expect([await all.over(id), messages.length]).toEqual(['completed', 1])
    expect(await all.audited()).toEqual([])
  })
})

describe('a step of the kind webhook', () => {
  test('of the documentation is taken, sent, and saves what its callback brings', async () => {
    const [, shown = ''] =
      /## Messages and callbacks\n\n```yaml\n([\s\S]*?)```/.exec(textOf('docs/procedures.md')) ?? []
    const all = openProcedures(() => answered({}, 202))
    all.secrets.set('drydock/hooks#signing', fresh)
    await all.world.fleet(1)
    const facts = { region: 'eu-1', tags: { site: 'fra-2' } }
    await all.world.call('PATCH', '/api/v1/targets/cust_0001', { body: facts })
    const headers = { 'content-type': 'application/yaml' }
    const { status, body } = await all.world.call('PUT', '/api/v1/procedures/node', { raw: shown, headers })
    expect([status, body.errors]).toEqual([200, undefined])
    const id = await all.deploy('node')
    await all.quiet()
    expect(all.calls.map(({ url }) => url)).toEqual(['https://hooks.example.com/eu-1'])
    const message = JSON.parse(all.calls[0]?.body ?? '')
    expect(message.data).toEqual({ site: 'fra-2', version: 'v1.2.0' })
    const [, told = ''] = /```json\n(\{ "type"[\s\S]*?)```/.exec(textOf('docs/procedures.md')) ?? []
    const documented = JSON.parse(told)
    for (const [one, other] of [
      [message, documented],
      [message.callback, documented.callback],
    ])
      expect(Object.keys(one)).toEqual(Object.keys(other))
    const [, sent = ''] = /-d '(\{ "status"[\s\S]*?)'\n/.exec(textOf('docs/procedures.md')) ?? []
    const as = { capability: message.callback.token }
    const reply = await all.world.call('POST', '/api/v1/callbacks', { as, body: JSON.parse(sent) })
    expect([reply.status, await all.over(id)]).toEqual([200, 'completed'])
  })

  test('is shown as it would be sent, with what signs and answers it hidden, and nothing is kept for it', async () => {
    const { all, messages } = await deployed([
      hook({}, { callback: false, secret: ['drydock/hook', 'drydock/old-hook'] }),
    ])
    const before = messages.length
    const body = { targetId: 'cust_0001', component: 'api', version: 'v1.3.0' }
    const tried = async () =>
      (await all.world.call('POST', '/api/v1/procedures/node/try', { body })).body.steps[0].calls[0]
    expect(await tried()).toMatchObject({
      ...{ method: 'POST', url: 'https://hooks.example/cust_0001' },
      headers: {
        'webhook-signature': '(signed by (secret drydock/hook)) (signed by (secret drydock/old-hook))',
      },
    })
    expect(JSON.parse((await tried()).body)).toMatchObject({
      ...{ step: 'switch', data: { version: 'v1.3.0', note: 'to v1.3.0' } },
    })
    await all.store('node', { steps: [hook()] })
    expect(JSON.parse((await tried()).body).callback.token).toBe('(capability)')
    expect(messages.length).toBe(before)
  })

  it.each([
    ['an address of another scheme', hook({}, { url: 'ftp://hooks.example' }), 'steps.0.webhook.url'],
    ['a user in its address', hook({}, { url: 'https://me@hooks.example' }), 'steps.0.webhook.url'],
    [
      'a secret in its address',
      hook({}, { url: "https://h.example/{{ secret('a') }}" }),
      'steps.0.webhook.url',
    ],
    [
      'a secret in its body',
      hook({}, { body: { a: [{ b: "{{ secret('a') }}" }] } }),
      'steps.0.webhook.body.a.0.b',
    ],
    [
      'a value that no step saves',
      hook({}, { body: { a: '{{ steps.none.path }}' } }),
      'steps.0.webhook.body.a',
    ],
    ['a template as a name', hook({}, { body: { '{{ target.id }}': 1 } }), 'steps.0.webhook.body'],
    ['no secret', hook({}, { secret: [] }), 'steps.0.webhook.secret'],
    ['three secrets', hook({}, { secret: ['a', 'b', 'c'] }), 'steps.0.webhook.secret'],
    ['a secret itself', hook({}, { secret: 'whsec_AAAA AAAA' }), 'steps.0.webhook.secret'],
    ['no time for a callback', hook({ timeoutSeconds: 15 }), 'steps.0.timeoutSeconds'],
    ['no word of how it is undone', { ...hook(), inverse: undefined }, 'steps.0.inverse'],
    ['a check', hook({ check: { request: { url: 'https://h.example' }, done: 'true' } }), 'steps.0.check'],
    ['another kind beside it', hook({ wait: { seconds: 1 } }), 'steps.0'],
    ['a value called outcome', hook({ save: { outcome: 'answer.body.a' } }), 'steps.0.save.outcome'],
  ])('with %s is refused with its place', async (_, step, field) => {
    const all = openProcedures(() => answered())
    const { status, body } = await all.store('node', { steps: [step] })
    expect([status, body.errors?.map((error: { field: string }) => error.field)]).toEqual([400, [field]])
  })
})
