import { describe, expect, it } from 'vitest'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { base, createdProfile, examples, publishers } from './profile-examples.ts'
import { openWorld, viewer } from './world.ts'

const fieldsOf = (body: { errors: { field: string }[] }) => body.errors.map(({ field }) => field).sort()

describe('P1: creating a profile', () => {
  it.each(Object.entries(examples))(
    'takes the example %s of the seed as it is written',
    async (_, example) => {
      const world = openWorld()
      const reply = await world.call('POST', base, { body: example })
      expect([reply.status, reply.body.errors]).toEqual([201, undefined])
      expect(reply.headers).toMatchObject({
        etag: expect.stringMatching(/^"1-/),
        location: `${base}/${reply.body.id}`,
      })
      const { id, validation_results, ...rest } = reply.body
      expect(rest).toEqual({
        name: example.name,
        status: 'active',
        next_execution: validation_results.cron_next_runs[0],
        affected_resources: 0,
      })
      expect(validation_results).toMatchObject({ schedule_valid: true, timezone_recognized: true })
      expect(validation_results.cron_next_runs).toHaveLength(5)
      expect((await world.call('GET', `${base}/${id}`, { as: viewer })).body).toMatchObject(example)
    },
  )

  it('runs at the wall clock of its zone, through daylight saving time', async () => {
    const world = openWorld()
    const { body } = await world.call('POST', base, { body: examples.weekly })
    expect(body.next_execution).toBe('2026-01-11T07:00:00.000Z')
    world.pass(60 * 86_400)
    const { schedule } = (await world.call('GET', `${base}/${body.id}`)).body
    expect(schedule.next_runs.slice(0, 2)).toEqual(['2026-03-08T07:00:00.000Z', '2026-03-15T06:00:00.000Z'])
    expect(schedule.next_runs).toHaveLength(10)
    expect(schedule.human_readable).toBe('At 2:00 AM, only on Sunday (America/New_York)')
  })

  it('names every bad field with its value and what is allowed, and stores nothing', async () => {
    const world = openWorld()
    const { weekly } = examples
    const reply = await world.call('POST', base, {
      body: {
        ...weekly,
        name: '',
        colour: 'red',
        schedule: {
          cron_expression: '0 25 * * 0',
          timezone: 'Mars/Olympus',
          maintenance_window_hours: 25,
          retry_attempts: 0,
          retry_delay_minutes: 61,
        },
        upgrade_settings: {
          ...weekly.upgrade_settings,
          parallel_upgrades: 11,
          canary_percentage: 101,
          target_version: 'newest',
          rollback_on_failure: 'yes',
        },
        resource_filters: { resource_types: [] },
      },
    })
    expect([reply.status, reply.body.code]).toEqual([400, 'validation-failed'])
    expect(fieldsOf(reply.body)).toEqual([
      'colour',
      'name',
      'resource_filters.resource_types',
      'schedule.cron_expression',
      'schedule.maintenance_window_hours',
      'schedule.retry_attempts',
      'schedule.retry_delay_minutes',
      'schedule.timezone',
      'upgrade_settings.canary_percentage',
      'upgrade_settings.parallel_upgrades',
      'upgrade_settings.rollback_on_failure',
      'upgrade_settings.target_version',
    ])
    expect(reply.body.errors).toContainEqual({
      field: 'schedule.maintenance_window_hours',
      value: 25,
      expected: 'a whole number from 1 to 24',
    })
    expect(world.log.records).toEqual([])
  })

  it('shows nothing of what stands under the name of a secret, as elsewhere', async () => {
    const world = openWorld()
    const { weekly } = examples
    const upgrade_settings = { ...weekly.upgrade_settings, token: 'correct-horse', colour: 'red' }
    const { status, body } = await world.call('POST', base, { body: { ...weekly, upgrade_settings } })
    expect(status).toBe(400)
    expect(body.errors).toContainEqual(
      expect.objectContaining({ field: 'upgrade_settings.colour', value: 'red' }),
    )
    expect(JSON.stringify(body)).not.toContain('correct-horse')
  })

  it('refuses a calendar or a profile to depend on that does not exist', async () => {
    const world = openWorld()
    const schedule = { ...examples.main.schedule, calendars: ['nowhere'] }
    const body = { ...examples.main, schedule, depends_on: { profile_id: 'nobody' } }
    const reply = await world.call('POST', base, { body })
    expect(fieldsOf(reply.body)).toEqual(['depends_on.profile_id', 'schedule.calendars[0]'])
    expect(world.log.records).toEqual([])
  })

  it('answers a repeat under its key as the first time, and refuses the key with another body', async () => {
    const world = openWorld()
    const headers = { 'idempotency-key': 'k' }
    const first = await world.call('POST', base, { body: examples.weekly, headers })
    const again = await world.call('POST', base, { body: examples.weekly, headers })
    expect([again.status, again.body]).toEqual([first.status, first.body])
    const other = await world.call('POST', base, { body: examples.main, headers })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
    const without = await world.call('POST', base, { body: examples.weekly })
    expect(without.body.id).not.toBe(first.body.id)
  })

  it('counts the resources that it would upgrade', async () => {
    const world = openWorld()
    await publishers(world, 3)
    expect((await world.call('POST', base, { body: examples.weekly })).body.affected_resources).toBe(3)
  })

  it('passes over closed days', async () => {
    const world = openWorld()
    const calendar = { kind: 'dates', timezone: 'America/New_York', dates: [{ date: '01-11', name: 'x' }] }
    await world.call('PUT', '/api/v1/calendars/closed', { body: calendar })
    const schedule = { ...examples.weekly.schedule, calendars: ['closed'] }
    const reply = await world.call('POST', base, { body: { ...examples.weekly, schedule } })
    expect(reply.body.next_execution).toBe('2026-01-18T07:00:00.000Z')
    expect(reply.body.validation_results.cron_next_runs[0]).toBe('2026-01-18T07:00:00.000Z')
  })
})

describe('P2: listing profiles', () => {
  it('tells of each in the words of the seed, by pages and filters', async () => {
    const world = openWorld()
    await publishers(world, 2)
    const [weekly, application] = [
      await createdProfile(world, examples.weekly),
      await createdProfile(world, {
        ...examples.region,
        resource_filters: { resource_types: ['application'] },
      }),
    ]
    await world.call('PUT', `${base}/${application}`, { body: { status: 'inactive' } })
    const list = await world.call('GET', base, { as: viewer })
    expect(list.body).toMatchObject({ count: 2, next_cursor: null })
    expect(list.body.profiles.find(({ id }: { id: string }) => id === weekly)).toEqual({
      id: weekly,
      name: 'Weekly-Production-Maintenance',
      description: null,
      status: 'active',
      next_execution: '2026-01-11T07:00:00.000Z',
      last_execution: null,
      execution_count: 0,
      affected_resources: 2,
      affected_resources_at: null,
      resource_types: ['publisher', 'local_broker'],
      success_rate: null,
      average_duration_minutes: null,
      created_at: '2026-01-05T10:00:00.000Z',
      updated_at: '2026-01-05T10:00:00.000Z',
      created_by: 'operator-1',
    })
    const idsOf = async (query: Record<string, string>) =>
      (await world.call('GET', base, { query })).body.profiles.map(({ id }: { id: string }) => id)
    expect(await idsOf({ status: 'inactive' })).toEqual([application])
    expect(await idsOf({ resource_type: 'local_broker' })).toEqual([weekly])
    const page = await world.call('GET', base, { query: { limit: '1' } })
    const rest = await idsOf({ limit: '1', cursor: page.body.next_cursor })
    expect([page.body.profiles[0].id, ...rest].sort()).toEqual([weekly, application].sort())
  })
})

describe('P3: reading a profile', () => {
  it('shows its resources', async () => {
    const world = openWorld()
    await publishers(world, 2)
    const id = await createdProfile(world, examples.weekly)
    const { body } = await world.call('GET', `${base}/${id}`)
    expect(body.affected_resources).toBe(2)
    expect(body.current_resources[0]).toEqual({
      id: 'p1',
      name: 'p1',
      type: 'publisher',
      current_version: '4.1.0',
      location: 'us-east-1',
      last_upgraded: null,
    })
    expect(body.statistics).toEqual({
      total_executions: 0,
      successful_executions: 0,
      failed_executions: 0,
      average_duration_minutes: null,
      total_resources_upgraded: 0,
      last_execution_date: null,
      next_execution_date: '2026-01-11T07:00:00.000Z',
    })
    expect(body.recent_executions).toEqual([])
  })

  it('does not find what is not there', async () => {
    const world = openWorld()
    const requests = [
      ['GET', '', undefined],
      ['PUT', '', {}],
      ['DELETE', '', undefined],
      ['POST', '/assignments', { resource_assignments: [{ resource_id: 'a', resource_type: 'b' }] }],
      ['POST', '/executions', { reason: 'x' }],
      ['GET', '/history', undefined],
    ] as const
    for (const [method, path, body] of requests) {
      const reply = await world.call(method, `${base}/nobody${path}`, { body })
      expect([path, reply.status, reply.body.code]).toEqual([path, 404, 'profile-not-found'])
    }
    expect(world.log.records).toEqual([])
  })
})

describe('P4: changing a profile', () => {
  it('merges what is named, says what changed, and warns of what is perhaps not meant', async () => {
    const world = openWorld()
    await publishers(world, 2)
    const id = await createdProfile(world, examples.weekly)
    const reply = await world.call('PUT', `${base}/${id}`, {
      body: {
        schedule: { cron_expression: '0 3 * * 0', maintenance_window_hours: 6 },
        upgrade_settings: { rollback_on_failure: false },
        resource_filters: { regions: ['eu-west-1'] },
      },
    })
    expect(reply.status).toBe(200)
    const { validation_warnings: warnings, ...rest } = reply.body
    expect(rest).toEqual({
      id,
      status: 'updated',
      changes_applied: [
        'resource_filters.regions',
        'schedule.cron_expression',
        'schedule.maintenance_window_hours',
        'upgrade_settings.rollback_on_failure',
      ],
      next_execution: '2026-01-11T08:00:00.000Z',
      affected_resources_change: -2,
    })
    expect(warnings.join(' ')).toMatch(/rollback_on_failure is false.*No resource matches/)
    const { schedule, upgrade_settings } = (await world.call('GET', `${base}/${id}`)).body
    expect(schedule).toMatchObject({ timezone: 'America/New_York', maintenance_window_hours: 6 })
    expect(upgrade_settings.parallel_upgrades).toBe(3)
  })

  it('turns it off and on', async () => {
    const world = openWorld()
    const id = await createdProfile(world, examples.weekly)
    const put = async (status: string) =>
      (await world.call('PUT', `${base}/${id}`, { body: { status } })).body
    expect(await put('inactive')).toMatchObject({ changes_applied: ['status'], next_execution: null })
    expect((await put('inactive')).changes_applied).toEqual([])
    expect(await put('active')).toMatchObject({
      changes_applied: ['status'],
      next_execution: '2026-01-11T07:00:00.000Z',
    })
  })

  it('keeps to If-Match and to Idempotency-Key', async () => {
    const world = openWorld()
    const id = await createdProfile(world, examples.weekly)
    const put = (body: object, headers: Record<string, string>) =>
      world.call('PUT', `${base}/${id}`, { body, headers })
    const first = await put({ name: 'a' }, { 'if-match': '"1"', 'idempotency-key': 'k' })
    expect([first.status, first.headers.etag, first.body.changes_applied]).toEqual([
      200,
      expect.stringMatching(/^"2-/),
      ['name'],
    ])
    const again = await put({ name: 'a' }, { 'if-match': '"1"', 'idempotency-key': 'k' })
    expect([again.status, again.body]).toEqual([200, first.body])
    const late = await put({ name: 'b' }, { 'if-match': '"1"' })
    expect([late.status, late.body.code]).toEqual([412, 'precondition-failed'])
  })

  it('names every bad field and changes nothing', async () => {
    const world = openWorld()
    const id = await createdProfile(world, examples.weekly)
    const before = world.log.records.length
    const reply = await world.call('PUT', `${base}/${id}`, {
      body: { status: 'error', schedule: { timezone: 'x', typo: 1 }, depends_on: { profile_id: id } },
    })
    expect(fieldsOf(reply.body)).toEqual(['schedule.timezone', 'schedule.typo', 'status'])
    const itself = await world.call('PUT', `${base}/${id}`, { body: { depends_on: { profile_id: id } } })
    expect(fieldsOf(itself.body)).toEqual(['depends_on.profile_id'])
    expect(world.log.records.length).toBe(before)
  })
})

describe('P5: deleting a profile', () => {
  it('frees its resources, and keeps its history', async () => {
    const world = openWorld()
    await publishers(world, 3)
    const id = await createdProfile(world, examples.weekly)
    const resource_assignments = [{ resource_id: 'p1', resource_type: 'publisher' }]
    await world.call('POST', `${base}/${id}/assignments`, { body: { resource_assignments } })
    const other = await createdProfile(world, { ...examples.weekly, name: 'Other' })
    const affected = async () => (await world.call('GET', `${base}/${other}`)).body.affected_resources
    expect(await affected()).toBe(2)
    const reply = await world.call('DELETE', `${base}/${id}`)
    expect([reply.status, reply.body]).toEqual([
      200,
      {
        id,
        status: 'deleted',
        affected_resources: 3,
        pending_executions_cancelled: 0,
        cleanup_tasks: [
          'delete the schedules of the coming windows',
          'remove 1 assignment',
          'keep the execution history',
        ],
      },
    ])
    await world.settle()
    expect(await affected()).toBe(3)
    expect((await world.services.views.getTarget('p1'))?.row.memberships).toEqual({})
    const gone = await world.call('GET', `${base}/${id}`)
    expect([gone.status, gone.body.code]).toEqual([410, 'profile-deleted'])
    expect((await world.call('GET', base)).body.count).toBe(1)
    const history = await world.call('GET', `${base}/${id}/history`)
    expect(history.body).toMatchObject({ profile_name: 'Weekly-Production-Maintenance', executions: [] })
    expect((await world.call('DELETE', `${base}/${id}`)).status).toBe(200)
  })

  it('is refused while an execution runs, unless forced', async () => {
    const world = openWorld()
    const id = await createdProfile(world, examples.weekly)
    const started = await world.call('POST', `${base}/${id}/executions`, { body: { reason: 'CVE' } })
    const { execution_id } = started.body
    const refused = await world.call('DELETE', `${base}/${id}`)
    expect([refused.status, refused.body.code]).toEqual([409, 'execution-running'])
    const forced = await world.call('DELETE', `${base}/${id}`, { query: { force: 'true' } })
    expect(forced.body.pending_executions_cancelled).toBe(1)
    expect(forced.body.cleanup_tasks).toContain(`abort upgrade ${execution_id}`)
    expect((await world.log.load(profileAggregate, id)).state.status).toBe('deleted')
  })
})

describe('P6: assigning resources', () => {
  const assign = (
    world: ReturnType<typeof openWorld>,
    id: string,
    resource_assignments: object[],
    headers = {},
  ) => world.call('POST', `${base}/${id}/assignments`, { body: { resource_assignments }, headers })

  it('tells of each what became of it', async () => {
    const world = openWorld()
    await publishers(world, 2)
    const id = await createdProfile(world, examples.region)
    const publisher = { resource_id: 'p1', resource_type: 'publisher', priority: 1 }
    const override_settings = { maintenance_window_hours: 2, rollback_on_failure: false }
    const first = await assign(world, id, [publisher])
    expect([first.status, first.body]).toEqual([
      200,
      {
        profile_id: id,
        assignments_created: 1,
        assignments_failed: 0,
        assignment_results: [
          { resource_id: 'p1', status: 'assigned', next_upgrade_window: '2026-01-10T18:00:00.000Z' },
        ],
      },
    ])
    const second = await assign(world, id, [
      publisher,
      { resource_id: 'p2', resource_type: 'local_broker' },
      { resource_id: 'p9', resource_type: 'publisher', override_settings },
    ])
    expect(second.body).toMatchObject({
      assignments_created: 0,
      assignments_failed: 2,
      assignment_results: [
        { resource_id: 'p1', status: 'already_assigned', next_upgrade_window: '2026-01-10T18:00:00.000Z' },
        {
          resource_id: 'p2',
          status: 'failed',
          next_upgrade_window: null,
          error_message: 'The target is of type publisher, not local_broker.',
        },
        { resource_id: 'p9', status: 'failed', error_message: expect.stringContaining('registered') },
      ],
    })
    await assign(world, id, [{ resource_id: 'p2', resource_type: 'publisher', override_settings }])
    await world.settle()
    expect((await world.services.views.getTarget('p2'))?.row.memberships).toEqual({
      [id]: { priority: 5, override: override_settings },
    })
    // Neither is in the region that the filters name: the assignments alone make them members, priority 1 first.
    const { current_resources } = (await world.call('GET', `${base}/${id}`)).body
    expect(current_resources.map((resource: { id: string }) => resource.id)).toEqual(['p1', 'p2'])
  })

  it('refuses more hours of its own than the windows have, by name, in one call and by a job', async () => {
    const world = openWorld()
    const ids = await publishers(world, 1001)
    const id = await createdProfile(world, examples.weekly)
    const own = (resource_id: string, maintenance_window_hours: number) => ({
      ...{ resource_id, resource_type: 'publisher' },
      override_settings: { maintenance_window_hours },
    })
    const [first = '', second = '', third = ''] = ids
    const reply = await assign(world, id, [own(first, 5), own(second, 4), own(third, 24)])
    const refused = (hours: number) => ({
      status: 'failed',
      next_upgrade_window: null,
      error_message: `Its own ${hours} hours are more than the 4 that the windows of the profile have: at most as many.`,
    })
    expect(reply.body).toMatchObject({
      assignments_created: 1,
      assignments_failed: 2,
      assignment_results: [refused(5), { status: 'assigned' }, refused(24)],
    })
    const job = await assign(
      world,
      id,
      ids.map((each) => own(each, each === third ? 5 : 1)),
    )
    await world.settle()
    const { body } = await world.call('GET', `${base}/${id}/assignments/jobs/${job.body.job_id}`)
    expect(body).toMatchObject({ assignments_created: 1000, assignments_failed: 1 })
    expect(body.assignment_results[2]).toMatchObject(refused(5))
  })

  it('says of an edit how many members have more hours of their own than the windows from then on', async () => {
    const world = openWorld()
    const [first = ''] = await publishers(world, 2)
    const id = await createdProfile(world, examples.weekly)
    const own = {
      ...{ resource_id: first, resource_type: 'publisher' },
      override_settings: { maintenance_window_hours: 4 },
    }
    await assign(world, id, [own])
    const edit = { schedule: { maintenance_window_hours: 3 } }
    const { body } = await world.call('PUT', `${base}/${id}`, { body: edit })
    expect(body.validation_warnings).toContain(
      '1 member has more hours of their own than the window of 3 hours: it ends before they do.',
    )
    expect((await assign(world, id, [own])).body.assignment_results[0].status).toBe('already_assigned')
  })

  it('answers a repeat under its key as the first time', async () => {
    const world = openWorld()
    await publishers(world, 1)
    const id = await createdProfile(world, examples.weekly)
    const one = [{ resource_id: 'p1', resource_type: 'publisher' }]
    const headers = { 'idempotency-key': 'k' }
    const first = await assign(world, id, one, headers)
    expect((await assign(world, id, one, headers)).body).toEqual(first.body)
    expect((await assign(world, id, one)).body.assignment_results[0].status).toBe('already_assigned')
  })

  it('refuses bad fields, a resource named twice, and more than 10,000', async () => {
    const world = openWorld()
    const id = await createdProfile(world, examples.weekly)
    const one = { resource_id: 'p1', resource_type: 'publisher' }
    const bad = await assign(world, id, [
      { ...one, priority: 11, override_settings: { maintenance_window_hours: 25 } },
      { ...one, resource_id: 'p 2' },
    ])
    expect(fieldsOf(bad.body)).toEqual([
      'resource_assignments.0.override_settings.maintenance_window_hours',
      'resource_assignments.0.priority',
      'resource_assignments.1.resource_id',
    ])
    expect(fieldsOf((await assign(world, id, [one, one])).body)).toEqual([
      'resource_assignments.1.resource_id',
    ])
    expect(fieldsOf((await assign(world, id, [])).body)).toEqual(['resource_assignments'])
    const many = Array.from({ length: 10_001 }, (_, index) => ({ ...one, resource_id: `p${index}` }))
    expect(fieldsOf((await assign(world, id, many)).body)).toEqual(['resource_assignments'])
  })

  it('takes 10,000 in one call and works them off, each with its result', async () => {
    const world = openWorld()
    const ids = await publishers(world, 9_990)
    const id = await createdProfile(world, examples.weekly)
    const missing = Array.from({ length: 10 }, (_, index) => `missing-${index}`)
    const all = [...ids, ...missing].map((resource_id) => ({ resource_id, resource_type: 'publisher' }))
    await assign(world, id, all.slice(0, 5))
    const headers = { 'idempotency-key': 'k' }
    const reply = await assign(world, id, all, headers)
    const { job_id } = reply.body
    expect([reply.status, reply.body]).toEqual([
      202,
      { profile_id: id, job_id, status: 'running', assignments_requested: 10_000 },
    ])
    const job = `${base}/${id}/assignments/jobs/${job_id}`
    expect(reply.headers.location).toBe(job)
    const early = await world.call('GET', job, { early: true })
    expect(early.body).toMatchObject({ status: 'running', assignment_results: [] })
    await world.settle()
    const { body } = await world.call('GET', job, { as: viewer })
    expect(body).toMatchObject({
      job_id,
      profile_id: id,
      status: 'completed',
      assignments_requested: 10_000,
      assignments_created: 9_985,
      assignments_failed: 10,
    })
    expect(body.assignment_results.map(({ resource_id }: { resource_id: string }) => resource_id)).toEqual([
      ...ids,
      ...missing,
    ])
    expect(body.assignment_results[0].status).toBe('already_assigned')
    expect(body.assignment_results.at(-1)).toMatchObject({ status: 'failed', next_upgrade_window: null })
    const again = await assign(world, id, all, headers)
    expect([again.status, again.body]).toEqual([202, reply.body])
    const other = await createdProfile(world, examples.monthly)
    const elsewhere = await world.call('GET', `${base}/${other}/assignments/jobs/${job_id}`)
    expect([elsewhere.status, elsewhere.body.code]).toEqual([404, 'assignment-job-not-found'])
  })
})

describe('P12: starting now', () => {
  it('needs a reason, and begins one execution', async () => {
    const world = openWorld()
    const id = await createdProfile(world, examples.emergency)
    const path = `${base}/${id}/executions`
    expect((await world.call('POST', path, { body: {} })).status).toBe(400)
    const headers = { 'idempotency-key': 'k' }
    const first = await world.call('POST', path, { body: { reason: 'CVE-2024-XXXX' }, headers })
    expect([first.status, first.headers.location]).toEqual([202, `/api/upgrades/${first.body.execution_id}`])
    expect((await world.call('POST', path, { body: { reason: 'CVE-2024-XXXX' }, headers })).body).toEqual(
      first.body,
    )
    const second = await world.call('POST', path, { body: { reason: 'again' } })
    expect([second.status, second.body.code]).toEqual([409, 'execution-running'])
    const { recent_executions } = (await world.call('GET', `${base}/${id}`)).body
    expect(recent_executions).toMatchObject([{ execution_id: first.body.execution_id, status: 'running' }])
  })
})
