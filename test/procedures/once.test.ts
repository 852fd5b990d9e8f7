import { describe, expect, it, test } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { endStep } from '../../functions/domain/target/procedure.ts'
import { approver, type Caller } from '../api/world.ts'
import { answered, cutOff, notSent, openProcedures, type Server } from './world.ts'

const url = 'http://node.example/replace'
const replace = (more: object = {}) => ({
  ...{ id: 'replace', name: 'Replace', inverse: 'none', http: { request: { method: 'POST', url } } },
  ...more,
})
const after = { id: 'after', name: 'After it', http: { request: { url: 'http://node.example/after' } } }
const check = { request: { url: 'http://node.example/state' }, done: 'answer.body.replaced' }

/** The function is killed while it is at its call: before the call has left, or before it could say what came of it. */
const killed = () => {
  throw Object.assign(new Error('killed'), { name: 'Lambda.Unknown' })
}

/** A node that counts what reaches it; `faults` are what becomes of the first calls to replace it. */
function openNode(...faults: ('killed-before' | 'killed-after' | 'cut-off' | 'broken' | 'not-sent')[]) {
  const node = { replaced: 0 }
  const serve: Server = ({ url: called }) => {
    if (called.endsWith('/state')) return answered({ replaced: node.replaced > 0 })
    if (!called.endsWith('/replace')) return answered()
    const fault = faults.shift()
    if (fault === 'killed-before') killed()
    if (fault === 'not-sent') return notSent
    node.replaced++
    if (fault === 'killed-after') killed()
    if (fault === 'cut-off') return cutOff
    if (fault === 'broken') return answered({ error: 'database is gone' }, 500)
    return answered()
  }
  return { node, serve }
}

async function deployed(serve: Server, ...steps: object[]) {
  const all = openProcedures(serve)
  await all.world.fleet(1)
  const stored = await all.store('node', { steps })
  if (stored.status !== 200) throw new Error(JSON.stringify(stored.body))
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
  const say = (word: string, step: string, more: object, headers: Record<string, string> = {}) =>
    all.world.call('POST', `/api/v1/targets/cust_0001/steps/${step}/${word}`, {
      body: { attempt: body.attempt, ...more },
      headers,
    })
  const held = () =>
    all.until(async () => (await all.steps('cust_0001')).some((step) => step.endsWith('held')))
  return { all, id, say, held }
}

