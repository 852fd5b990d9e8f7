import { expect, test } from 'vitest'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { exists } from '../../functions/domain/upgrade/state.ts'
import type { OutboundCall } from '../../functions/outbound.ts'
import { answered, openProcedures } from './world.ts'

/** A node as its procedure sees it: what it runs, and whether it takes work. */
function openNode() {
  const node = { version: 'v1.1.0', enabled: true, instances: 2, backup: '', replaced: 0, healthy: true }
  return {
    node,
    serve({ method, url, body }: OutboundCall) {
      const path = new URL(url).pathname
      if (path === '/backup') {
        node.backup = `backup-of-${node.version}`
        return answered({ path: node.backup }, 201)
      }
      if (path === '/drain') {
        node.enabled = false
        return answered({ draining: true }, 202)
      }
      if (path === '/enable') {
        node.enabled = true
        return answered()
      }
      if (path === '/replace') {
        node.version = JSON.parse(body ?? '{}').version
        node.replaced++
        return answered({}, 202)
      }
      if (path === '/restore') {
        node.version = String(JSON.parse(body ?? '{}').from).replace('backup-of-', '')
        return answered()
      }
      if (path === '/instances') {
        if (!node.enabled && node.instances > 0) node.instances--
        return answered({ active_instances: node.instances })
      }
      if (path === '/health')
        return answered({ status: node.healthy ? 'healthy' : 'unhealthy', version: node.version })
      return answered({ what: `${method} ${path}` }, 404)
    },
  }
}

const at = (path: string) => `http://{{ target.id }}.nodes.example${path}`
const health = (id: string, name: string) => ({
  ...{ id, name, timeoutSeconds: 60 },
  health: {
    checks: [
      {
        name: 'Agent',
        request: { url: at('/health') },
        expect: { where: "answer.body.status == 'healthy'" },
      },
    ],
  },
})

/** Seed 002's node agents: back up, drain, replace, check, enable. */
const nodeProcedure = {
  description: 'One node',
  steps: [
    {
      ...{ id: 'backup', name: 'Back up', backup: true, inverse: 'none', repeatable: true },
      http: { request: { method: 'POST', url: at('/backup') } },
      save: { path: 'answer.body.path' },
    },
    {
      ...{ id: 'drain', name: 'Drain', repeatable: true },
      http: { request: { method: 'POST', url: at('/drain') } },
      inverse: {
        name: 'Take work again',
        repeatable: true,
        http: { request: { method: 'POST', url: at('/enable') } },
      },
    },
    {
      ...{ id: 'leave', name: 'Wait until nothing runs', timeoutSeconds: 600 },
      poll: {
        request: { url: at('/instances') },
        until: 'answer.body.active_instances == 0',
        everySeconds: 10,
      },
    },
    {
      ...{ id: 'replace', name: 'Replace' },
      http: { request: { method: 'POST', url: at('/replace'), body: { version: '{{ attempt.to }}' } } },
      check: { request: { url: at('/health') }, done: 'answer.body.version == attempt.to' },
      inverse: {
        ...{ name: 'Restore', repeatable: true },
        http: { request: { method: 'POST', url: at('/restore'), body: { from: '{{ steps.backup.path }}' } } },
      },
    },
    { id: 'settle', name: 'Let it settle', wait: { seconds: 10 } },
    health('healthy', 'Check health'),
    {
      ...{ id: 'enable', name: 'Enable', repeatable: true, inverse: 'none' },
      http: { request: { method: 'POST', url: at('/enable') } },
    },
  ],
  verifyWayBack: [health('well', 'Check that it is well again')],
}

