import { describe, expect, test, vi } from 'vitest'
import { approved, phasesOf, platform, started, statusOf, twoPhases } from './rollout-world.ts'
import { approver, report, type World } from './world.ts'

const say = (world: World, id: string, word: string, body?: object, as?: typeof approver) =>
  world.call('POST', `/api/v1/rollouts/${id}/${word}`, { ...(body && { body }), ...(as && { as }) })

/** What the targets run now. */
async function versions(world: World): Promise<Readonly<Record<string, string>>> {
  const { body } = await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })
  return Object.fromEntries(
    body.targets.map(({ id, components }: { id: string; components: Record<string, string> }) => [
      id,
      Object.values(components)[0],
    ]),
  )
}

test('of several that would take a rollout back at once one does', async () => {
  const world = await platform()
  const id = await started(world)
  for (let phase = 0; phase < 2; phase++) {
    await report(world)
    await world.advanceRollout(id)
  }
  const asked = [{}, { phases: ['databases'] }, {}].map((more) =>
    say(world, id, 'rollback', { reason: 'it loses orders', ...more }),
  )
  const replies = await Promise.all(asked)
  expect(replies.map(({ status }) => status).sort()).toEqual([202, 409, 409])
  expect(replies.flatMap(({ body }) => body.code ?? [])).toEqual(['child-at-work', 'child-at-work'])
})