describe('a step of which nobody knows whether it was done', () => {
  it.each(['killed-after', 'cut-off', 'broken', 'killed-before'] as const)(
    'waits for a person when it was %s',
    async (fault) => {
      const { node, serve } = openNode(fault)
      const { all, id, say, held } = await deployed(serve, replace(), after)
      await held()
      await all.pass(3000)
      const was = node.replaced
      expect([was, await all.steps('cust_0001')]).toEqual([
        fault === 'killed-before' ? 0 : 1,
        ['replace held', 'after waiting'],
      ])
      const word = was === 1 ? 'done' : 'again'
      expect((await say('settle', 'replace', { as: word, reason: 'I looked' })).status).toBe(200)
      expect([await all.over(id), node.replaced]).toEqual(['completed', 1])
    },
  )

  test('is failed where a person says so, and what follows from a failure follows', async () => {
    const { node, serve } = openNode('cut-off')
    const { all, id, say, held } = await deployed(serve, replace(), after)
    await held()
    await say('settle', 'replace', { as: 'failed', reason: 'it is broken' })
    expect(await all.over(id)).toBe('completed_with_exceptions')
    expect([node.replaced, await all.steps('cust_0001')]).toEqual([1, ['replace failed']])
  })

  test('goes on where its call comes back after all, while a person is asked', async () => {
    const { serve } = openNode('cut-off')
    const { all, id, held } = await deployed(serve, replace(), after)
    await held()
    const { log } = all.world
    const { active } = (await log.load(targetAggregate, 'cust_0001')).state
    const { attempt, generation } = { attempt: active?.attempt ?? '', ...active?.procedure, generation: 1 }
    const step = { attempt, generation, direction: 'there', place: 0, step: 'replace' } as const
    // As the function says it, which was slow, and which everybody has taken for dead.
    const late = endStep({ ...step, outcome: 'done', code: null, output: 'Answered 200', saved: {} })
    await log.of(targetAggregate, 'cust_0001').carryOut(late, all.operator)
    const begun = all.world.services.now()
    expect(await all.over(id)).toBe('completed')
    expect(all.world.services.now() - begun).toBeLessThan(60_000)
    expect(await all.steps('cust_0001')).toEqual(['replace done', 'after done'])
  })

  it.each(['killed-after', 'cut-off', 'broken', 'killed-before', 'not-sent'] as const)(
    'is asked about by its check when it was %s, and done once',
    async (fault) => {
      const { node, serve } = openNode(fault)
      const { all, id } = await deployed(serve, replace({ check }), after)
      expect([await all.over(id), node.replaced]).toEqual(['completed', 1])
    },
  )

  it.each(['killed-after', 'cut-off', 'broken'] as const)(
    'is done again where it is repeatable and was %s',
    async (fault) => {
      const { node, serve } = openNode(fault)
      const { all, id } = await deployed(serve, replace({ repeatable: true }), after)
      expect([await all.over(id), node.replaced]).toEqual(['completed', 2])
      const keys = all.calls
        .filter(({ url: called }) => called === url)
        .map(({ idempotencyKey }) => idempotencyKey)
      expect(new Set(keys).size).toBe(1)
    },
  )

  it.each([
    ['that its check finds not done', { check: { ...check, done: 'answer.body.replaced == 1' } }],
    ['that may be repeated', { repeatable: true, http: { request: { method: 'POST', url, seconds: 1 } } }],
  ])('and %s is not tried for ever, but as often as it may fail', async (_words, more) => {
    let calls = 0
    const { all, id } = await deployed(
      ({ url: called }) => {
        if (called.endsWith('/state')) return answered({ replaced: 0 })
        calls++
        return killed()
      },
      replace({ ...more, timeoutSeconds: 20_000, retries: { attempts: 7, delaySeconds: 60 } }),
    )
    const begun = all.world.services.now()
    expect(await all.over(id)).toBe('completed_with_exceptions')
    expect(calls).toBe(8)
    const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
    expect(body.steps[0]).toMatchObject({ status: 'failed', code: 'CUT_OFF', tries: 8 })
    // The first of the pauses are of 30 minutes and more: half of 60 seconds, five times doubled.
    expect((all.world.services.now() - begun) / 1000).toBeGreaterThan(2 * 1440)
  })

  test('is asked about again while its check cannot say, then a person is', async () => {
    const { node, serve } = openNode('cut-off')
    const { all, held } = await deployed(
      (call) => (call.url.endsWith('/state') ? answered('down', 503) : serve(call)),
      replace({ check, timeoutSeconds: 120 }),
      after,
    )
    await held()
    expect(node.replaced).toBe(1)
    expect(all.calls.filter(({ url: called }) => called.endsWith('/state')).length).toBeGreaterThan(5)
  })
})

test('nothing reached the other side: it is tried again, with pauses, as often as is said', async () => {
  const { node, serve } = openNode('not-sent', 'not-sent', 'not-sent')
  const { all, id } = await deployed(serve, replace({ retries: { attempts: 3, delaySeconds: 10 } }), after)
  const begun = all.world.services.now()
  expect([await all.over(id), node.replaced]).toEqual(['completed', 1])
  // 10, 20 and 40 seconds, each spread from its half on.
  expect((all.world.services.now() - begun) / 1000).toBeGreaterThan(50)
})

describe('a call that was taken, and answered otherwise than expected', () => {
  const expect200 = { status: [200], where: 'answer.body.replaced == true' }
  const answers: [words: string, answer: ReturnType<typeof answered>, code: string][] = [
    ['says something else', answered({ replaced: false }), 'NOT_AS_EXPECTED'],
    ['cannot be understood', answered('{"replaced":'), 'NOT_AS_EXPECTED'],
    [
      'is too large to be read',
      { ...answered({ replaced: true }), cut: 'too-large' } as never,
      'ANSWER_TOO_LARGE',
    ],
    ['has another status', answered({ replaced: true }, 202), 'HTTP_202'],
    ['leads elsewhere', answered('', 303), 'HTTP_303'],
  ]

  it.each(answers)('fails, and is not sent again: its answer %s', async (_words, answer, code) => {
    const sent: string[] = []
    const serve: Server = ({ url: called }) => {
      sent.push(called.split('/').at(-1) ?? '')
      return called.endsWith('/replace') ? answer : answered()
    }
    const undo = {
      name: 'Restore',
      repeatable: true,
      http: { request: { method: 'POST', url: `${url}/back` } },
    }
    const http = { request: { method: 'POST', url }, expect: expect200 }
    const { all, id } = await deployed(serve, replace({ http, inverse: undo }), after)
    await all.over(id)
    expect(sent).toEqual(['replace', 'back'])
    const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
    expect(body.steps[0]).toMatchObject({ status: 'failed', code, tries: 1 })
  })

  it('has failed where it is too large for what is to be saved of it', async () => {
    const large = { ...answered('{"id": 1, "more": "'), cut: 'too-large' } as never
    const { all, id } = await deployed(() => large, replace({ save: { id: 'answer.body.id' } }))
    await all.over(id)
    const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
    expect(body.steps[0]).toMatchObject({ status: 'failed', code: 'ANSWER_TOO_LARGE', tries: 1 })
  })

  it('is made again where that is harmless', async () => {
    let times = 0
    const serve: Server = () => answered({ replaced: ++times > 2 })
    const http = { request: { method: 'POST', url }, expect: expect200 }
    const { all, id } = await deployed(serve, replace({ http, repeatable: true }))
    expect([await all.over(id), times]).toEqual(['completed', 3])
  })
})