test('Z5: a procedure takes its targets step by step to the version, and says so', async () => {
  const { node, serve } = openNode()
  const all = openProcedures(serve)
  await all.world.fleet(1)
  const stored = await all.store('node', nodeProcedure)
  expect([stored.status, stored.body]).toMatchObject([200, { revision: 1, steps: 7 }])
  const id = await all.deploy('node')
  expect(await all.over(id)).toBe('completed')
  expect(node).toMatchObject({ version: 'v1.2.0', enabled: true, replaced: 1 })
  expect(await all.steps('cust_0001')).toEqual(
    ['backup', 'drain', 'leave', 'replace', 'settle', 'healthy', 'enable'].map((step) => `${step} done`),
  )
  const target = await all.world.call('GET', '/api/v1/targets/cust_0001')
  expect(target.body.components).toEqual({ api: 'v1.2.0' })
})

test('how long each step took is told by release, of those that succeeded', async () => {
  const { serve } = openNode()
  const all = openProcedures(serve)
  await all.world.fleet(2)
  await all.store('node', nodeProcedure)
  const id = await all.deploy('node')
  await all.over(id)
  const { body } = await all.world.call('GET', '/api/v1/analytics', { query: { by: 'release' } })
  const [group] = body.groups
  expect(group).toMatchObject({ key: 'api@v1.2.0', attempts: 2, succeeded: 2 })
  const steps = new Map<string, { count: number; meanSeconds: number }>(
    group.steps.map((one: { step: string }) => [one.step, one]),
  )
  expect([...steps.keys()]).toEqual(['backup', 'drain', 'leave', 'replace', 'settle', 'healthy', 'enable'])
  for (const [step, { count }] of steps) expect([step, count]).toEqual([step, 2])
  expect(steps.get('settle')?.meanSeconds).toBeGreaterThanOrEqual(10)
  const sum = [...steps.values()].reduce((total, { meanSeconds }) => total + meanSeconds, 0)
  expect(sum).toBeLessThanOrEqual(group.times.work.meanSeconds)

  const back = await all.world.call('POST', `/api/upgrades/${id}/rollback`)
  expect(await all.over(back.body.upgradeId)).toBe('completed')
  const after = await all.world.call('GET', '/api/v1/analytics', { query: { by: 'release' } })
  expect(after.body.groups).toEqual([{ ...group, rollbacks: 2, rollbackRate: 100 }])
})

test('what fails is undone in the reverse order, and shown to be well', async () => {
  const { node, serve } = openNode()
  const all = openProcedures((call) => {
    node.healthy = node.version === 'v1.1.0'
    return serve(call)
  })
  await all.world.fleet(1)
  await all.store('node', nodeProcedure)
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  expect(await all.over(id)).toBe('completed_with_exceptions')
  expect(node).toMatchObject({ version: 'v1.1.0', enabled: true })
  expect(await all.steps('cust_0001')).toEqual([
    ...['backup done', 'drain done', 'leave done', 'replace done', 'settle done', 'healthy failed'],
    ...['<replace done', '<drain done', '<well done'],
  ])
  const logs = await all.world.call('GET', `/api/upgrades/${id}/logs`)
  expect(logs.body.logs[0]).toMatchObject({ status: 'rolled_back' })
})

test('a rollback of the upgrade undoes what its attempts did, by what these saved', async () => {
  const { node, serve } = openNode()
  const all = openProcedures(serve)
  await all.world.fleet(1)
  await all.store('node', nodeProcedure)
  const id = await all.deploy('node', { parallel: 3 })
  await all.over(id)
  const back = await all.world.call('POST', `/api/upgrades/${id}/rollback`, { body: { reason: 'slow' } })
  expect(back.status).toBe(202)
  const { state } = await all.world.log.load(upgradeAggregate, back.body.upgradeId)
  expect(exists(state) && state.request.parallel).toBe(3)
  expect(await all.over(back.body.upgradeId)).toBe('completed')
  expect(node).toMatchObject({ version: 'v1.1.0', enabled: true })
  expect(await all.steps('cust_0001')).toEqual(['<replace done', '<drain done', '<well done'])
  expect(await all.audited()).toEqual([])
})