describe('Z1: phases in the order of what they depend on', () => {
  test('the second begins when all targets of the first have been upgraded, not before', async () => {
    const world = await platform()
    const id = await started(world)
    expect(await phasesOf(world, id)).toEqual({ databases: 'in_progress', workers: 'waiting' })
    expect(await report(world)).toEqual(['db-1', 'db-2'])
    await world.advanceRollout(id)
    expect(await phasesOf(world, id)).toEqual({ databases: 'completed', workers: 'in_progress' })
    expect(await report(world)).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
    await world.advanceRollout(id)
    const status = await statusOf(world, id)
    expect(status).toMatchObject({ status: 'completed', total: 6, completed: 6, failed: 0, holds: [] })
    expect(new Set(Object.values(await versions(world)))).toEqual(new Set(['v2.0.0']))
  })

  test('one that depends on several waits for all of them', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const half = (name: string, ids: readonly string[], dependsOn: readonly string[] = []) => ({
      ...{ ...second, name, dependsOn, targets: { ids } },
    })
    const phases = [first, half('some', ['w-1']), half('rest', ['w-2', 'w-3'], ['databases', 'some'])]
    const id = await started(world, { ...twoPhases, phases })
    await report(world, (target) => (target === 'w-1' ? 'in-progress' : 'completed'))
    await world.advanceRollout(id)
    expect(await phasesOf(world, id)).toEqual({
      databases: 'completed',
      some: 'in_progress',
      rest: 'waiting',
    })
    await report(world)
    await world.advanceRollout(id)
    expect(await phasesOf(world, id)).toMatchObject({ some: 'completed', rest: 'in_progress' })
  })

  test('those that depend on nobody run side by side', async () => {
    const world = await platform()
    const phases = twoPhases.phases.map(({ dependsOn: _, ...phase }: Record<string, unknown>) => phase)
    const id = await started(world, { ...twoPhases, phases })
    expect(await phasesOf(world, id)).toEqual({ databases: 'in_progress', workers: 'in_progress' })
  })

  test('the fleet is read once for all phases that somebody waits for', async () => {
    const world = await platform()
    const whole = vi.spyOn(world.services.views, 'everyTarget')
    const reply = await world.call('POST', '/api/v1/rollouts', { body: twoPhases, early: true })
    expect([reply.status, whole.mock.calls.length]).toEqual([202, 1])
    whole.mockRestore()
  })

  test('a pause after a phase is waited for', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const id = await started(world, { ...twoPhases, phases: [{ ...first, pauseSeconds: 300 }, second] })
    world.pass(60)
    await report(world)
    expect(await world.advanceRollout(id)).toBe('rest')
    const { holds } = await statusOf(world, id)
    expect(holds).toMatchObject([
      { code: 'RESTING', since: '2026-01-05T10:01:00.000Z', until: '2026-01-05T10:06:00.000Z' },
    ])
    world.pass(299)
    expect(await world.advanceRollout(id)).toBe('rest')
    world.pass(1)
    expect(await world.advanceRollout(id)).toBe('phases')
    expect(await phasesOf(world, id)).toMatchObject({ workers: 'in_progress' })
  })

  test('one that did not end well holds those that depend on it until somebody accepts that', async () => {
    const world = await platform()
    const id = await started(world)
    await report(world, () => 'failed')
    await world.advanceRollout(id)
    const [{ upgradeId }] = (await statusOf(world, id)).phases
    await world.call('POST', `/api/upgrades/${upgradeId}/abort`)
    expect(await world.advanceRollout(id)).toBe('person')
    expect((await statusOf(world, id)).holds).toMatchObject([{ code: 'PHASE_FAILED', ref: 'databases' }])
    expect((await world.call('GET', `/api/v1/rollouts/${id}/explain`)).body).toMatchObject({
      why: [expect.stringContaining('PHASE_FAILED (databases)')],
      phases: [
        { why: [expect.stringContaining('aborted'), '1 target was left out since.'] },
        { why: ['It waits for "databases" to end well.'] },
      ],
    })
    expect((await say(world, id, 'continue', { phase: 'nobody', reason: 'seen' })).body.code).toBe(
      'phase-not-found',
    )
    expect((await say(world, id, 'continue', { phase: 'workers', reason: 'seen' })).body.code).toBe(
      'nothing-to-continue',
    )
    expect((await say(world, id, 'continue', { phase: 'databases', reason: 'by hand' })).status).toBe(200)
    await world.advanceRollout(id)
    expect(await phasesOf(world, id)).toEqual({ databases: 'aborted', workers: 'in_progress' })
    await report(world)
    await world.advanceRollout(id)
    expect((await statusOf(world, id)).status).toBe('completed_with_exceptions')
  })

  test('some that were left out within the limits hold too, unless the plan accepts that', async () => {
    for (const [exceptions, workers] of [
      ['hold', 'waiting'],
      ['accept', 'in_progress'],
    ]) {
      const world = await platform()
      const [first, second] = twoPhases.phases
      const id = await started(world, {
        ...twoPhases,
        phases: [{ ...first, exceptions, parallel: 1 }, second],
      })
      const [{ upgradeId }] = (await statusOf(world, id)).phases
      const skipped = await world.call('POST', `/api/upgrades/${upgradeId}/targets/db-2/skip`)
      const other =
        skipped.status === 200
          ? skipped
          : await world.call('POST', `/api/upgrades/${upgradeId}/targets/db-1/skip`)
      expect(other.status).toBe(200)
      await report(world)
      await world.advanceRollout(id)
      expect(await phasesOf(world, id)).toEqual({ databases: 'completed_with_exceptions', workers })
    }
  })

  test('one that was overtaken by a newer release was not verified, and counts for nothing', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const id = await started(world, { ...twoPhases, phases: [{ ...first, pauseSeconds: 300 }, second] })
    await report(world)
    await world.advanceRollout(id)
    const release = { component: 'db', version: 'v2.1.0', digest: `sha256:${'cd'.repeat(32)}` }
    await world.call('POST', '/api/v1/releases', { body: release })
    const body = { component: 'db', version: 'v2.1.0', strategy: 'all', targets: { ids: ['db-1'] } }
    const { upgradeId } = (await world.call('POST', '/api/upgrades/deploy', { body })).body
    await world.advance(upgradeId)
    await report(world)
    await world.advance(upgradeId)
    world.pass(300)
    expect(await world.advanceRollout(id)).toBe('person')
    expect((await statusOf(world, id)).holds).toMatchObject([{ code: 'PHASE_OVERTAKEN', ref: 'databases' }])
    expect(await phasesOf(world, id)).toMatchObject({ workers: 'waiting' })
    await say(world, id, 'continue', { phase: 'databases', reason: '2.1.0 is fine' })
    await world.advanceRollout(id)
    expect(await phasesOf(world, id)).toMatchObject({ workers: 'in_progress' })
  })

  test('one whose targets all run the version already has nothing to do, and those after it begin', async () => {
    const world = await platform()
    const id = await started(world)
    await report(world)
    await world.advanceRollout(id)
    await say(world, id, 'abort')
    await report(world)
    await world.advanceRollout(id)
    expect((await statusOf(world, id)).status).toBe('aborted')
    const [, second] = twoPhases.phases
    const more = { ...second, name: 'more', dependsOn: [] }
    const again = await started(world, { ...twoPhases, phases: [twoPhases.phases[0], { ...more }] })
    expect(await phasesOf(world, again)).toMatchObject({ databases: 'nothing_to_do' })
  })
})