test('a rollback undoes what had begun when its attempt ended, though nobody knew whether it was done', async () => {
  const sent: string[] = []
  const serve: Server = ({ url: called }) => {
    sent.push(called.split('/').at(-1) ?? '')
    return sent.length === 1 ? cutOff : answered()
  }
  const undo = {
    name: 'Restore',
    repeatable: true,
    http: { request: { method: 'POST', url: `${url}/back` } },
  }
  const { all, id, held } = await deployed(serve, replace({ inverse: undo }), after)
  await held()
  expect(await all.over(id)).toBe('completed_with_exceptions')
  const back = await all.world.call('POST', `/api/upgrades/${id}/rollback`, { body: { reason: 'in doubt' } })
  expect(await all.over(back.body.upgradeId)).toBe('completed')
  expect(sent).toEqual(['replace', 'back'])
})

test('tries that are used up never pass', async () => {
  const { node, serve } = openNode('not-sent', 'not-sent', 'not-sent')
  const { all, id } = await deployed(serve, replace({ retries: { attempts: 2, delaySeconds: 1 } }), after)
  expect([await all.over(id), node.replaced]).toEqual(['completed_with_exceptions', 0])
  expect(all.calls.length).toBe(3)
  const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
  expect(body.steps[0]).toMatchObject({
    status: 'failed',
    tries: 3,
    code: 'NOT_SENT',
    output: 'connection refused',
  })
})

test('the time of a step covers its tries', async () => {
  const { serve } = openNode(...Array.from({ length: 20 }, () => 'not-sent' as const))
  const { all, id } = await deployed(
    serve,
    replace({ retries: { attempts: 10, delaySeconds: 60 }, timeoutSeconds: 200 }),
  )
  const begun = all.world.services.now()
  await all.over(id)
  expect((all.world.services.now() - begun) / 1000).toBeLessThan(300)
})

test('who asks to be left alone is left alone for so long', async () => {
  let asked = 0
  const at: number[] = []
  const { all, id } = await deployed(() => {
    at.push(all.world.services.now())
    return asked++ === 0 ? answered({}, 429, { 'retry-after': '120' }) : answered()
  }, replace())
  expect(await all.over(id)).toBe('completed')
  expect(((at[1] ?? 0) - (at[0] ?? 0)) / 1000).toBeGreaterThanOrEqual(120)
})

test('a step that two calls of the task look after at once is begun once', async () => {
  const { node, serve } = openNode()
  let release = () => {}
  const holding = new Promise<void>((resolve) => {
    release = resolve
  })
  let first = true
  const { all, id } = await deployed(
    async (call) => {
      if (call.url === url && first) {
        first = false
        await holding
      }
      return await serve(call)
    },
    replace({ repeatable: true }),
  )
  // The state machine gives the task up after 90 seconds and calls it again, while the first call is at work.
  const passing = all.pass(20)
  release()
  await passing
  expect([await all.over(id), node.replaced]).toEqual(['completed', 1])
})