test('an execution that is stopped in any state is followed by one that goes on there', async () => {
  for (const place of ['backup', 'drain', 'leave', 'replace', 'healthy', 'enable']) {
    const { node, serve } = openNode()
    const all = openProcedures(serve)
    await all.world.fleet(1)
    await all.store('node', nodeProcedure)
    let stopped = false
    all.kill(({ action, place: at }) => {
      if (stopped || action !== 'step' || at !== `there:${place}`) return undefined
      stopped = true
      const [execution] = all.running('node')
      if (execution) all.stop(execution.executionArn)
      return 'before'
    })
    const id = await all.deploy('node')
    expect([place, await all.over(id), node.replaced]).toEqual([place, 'completed', 1])
  }
})

test('an execution that another has taken over does nothing more', async () => {
  const { node, serve } = openNode()
  const all = openProcedures(serve)
  await all.world.fleet(1)
  await all.store('node', nodeProcedure)
  await all.deploy('node')
  await all.quiet()
  const { attempt } = (await all.world.call('GET', '/api/v1/targets/cust_0001')).body.active
  for (const { executionArn } of all.running('node')) all.stop(executionArn)
  await all.quiet()
  const asked = { target: 'cust_0001', attempt, generation: 1 }
  const before = [all.calls.length, node.replaced]
  for (const payload of [
    { action: 'locate' },
    { action: 'step', place: 'there:leave' },
    { action: 'end', place: 'end:succeeded' },
  ])
    await expect(all.task({ ...asked, ...payload })).rejects.toMatchObject({ name: 'Superseded' })
  expect([all.calls.length, node.replaced]).toEqual(before)
})

test('the agent of a target has no say in what a procedure does there', async () => {
  const { serve } = openNode()
  const all = openProcedures(serve)
  await all.world.fleet(1)
  await all.store('node', nodeProcedure)
  const id = await all.deploy('node')
  const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
  const { attempt } = (await all.world.call('GET', '/api/v1/targets/cust_0001')).body.active
  expect((await all.world.call('GET', '/api/v1/updates/check', { as })).body).toMatchObject({
    updateAvailable: false,
  })
  for (const status of ['in-progress', 'completed', 'failed', 'rejected']) {
    const body = { attempt, version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status }
    const reply = await all.world.call('POST', '/api/v1/updates/status', { as, body })
    expect([status, reply.status, reply.body.code]).toEqual([status, 409, 'attempt-driven'])
  }
  expect(await all.over(id)).toBe('completed')
})

test('a rollback of steps that nobody has said how to undo fails, and says so', async () => {
  const { serve } = openNode()
  const all = openProcedures(serve)
  await all.world.fleet(1)
  const steps = nodeProcedure.steps.map((step) => ('http' in step ? { ...step, inverse: 'none' } : step))
  await all.store('node', { steps })
  const id = await all.deploy('node')
  expect(await all.over(id)).toBe('completed')
  const settings = { reason: 'slow', failureThreshold: { percent: 100 } }
  const back = await all.world.call('POST', `/api/upgrades/${id}/rollback`, { body: settings })
  expect(back.status).toBe(202)
  expect(await all.over(back.body.upgradeId)).not.toBe('completed')
  const { body } = await all.world.call('GET', `/api/upgrades/${back.body.upgradeId}/logs`)
  expect(body.logs[0]).toMatchObject({ status: 'failed', error: expect.stringContaining('NO_WAY_BACK') })
})

test('a rollback of steps that have only looked has nothing to undo, whether they had found all well or not', async () => {
  for (const [answer, outcome] of [
    [200, 'completed'],
    [503, 'failed'],
  ] as const) {
    const all = openProcedures(() => answered({}, answer))
    await all.world.fleet(1)
    const health = { checks: [{ name: 'Node', request: { url: 'http://node.example/health' } }] }
    const steps = [{ id: 'look', name: 'Look', timeoutSeconds: 60, onFailure: 'stop', health }]
    await all.store('node', { steps })
    const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
    await all.over(id)
    const { body } = await all.world.call('GET', `/api/upgrades/${id}/logs`)
    expect(body.logs[0].status).toBe(outcome)
    const back = await all.world.call('POST', `/api/upgrades/${id}/rollback`, { body: { reason: 'slow' } })
    expect(await all.over(back.body.upgradeId)).toBe('completed')
  }
})