describe('N2: the dry run of a rollout', () => {
  test('shows every phase in order, and the hash with which it starts', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const body = { ...twoPhases, phases: [{ ...first, pauseSeconds: 60 }, second] }
    const plan = await world.call('POST', '/api/v1/rollouts/plan', { body })
    expect(plan.status).toBe(200)
    expect(plan.body).toMatchObject({
      total: 6,
      expectedFinish: '2026-01-05T10:11:00.000Z',
      phases: [
        {
          name: 'databases',
          total: 2,
          waves: [{ wave: 1, size: 2, inFlight: 10_000 }],
          expectedFinish: '2026-01-05T10:05:00.000Z',
        },
        { name: 'workers', total: 4, dependsOn: ['databases'], expectedStart: '2026-01-05T10:06:00.000Z' },
      ],
    })
    expect(plan.body.phases[1].members.toSorted()).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
    expect((await world.call('GET', '/api/v1/rollouts')).body.rollouts).toEqual([])
    const id = await started(world, body)
    expect((await statusOf(world, id)).planHash).toBe(plan.body.planHash)
  })

  test('another order, pause or member is another plan', async () => {
    const world = await platform()
    const hashOf = async (body: object) =>
      (await world.call('POST', '/api/v1/rollouts/plan', { body })).body.planHash
    const [first, second] = twoPhases.phases
    const ids = { ids: ['w-1', 'w-2'] }
    const hashes = await Promise.all([
      hashOf(twoPhases),
      hashOf({ ...twoPhases, phases: [first, { ...second, dependsOn: [] }] }),
      hashOf({ ...twoPhases, phases: [{ ...first, pauseSeconds: 1 }, second] }),
      hashOf({ ...twoPhases, phases: [first, { ...second, targets: ids }] }),
      hashOf({ ...twoPhases, onFailure: 'rollback' }),
    ])
    expect(new Set(hashes).size).toBe(5)
  })
})