describe('a step that waits', () => {
  const poll = (more: object = {}) => ({
    ...{ id: 'leave', name: 'Wait until nothing runs', timeoutSeconds: 60 },
    poll: {
      request: { url: 'http://node.example/instances' },
      until: 'answer.body.active == 0',
      everySeconds: 10,
    },
    ...more,
  })
  const force = {
    ...{
      id: 'force',
      name: 'Force',
      when: "steps.leave.outcome == 'failed'",
      repeatable: true,
      inverse: 'none',
    },
    http: { request: { method: 'POST', url: 'http://node.example/force' } },
  }

  test('for too long fails, and the next may force it', async () => {
    const { all, id } = await deployed(() => answered({ active: 1 }), poll({ onFailure: 'continue' }), force)
    expect(await all.over(id)).toBe('completed')
    expect(await all.steps('cust_0001')).toEqual(['leave failed', 'force done'])
  })

  test('and sees it come leaves the force out', async () => {
    let active = 3
    const { all, id } = await deployed(
      () => answered({ active: active-- }),
      poll({ onFailure: 'continue' }),
      force,
    )
    expect(await all.over(id)).toBe('completed')
    expect(await all.steps('cust_0001')).toEqual(['leave done', 'force skipped'])
    expect(all.calls.length).toBe(4)
  })

  test('for what has ended badly fails at once, with what was said', async () => {
    const says = { request: { url: 'http://node.example/job' }, everySeconds: 10 }
    const job = poll({
      poll: { ...says, until: "answer.body.status == 'DONE'", failWhen: "answer.body.status == 'FAILED'" },
    })
    const statuses = ['RUNNING', 'FAILED']
    const { all, id } = await deployed(
      () => answered({ status: statuses.shift() ?? 'DONE', why: 'host 3 has no space' }),
      job,
    )
    expect(await all.over(id)).toBe('completed_with_exceptions')
    const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
    expect(body.steps[0]).toMatchObject({ status: 'failed', code: 'ENDED_BADLY' })
    expect(body.steps[0].output).toContain('host 3 has no space')
  })

  test.each([['poll'], ['health']])('V7: leaves alone who asks for it, by %s', async (kind) => {
    const at: number[] = []
    const request = { url: 'http://node.example/instances' }
    const asked =
      kind === 'poll'
        ? {}
        : { poll: undefined, health: { checks: [{ name: 'Node', request }], everySeconds: 10 } }
    const { all, id } = await deployed(
      () => {
        at.push(all.world.services.now())
        return at.length === 1 ? answered({}, 429, { 'retry-after': '120' }) : answered({ active: 0 })
      },
      poll({ timeoutSeconds: 600, ...asked }),
    )
    expect(await all.over(id)).toBe('completed')
    expect(((at[1] ?? 0) - (at[0] ?? 0)) / 1000).toBeGreaterThanOrEqual(120)
    expect(await all.audited()).toEqual([])
  })

  test('looks once more at the end of its time, however long it is asked to stay away', async () => {
    let calls = 0
    const { all, id } = await deployed(
      () => (calls++ === 0 ? answered({}, 429, { 'retry-after': '86400' }) : answered({ active: 0 })),
      poll(),
    )
    expect([await all.over(id), calls]).toEqual(['completed', 2])
  })

  test('says why its condition cannot be read, so that a slip in it is seen before its time is over', async () => {
    const poll = { request: { url }, until: 'answer.body.instnces == 0', everySeconds: 5 }
    const leave = { id: 'leave', name: 'Leave', timeoutSeconds: 60, poll }
    const { all, id } = await deployed(() => answered({ instances: 0 }), leave)
    await all.over(id)
    const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
    expect(body.steps[0]).toMatchObject({
      code: 'DEADLINE',
      output: expect.stringMatching(/^Not yet: .*instnces/),
    })
    expect(body.steps[0].output).not.toBe(`Not yet: ${poll.until}`)
  })

  test('is not deceived by a word that holds another', async () => {
    const health = {
      ...{ id: 'health', name: 'Check health', timeoutSeconds: 30 },
      health: {
        checks: [{ name: 'Agent', request: { url }, expect: { where: "answer.body.status == 'healthy'" } }],
      },
    }
    const { all, id } = await deployed(() => answered({ status: 'unhealthy' }), health)
    expect(await all.over(id)).toBe('completed_with_exceptions')
  })

  test('waits no longer for being killed in the middle', async () => {
    const { all, id } = await deployed(
      () => answered(),
      { id: 'rest', name: 'Rest', wait: { seconds: 600 } },
      after,
    )
    const begun = all.world.services.now()
    await all.pass(300)
    const [execution] = all.running('node')
    if (execution) all.stop(execution.executionArn)
    expect(await all.over(id)).toBe('completed')
    const waited = (all.world.services.now() - begun) / 1000
    expect([waited >= 600, waited < 630]).toEqual([true, true])
  })

  test('for a person goes on by their word, and keeps who it was', async () => {
    const agree = {
      id: 'agree',
      name: 'Agree',
      acknowledge: { ask: 'May it go on?' },
      timeoutSeconds: 86_400,
    }
    const { all, id, say, held } = await deployed(() => answered(), agree, after)
    await held()
    await all.pass(5000)
    expect(all.calls).toEqual([])
    expect((await say('settle', 'agree', { as: 'done', reason: 'x' })).status).toBe(409)
    const key = { 'idempotency-key': 'first' }
    expect((await say('acknowledge', 'agree', {}, key)).status).toBe(200)
    expect(await all.over(id)).toBe('completed')
    // The answer was lost: what was said is known again, and nothing else is.
    expect((await say('acknowledge', 'agree', {}, key)).status).toBe(200)
    expect((await say('acknowledge', 'agree', { comment: 'other' }, key)).status).toBe(422)
    expect((await say('acknowledge', 'agree', {})).status).toBe(409)
    const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
    expect(body.steps[0]).toMatchObject({ status: 'done', by: 'operator-1' })
  })

  test('for a person who does not come fails', async () => {
    const agree = { id: 'agree', name: 'Agree', acknowledge: { ask: 'May it go on?' }, timeoutSeconds: 600 }
    const { all, id } = await deployed(() => answered(), agree, after)
    expect(await all.over(id)).toBe('completed_with_exceptions')
    expect(await all.steps('cust_0001')).toEqual(['agree failed'])
  })
})