const post = (path: string, more: object = {}) => ({
  http: { request: { method: 'POST', url: at(path) } },
  ...more,
})

test('a step that failed before it began is not undone: nothing of it was done', async () => {
  const called: string[] = []
  const all = openProcedures(({ url }) => {
    called.push(new URL(url).pathname)
    return answered()
  })
  await all.world.fleet(1)
  const undo = (path: string) => ({ inverse: { name: `Undo ${path}`, ...post(path) } })
  await all.store('node', {
    steps: [
      { id: 'first', name: 'First', ...post('/first', undo('/first/undo')) },
      {
        id: 'second',
        name: 'Second',
        when: 'target.tags.none == 1',
        ...post('/second', undo('/second/undo')),
      },
    ],
  })
  await all.over(await all.deploy('node', { failureThreshold: { percent: 100 } }))
  expect(called).toEqual(['/first', '/first/undo'])
  expect(await all.steps('cust_0001')).toEqual(['first done', 'second failed', '<first done'])
})

test('an attempt goes to where its target was when it was assigned, there and back', async () => {
  const called: string[] = []
  const all = openProcedures(({ url }) => {
    called.push(url)
    return answered({}, url.endsWith('/late') ? 404 : 200)
  })
  await all.world.fleet(1)
  const tag = (node: string) =>
    all.world.call('PATCH', '/api/v1/targets/cust_0001', { body: { tags: { node } } })
  await tag('old.example')
  const url = (path: string) => ({ request: { method: 'POST', url: `http://{{ target.tags.node }}${path}` } })
  await all.store('node', {
    steps: [
      { id: 'first', name: 'First', http: url('/first'), inverse: { name: 'Undo', http: url('/undo') } },
      { id: 'rest', name: 'Rest', wait: { seconds: 60 } },
      { id: 'late', name: 'Late', inverse: 'none', http: url('/late'), retries: { attempts: 0 } },
    ],
  })
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  await tag('new.example')
  await all.over(id)
  expect(called).toEqual(['first', 'late', 'undo'].map((path) => `http://old.example/${path}`))
})

test('what steps save is so much in all, and no more: what takes it back can still be written down', async () => {
  const all = openProcedures(() =>
    answered({ text: '\u0001'.repeat(1000), exact: 5, large: 2 ** 60, none: 1e300 }),
  )
  await all.world.fleet(1)
  const names = Array.from({ length: 3 }, (_, index) => `save${index}`)
  const step = (id: string, save: object) => ({
    ...{ id, name: id, inverse: 'none', onFailure: 'continue', repeatable: true, save },
    ...post('/save'),
  })
  const text = 'answer.body.text'
  const stored = await all.store('node', {
    steps: [
      ...names.map((id) => step(id, { text })),
      step('many', Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`text${n}`, text]))),
      step('exact', { exact: 'answer.body.exact', none: 'answer.body.none > 5.0' }),
      step('large', { large: 'answer.body.large' }),
    ],
  })
  expect(stored.body.errors).toBeUndefined()
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  await all.over(id)
  const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
  const told = body.steps.map(
    ({ status, output }: { status: string; output: string }) => `${status} ${output}`,
  )
  const tooMuch = expect.stringMatching(/^failed .*at most 16384 bytes/)
  const another = expect.stringMatching(/^failed .*large is a number that would be kept as another one/)
  const done = 'done Answered 200'
  expect(told).toEqual([done, done, tooMuch, tooMuch, done, another])
  const back = await all.world.call('POST', `/api/upgrades/${id}/rollback`, { body: { reason: 'slow' } })
  expect(await all.over(back.body.upgradeId)).not.toBe('failed')
})