describe('a plan file', () => {
  const yaml = (text: string) => ({ raw: text, headers: { 'content-type': 'application/yaml' } })
  const file = `# The platform
name: Platform 2.0
phases:
  - name: databases
    component: db
    version: v2.0.0
    strategy: all
  - name: workers
    component: worker
    version: v2.0.0
    strategy: all
    dependsOn: [databases]
`

  test('may be YAML, and means the same as JSON', async () => {
    const world = await platform()
    const json = await world.call('POST', '/api/v1/rollouts/plan', { body: twoPhases })
    const written = await world.call('POST', '/api/v1/rollouts/plan', yaml(file))
    expect(written.status).toBe(200)
    expect(written.body.planHash).toBe(json.body.planHash)
  })

  test.each([
    [
      'phases that wait for each other',
      file.replace('strategy: all\n  - name: w', 'strategy: all\n    dependsOn: [workers]\n  - name: w'),
      'phases.1.dependsOn.0',
      13,
      17,
      /no circle: /,
    ],
    [
      'a phase that is not there',
      file.replace('[databases]', '[data]'),
      'phases.1.dependsOn.0',
      12,
      17,
      /not "data"/,
    ],
    [
      'a name twice',
      file.replace('name: workers', 'name: databases'),
      'phases.1.name',
      8,
      11,
      /a name of its own/,
    ],
    [
      'a field that nobody knows',
      file.replace('strategy: all\n  - name', 'strtegy: all\n  - name'),
      'phases.0.strtegy',
      7,
      14,
      /no such field/,
    ],
    [
      'a value of another type',
      file.replace('v2.0.0\n    strategy: all\n  - name', '[1]\n    strategy: all\n  - name'),
      'phases.0.version',
      6,
      14,
      /type string/,
    ],
    [
      'a field that is missing',
      file.replace('    component: db\n', ''),
      'phases.0.component',
      4,
      5,
      /type string/,
    ],
  ])('with %s is refused by line and column', async (_words, text, field, line, column, expected) => {
    const world = await platform()
    const { status, body } = await world.call('POST', '/api/v1/rollouts', yaml(text))
    expect(status).toBe(400)
    expect(body.errors).toContainEqual(
      expect.objectContaining({ field, line, column, expected: expect.stringMatching(expected) }),
    )
    expect((await world.call('GET', '/api/v1/rollouts')).body.rollouts).toEqual([])
  })

  test.each([
    ['an alias', 'a: &x [1]\nb: *x\n', 1, 7],
    ['a tag', 'a: !!binary aGk=\nb: !own x\n', 1, 13],
    ['a key twice', 'a: 1\na: 2\n', 2, 1],
    ['no end of a list', 'a: [1, 2\n', 2, 1],
    ['brackets without an end', `a: ${'['.repeat(5000)}`, 1, 36],
    ['marks without an end', `${'- '.repeat(5000)}a`, 1, 1],
    ['more than 10,000 lines', '\n'.repeat(10_000), 10_001, 1],
    ['a field that comes twice as a number and as a text', '1: a\n"1": b\n', 2, 1],
  ])('with %s is no document', async (_words, text, line, column) => {
    const world = await platform()
    const { status, body } = await world.call('POST', '/api/v1/rollouts', yaml(text))
    expect([status, body.code]).toEqual([400, 'malformed-document'])
    expect(body.errors).toMatchObject([{ line, column }])
  })

  test('in JSON is told with line and column too', async () => {
    const world = await platform()
    const raw = JSON.stringify(
      { ...twoPhases, phases: [{ ...twoPhases.phases[0], dependsOn: ['x'] }] },
      null,
      2,
    )
    const { body } = await world.call('POST', '/api/v1/rollouts', { raw })
    expect(body.errors).toMatchObject([{ field: 'phases.0.dependsOn.0', line: 10, column: 9 }])
  })

  test('in JSON that is no YAML is refused for what is wrong with it', async () => {
    const world = await platform()
    // A key of YAML has 1,024 characters at most.
    const raw = JSON.stringify({ ...twoPhases, ['k'.repeat(2000)]: 1 })
    const { status, body } = await world.call('POST', '/api/v1/rollouts', { raw })
    expect([status, body.code, body.errors.length]).toEqual([400, 'validation-failed', 1])
  })

  test('is taken by no other route', async () => {
    const world = await platform()
    const reply = await world.call('POST', '/api/upgrades/deploy', yaml('component: db'))
    expect(reply.body.code).toBe('unsupported-media-type')
  })

  test('with a selection that matches nobody is refused, and names the phase', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const body = { ...twoPhases, phases: [first, { ...second, targets: { regions: ['mars'] } }] }
    const reply = await world.call('POST', '/api/v1/rollouts', { body })
    expect(reply).toMatchObject({ status: 422, body: { code: 'nothing-to-upgrade' } })
    expect(reply.body.detail).toContain('The phase "workers": ')
  })

  test('with a target in two phases by one component is refused', async () => {
    const world = await platform()
    const [, second] = twoPhases.phases
    const twice = [
      { ...second, name: 'some', dependsOn: [], targets: { ids: ['w-1'] } },
      { ...second, name: 'all', dependsOn: ['some'] },
    ]
    const reply = await world.call('POST', '/api/v1/rollouts', { body: { ...twoPhases, phases: twice } })
    expect(reply).toMatchObject({ status: 422, body: { code: 'phases-overlap' } })
    expect(reply.body.detail).toContain('w-1')
  })
})

describe('Z8, S5: the approval of a rollout', () => {
  const body = { ...twoPhases, approvals: { required: 1 } }

  test('binds to the common hash, is nobody’s own, and nothing begins before it', async () => {
    const world = await platform()
    const id = await started(world, body)
    expect((await statusOf(world, id)).status).toBe('pending_approval')
    expect(await phasesOf(world, id)).toEqual({ databases: 'waiting', workers: 'waiting' })
    const { planHash } = await statusOf(world, id)
    const own: typeof approver = { user: 'operator-1', roles: ['operator', 'approver'] }
    expect((await say(world, id, 'approve', { planHash }, own)).body.code).toBe('self-approval')
    expect((await say(world, id, 'approve', { planHash: 'ab'.repeat(32) }, approver)).body.code).toBe(
      'plan-changed',
    )
    await approved(world, id)
    expect(await phasesOf(world, id)).toEqual({ databases: 'in_progress', workers: 'waiting' })
  })

  test('ends it when nobody gives it in time, or somebody rejects it', async () => {
    const world = await platform()
    const late = await started(world, { ...twoPhases, approvals: { required: 1, expiresInSeconds: 600 } })
    world.pass(600)
    await world.advanceRollout(late)
    expect((await statusOf(world, late)).status).toBe('expired')
    expect((await world.call('GET', `/api/v1/rollouts/${late}/explain`)).body).toMatchObject({
      why: [expect.stringContaining('it is expired')],
      phases: [
        { why: ['It did not begin: the rollout is expired.'] },
        { why: ['It did not begin: the rollout is expired.'] },
      ],
    })
    const id = await started(world, body)
    await say(world, id, 'reject', { reason: 'not this week' }, approver)
    await world.advanceRollout(id)
    expect((await statusOf(world, id)).status).toBe('rejected')
    const { planHash } = await statusOf(world, id)
    expect((await say(world, id, 'approve', { planHash }, approver)).status).toBe(409)
  })
})