test('a backup that fails stops what would follow', async () => {
  const backup = { ...replace(), id: 'backup', name: 'Back up', backup: true, retries: { attempts: 0 } }
  const { all, id } = await deployed(() => answered({ error: 'disk full' }, 400), backup, after)
  expect(await all.over(id)).toBe('completed_with_exceptions')
  expect(await all.steps('cust_0001')).toEqual(['backup failed'])
  expect(all.calls.map(({ url: called }) => called)).toEqual([url])
})

test('a way back that fails leaves the target where it is, for a person', async () => {
  const back = {
    name: 'Put back',
    repeatable: true,
    retries: { attempts: 0 },
    http: { request: { method: 'POST', url: 'http://node.example/back' } },
  }
  const { all, id } = await deployed(
    ({ url: called }) => answered({}, called.endsWith('/replace') ? 200 : 400),
    replace({ inverse: back }),
    { ...after, retries: { attempts: 0 } },
  )
  await all.over(id)
  expect(await all.steps('cust_0001')).toEqual(['replace done', 'after failed', '<replace failed'])
  const { body } = await all.world.call('GET', `/api/upgrades/${id}/logs`)
  expect(body.logs[0]).toMatchObject({ status: 'rollback_failed' })
})

test('a token that has expired is fetched anew, once, and the call made again', async () => {
  let token = 0
  const calls: string[] = []
  const all = openProcedures(({ url: called, headers }) => {
    calls.push(`${called.split('/').at(-1)} ${headers.authorization ?? ''}`)
    if (called.endsWith('/login')) return answered({ access_token: `t${++token}`, expires_in: 3600 })
    return headers.authorization === 'Bearer t2' ? answered() : answered({}, 401)
  })
  await all.world.fleet(1)
  all.secrets.set('drydock/manager#password', 'swordfish')
  const login = {
    request: {
      method: 'POST',
      url: 'http://node.example/login',
      body: { password: "{{ secret('drydock/manager#password') }}" },
    },
    ...{ token: 'answer.body.access_token', lifetimeSeconds: 'answer.body.expires_in' },
  }
  const call = replace({ http: { request: { method: 'POST', url, credentials: 'manager' } } })
  await all.store('node', { credentials: { manager: login }, steps: [call] })
  expect(await all.over(await all.deploy('node'))).toBe('completed')
  expect(calls).toEqual(['login ', 'replace Bearer t1', 'login ', 'replace Bearer t2'])
})

