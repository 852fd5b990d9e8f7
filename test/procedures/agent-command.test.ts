import { describe, expect, test } from 'vitest'
import { answered, openProcedures } from './world.ts'

const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }

const drain = (more: object = {}, agent: object = {}) => ({
  ...{ id: 'drain', name: 'Drain', inverse: 'none', timeoutSeconds: 600 },
  agent: { command: 'drain', arguments: { version: '{{ attempt.to }}', node: '{{ target.id }}' }, ...agent },
  ...more,
})
const after = {
  ...{ id: 'after', name: 'After it', inverse: 'none' },
  http: { request: { method: 'POST', url: 'http://node.example/after?left={{ steps.drain.left }}' } },
}
const undrain = { inverse: { name: 'Undrain', agent: { command: 'undrain' } } }

async function deployed(
  steps: object[] = [
    drain(),
    { ...after, http: { request: { method: 'POST', url: 'http://node.example/after' } } },
  ],
  { kill = (() => undefined) as Parameters<ReturnType<typeof openProcedures>['kill']>[0] } = {},
) {
  const others: string[] = []
  const all = openProcedures(({ url }) => {
    others.push(url.slice('http://node.example'.length))
    return url.includes('refuse') ? answered({}, 422) : answered()
  })
  all.kill(kill)
  await all.world.fleet(1)
  const stored = await all.store('node', { steps })
  if (stored.status !== 200) throw new Error(JSON.stringify(stored.body))
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  await all.quiet()
  const check = async () => (await all.world.call('GET', '/api/v1/updates/check', { as, early: true })).body
  const say = (id: string, body: object = { status: 'done' }) =>
    all.world.call('POST', '/api/v1/updates/commands', { as, early: true, body: { id, ...body } })
  const step = async (index = 0) =>
    (await all.world.call('GET', '/api/v1/targets/cust_0001/steps')).body.steps[index]
  return { all, id, others, check, say, step }
}