describe('a pause of a rollout', () => {
  test('has reached the phases that run when it is acknowledged, and its end lets them go on', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const phases = [{ ...first, parallel: 1 }, second]
    const id = await started(world, { ...twoPhases, phases })
    const [{ upgradeId }] = (await statusOf(world, id)).phases
    expect((await say(world, id, 'pause', { reason: 'lunch' })).body.status).toBe('paused')
    expect((await world.upgrade(upgradeId)).status).toBe('paused')
    await world.advanceRollout(id)
    expect(await report(world)).toEqual([])
    expect((await say(world, id, 'resume')).body.status).toBe('in_progress')
    expect((await world.upgrade(upgradeId)).status).toBe('running')
    await world.advanceRollout(id)
    expect((await report(world)).length).toBeGreaterThan(0)
  })

  test('leaves alone what was paused before, and so does its end', async () => {
    const world = await platform()
    const id = await started(world)
    const [{ upgradeId }] = (await statusOf(world, id)).phases
    await world.call('POST', `/api/upgrades/${upgradeId}/pause`, { body: { reason: 'a look at db-1' } })
    await say(world, id, 'pause')
    await say(world, id, 'resume')
    expect((await world.upgrade(upgradeId)).status).toBe('paused')
  })

  test('keeps the next phase from beginning', async () => {
    const world = await platform()
    const id = await started(world)
    await report(world)
    await say(world, id, 'pause')
    expect(await world.advanceRollout(id)).toBe('person')
    expect(await phasesOf(world, id)).toEqual({ databases: 'completed', workers: 'waiting' })
    await say(world, id, 'resume')
    await world.advanceRollout(id)
    expect(await phasesOf(world, id)).toEqual({ databases: 'completed', workers: 'in_progress' })
  })
})