test('a secret is in no event, view, answer or history, even where the other side says it back', async () => {
  const secret = 'correct-horse-battery-staple'
  const all = openProcedures(({ headers }) => answered({ echo: headers['x-key'] }, 400))
  await all.world.fleet(1)
  all.secrets.set('drydock/node', secret)
  const request = { method: 'POST', url, headers: { 'X-Key': "{{ secret('drydock/node') }}" } }
  await all.store('node', {
    steps: [replace({ retries: { attempts: 1, delaySeconds: 1 }, http: { request } })],
  })
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  await all.over(id)
  expect(all.calls.map(({ headers }) => headers['x-key'])).toEqual([secret, secret])
  const told: unknown[] = []
  for await (const { stream } of all.world.log.streams({ name: 'target' }))
    for await (const commit of all.world.log.commits(stream)) told.push(commit)
  told.push((await all.world.call('GET', '/api/v1/targets/cust_0001/steps')).body)
  told.push((await all.world.call('GET', `/api/upgrades/${id}/logs`)).body)
  const tried = { targetId: 'cust_0001', component: 'api', version: 'v1.2.0' }
  told.push((await all.world.call('POST', '/api/v1/procedures/node/try', { body: tried })).body)
  expect(JSON.stringify(told)).toContain('[redacted]')
  expect(JSON.stringify(told)).not.toContain(secret)
})

test('a secret is not saved, whether it was sent or comes with an answer', async () => {
  const secret = 'correct "horse" battery/staple'
  const session = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0'
  const all = openProcedures(({ headers }) => answered({ echo: headers['x-key'], session }))
  await all.world.fleet(1)
  all.secrets.set('drydock/node', secret)
  const request = { method: 'POST', url, headers: { 'X-Key': "{{ secret('drydock/node') }}" } }
  const step = (id: string, save: object) => ({
    ...{ id, name: id, inverse: 'none', onFailure: 'continue', save },
    http: { request },
  })
  await all.store('node', {
    steps: [step('echoes', { echo: 'answer.body.echo' }), step('opens', { session: 'answer.body.session' })],
  })
  await all.over(await all.deploy('node'))
  const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
  expect(body.steps).toMatchObject([
    { status: 'done' },
    { status: 'failed', code: 'NO_VALUE', output: expect.stringContaining('session looks like a secret') },
  ])
  const kept: string[] = []
  for await (const { event } of all.world.log.of(targetAggregate, 'cust_0001').events())
    kept.push(JSON.stringify(event.data))
  expect(kept.join()).toContain('"saved":{"echo":"[redacted]"}')
  expect(kept.join()).not.toContain('battery')
  expect(kept.join()).not.toContain(session)
})
describe('the inbox', () => {
  const inbox = async ({ all }: Pick<Awaited<ReturnType<typeof deployed>>, 'all'>, as?: Caller) => {
    const { body } = await all.world.call('GET', '/api/v1/approvals', as ? { as } : {})
    return body.approvals
  }

  test('shows a step that is held to who may say what became of it, until somebody has', async () => {
    const { serve } = openNode('cut-off')
    const parts = await deployed(serve, replace(), after)
    const { all, id, say, held } = parts
    expect(await inbox(parts)).toEqual([])
    await held()
    const [entry, ...others] = await inbox(parts)
    expect(others).toEqual([])
    expect(entry).toMatchObject({
      ...{ kind: 'step', upgradeId: id, targetId: 'cust_0001', step: 'replace', name: 'Replace' },
      ...{ component: 'api', version: 'v1.2.0', waitsFor: 'settle', youMay: true, lapses: null },
      ask: expect.stringContaining('Nobody knows whether "Replace" was done'),
    })
    expect((await inbox(parts, approver))[0]).toMatchObject({ youMay: false })
    await say('settle', 'replace', { as: 'done', reason: 'I looked' })
    expect(await inbox(parts)).toEqual([])
    await all.over(id)
  })

  test('shows a step that asks a person, as long as its attempt is under way', async () => {
    const ask = { id: 'ask', name: 'Ask', timeoutSeconds: 600, acknowledge: { ask: 'Is the traffic away?' } }
    const parts = await deployed(() => answered(), ask)
    await parts.held()
    const [entry] = await inbox(parts, approver)
    expect(entry).toMatchObject({ waitsFor: 'acknowledge', ask: 'Is the traffic away?', youMay: true })
    expect(entry.lapses > entry.since).toBe(true)
    await parts.all.over(parts.id)
    expect(await inbox(parts)).toEqual([])
  })

  test('shows no step whose attempt has run out, of which nobody knows what became', async () => {
    const { serve } = openNode('cut-off')
    const parts = await deployed(serve, replace({ timeoutSeconds: 60 }))
    await parts.held()
    await parts.all.over(parts.id)
    expect((await parts.all.world.services.views.listHeldSteps({ limit: 10 })).rows).toEqual([])
    expect(await parts.all.steps('cust_0001')).toEqual(['replace unknown'])
    expect(await parts.all.audited()).toEqual([])
  })
})