describe('a step of an agent', () => {
  test('is what it is told to run when it asks, and ends as it says', async () => {
    const { all, id, check, say, step, others } = await deployed([
      drain({ save: { left: 'answer.body.left' } }),
      after,
    ])
    const { command, updateAvailable, nextCheckSeconds } = await check()
    expect([updateAvailable, nextCheckSeconds]).toEqual([false, 30])
    const { attempt } = (await all.world.call('GET', '/api/v1/targets/cust_0001/steps')).body
    expect(command).toEqual({
      ...{ id: `${attempt}:there:drain:1`, attempt, step: 'drain', command: 'drain', repeatable: false },
      ...{ arguments: { version: 'v1.2.0', node: 'cust_0001' }, deadline: (await step()).deadline },
    })
    expect(await step()).toMatchObject({ status: 'held', why: 'agent', tries: 1 })
    expect((await all.world.call('GET', '/api/v1/targets/cust_0001/explain')).body.reasons).toMatchObject([
      { code: 'held', unblock: expect.stringContaining('Its agent runs it') },
    ])
    expect((await all.world.call('GET', '/api/v1/approvals')).body.count).toBe(0)
    const said = await say(command.id, { status: 'done', message: 'Drained.', data: { left: 0 } })
    expect([said.status, said.body]).toEqual([
      200,
      { target: 'cust_0001', id: command.id, message: 'Taken: the procedure goes on by it.' },
    ])
    expect((await check()).command).toBeUndefined()
    expect(await all.over(id)).toBe('completed')
    expect(await step()).toMatchObject({ status: 'done', output: 'Its agent has said so: Drained.' })
    expect(others).toEqual(['/after?left=0'])
    expect(await all.audited()).toEqual([])
  })

  test('ends once, and by the one whose command it is alone', async () => {
    const { all, id, check, say } = await deployed()
    const { command } = await check()
    const other = { lambda: { kind: 'agent', target: 'cust_0002', tokenHash: '' } }
    const body = { id: command.id, status: 'done' }
    const foreign = await all.world.call('POST', '/api/v1/updates/commands', { as: other, early: true, body })
    expect(foreign.status).toBe(404)
    for (const wrong of [`${command.id}2`, command.id.replace('there', 'back'), 'x'])
      expect((await say(wrong)).body.code).toBe('callback-over')
    expect((await say(command.id)).status).toBe(200)
    expect((await say(command.id, { status: 'failed' })).body.code).toBe('callback-over')
    expect(await all.over(id)).toBe('completed')
  })

  test('that fails begins the way back, which the agent may be asked for, too', async () => {
    const refused = {
      ...after,
      retries: { attempts: 0 },
      http: { request: { method: 'POST', url: 'http://node.example/refuse' } },
    }
    const { all, id, check, say, step } = await deployed([drain(undrain), refused])
    await say((await check()).command.id)
    await all.quiet()
    const { command } = await check()
    expect(command).toMatchObject({ command: 'undrain', arguments: {}, step: 'drain' })
    expect(command.id).toContain(':back:drain:')
    await say(command.id, { status: 'failed', message: 'It is stuck.' })
    await all.over(id)
    expect(await step(2)).toMatchObject({
      status: 'failed',
      code: 'AGENT_FAILED',
      output: 'Its agent has said so: It is stuck.',
    })
    expect(await all.audited()).toEqual([])
  })

  test('of which nobody hears in time has failed, and a person may say earlier how it ended', async () => {
    const late = await deployed([drain({ timeoutSeconds: 60 })])
    await late.all.pass(120)
    expect(await late.step()).toMatchObject({ status: 'failed', code: 'NO_WORD' })
    const { all, id, check, step } = await deployed()
    const { command } = await check()
    const settled = await all.world.call('POST', '/api/v1/targets/cust_0001/steps/drain/settle', {
      body: { attempt: command.attempt, as: 'again', reason: 'It was restarted.' },
    })
    expect(settled.status).toBe(200)
    await all.quiet()
    expect((await check()).command.id).toBe(`${command.attempt}:there:drain:2`)
    expect(await step()).toMatchObject({ status: 'held', why: 'agent', tries: 2 })
    await all.world.call('POST', '/api/v1/targets/cust_0001/steps/drain/settle', {
      body: { attempt: command.attempt, as: 'done', reason: 'I have looked.' },
    })
    expect(await all.over(id)).toBe('completed')
    expect(await all.audited()).toEqual([])
  })

  test('whose arguments name what is not there fails before anybody is told', async () => {
    const { all, id, step, check } = await deployed([
      drain({}, { arguments: { zone: '{{ target.tags.zone }}' } }),
    ])
    expect((await check()).command).toBeUndefined()
    await all.over(id)
    expect(await step()).toMatchObject({ status: 'failed', code: 'NO_VALUE' })
  })

  test.each(['before', 'after'] as const)(
    'is begun once where its task dies %s it is at work',
    async (when) => {
      let left = 1
      const kill = ({ action }: { action: string }) => (action === 'step' && left-- > 0 ? when : undefined)
      const { all, id, check, say } = await deployed(undefined, { kill })
      await all.pass(60)
      const { command } = await check()
      expect(command.id).toMatch(/:drain:1$/)
      await say(command.id)
      expect(await all.over(id)).toBe('completed')
      expect(await all.audited()).toEqual([])
    },
  )

  test.each<[string, object, string]>([
    ['a secret', { arguments: { password: "{{ secret('drydock/password') }}" } }, 'agent.arguments.password'],
    ['a name with a space', { command: 'rm -rf' }, 'agent.command'],
    ['an argument that is no name', { arguments: { 'a b': 'x' } }, 'agent.arguments'],
  ])('is refused with %s', async (_, agent, place) => {
    const all = openProcedures(() => answered())
    const refused = await all.store('node', { steps: [drain({}, agent)] })
    expect(refused.status).toBe(400)
    expect(JSON.stringify(refused.body.errors)).toContain(place)
  })
})