describe('Z9: a rollout is taken back', () => {
  async function completed(world: World): Promise<string> {
    const id = await started(world)
    await report(world)
    await world.advanceRollout(id)
    await report(world)
    await world.advanceRollout(id)
    expect((await statusOf(world, id)).status).toBe('completed')
    return id
  }

  test('phase by phase in the reverse order, to the versions before', async () => {
    const world = await platform()
    const id = await completed(world)
    const { status, body } = await say(world, id, 'rollback', { reason: 'it loses orders' })
    expect([status, body.phases]).toEqual([202, ['databases', 'workers']])
    const back = body.rolloutId
    await world.advanceRollout(back)
    const story = (await world.call('GET', `/api/v1/rollouts/${back}/events`)).body.events
    const [planned] = story.filter(({ type }: { type: string }) => type === 'RolloutPlanned')
    expect(planned.sentence).toMatch(/^Planned each phase as it begins, plan /)
    expect(await phasesOf(world, back)).toEqual({ databases: 'waiting', workers: 'in_progress' })
    expect((await say(world, id, 'rollback')).body.code).toBe('child-at-work')
    expect(await report(world)).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
    await world.advanceRollout(back)
    expect(await report(world)).toEqual(['db-1', 'db-2'])
    await world.advanceRollout(back)
    expect(await statusOf(world, back)).toMatchObject({ status: 'completed', kind: 'rollback', parentId: id })
    expect(new Set(Object.values(await versions(world)))).toEqual(new Set(['v1.0.0']))
    expect((await say(world, back, 'rollback')).body.code).toBe('rollback-of-rollback')
    expect((await world.call('GET', `/api/v1/rollouts/${id}`)).body.children).toMatchObject([
      { rolloutId: back },
    ])
  })

  test('one phase alone', async () => {
    const world = await platform()
    const id = await completed(world)
    const { body } = await say(world, id, 'rollback', { phases: ['workers'] })
    await world.advanceRollout(body.rolloutId)
    expect(await report(world)).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
    await world.advanceRollout(body.rolloutId)
    expect((await statusOf(world, body.rolloutId)).status).toBe('completed')
    expect(await versions(world)).toMatchObject({ 'db-1': 'v2.0.0', 'w-1': 'v1.0.0' })
  })

  test('while it is at work: it is aborted first, and what ran ends before anything is taken back', async () => {
    const world = await platform()
    const id = await started(world)
    await report(world)
    await world.advanceRollout(id)
    const { body, headers } = await say(world, id, 'rollback', { reason: 'wrong release' })
    // It is not there yet: what was asked for shows where that stands.
    expect(headers.location).toBe(`/api/v1/rollouts/${id}`)
    await world.advanceRollout(id)
    expect((await statusOf(world, id)).status).toBe('aborted')
    await world.advanceRollout(body.rolloutId)
    expect(await phasesOf(world, body.rolloutId)).toMatchObject({
      databases: 'in_progress',
      workers: 'nothing_to_do',
    })
    expect(await report(world)).toEqual(['db-1', 'db-2'])
    await world.advanceRollout(body.rolloutId)
    expect((await statusOf(world, body.rolloutId)).status).toBe('completed')
    expect(new Set(Object.values(await versions(world)))).toEqual(new Set(['v1.0.0']))
  })

  test('by itself where the plan says so and a phase did not end well', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const failing = { ...second, failureThreshold: { percent: 0, action: 'abort' } }
    const id = await started(world, { ...twoPhases, phases: [first, failing], onFailure: 'rollback' })
    await report(world)
    await world.advanceRollout(id)
    await report(world, (target) => (target === 'w-1' ? 'failed' : 'completed'))
    await world.advanceRollout(id)
    const { status, children } = (await world.call('GET', `/api/v1/rollouts/${id}`)).body
    expect(status).toBe('aborted')
    const [{ rolloutId: back }] = children
    for (let round = 0; round < 3; round++) {
      await world.advanceRollout(back)
      await report(world)
    }
    await world.advanceRollout(back)
    expect((await statusOf(world, back)).status).toBe('completed')
    expect(new Set(Object.values(await versions(world)))).toEqual(new Set(['v1.0.0']))
  })

  test('with nothing to take back it is refused', async () => {
    const world = await platform()
    const id = await started(world, { ...twoPhases, approvals: { required: 1 } })
    await say(world, id, 'abort')
    await world.advanceRollout(id)
    expect((await say(world, id, 'rollback')).body.code).toBe('nothing-to-roll-back')
  })
})

describe('N4: what a rollout was', () => {
  test('is told in sentences, at any instant, and its blast radius is proven', async () => {
    const world = await platform()
    const id = await started(world)
    world.pass(60)
    await report(world)
    await world.advanceRollout(id)
    world.pass(60)
    await report(world)
    await world.advanceRollout(id)
    const at = '2026-01-05T10:00:30.000Z'
    const then = await world.call('GET', `/api/v1/rollouts/${id}/status`, { query: { at } })
    expect(then.body.phases.map(({ status }: { status: string }) => status)).toEqual([
      'in_progress',
      'waiting',
    ])
    const { body } = await world.call('GET', `/api/v1/rollouts/${id}/events`)
    expect(body.events.map(({ sentence }: { sentence: string }) => sentence)).toEqual(
      expect.arrayContaining([
        'operator-1 asked for "Platform 2.0".',
        'Phase "workers": worker v2.0.0, after "databases".',
        expect.stringMatching(/^"databases" begins, by upgrade /),
        '"databases" ended: completed (2 succeeded, 0 failed, 0 left out).',
        'It is complete.',
      ]),
    )
    const radius = await world.call('GET', `/api/v1/rollouts/${id}/blast-radius`)
    expect(radius.body).toMatchObject({ proven: true, phases: [{ name: 'databases' }, { name: 'workers' }] })
  })

  test('a start is done once by its key', async () => {
    const world = await platform()
    const once = { body: twoPhases, headers: { 'idempotency-key': 'k1' } }
    const first = await world.call('POST', '/api/v1/rollouts', once)
    const second = await world.call('POST', '/api/v1/rollouts', once)
    expect(second.body.rolloutId).toBe(first.body.rolloutId)
    expect((await world.call('GET', '/api/v1/rollouts')).body.count).toBe(1)
  })
})
