import { describe, expect, it, vi } from 'vitest'
import { noTimes } from '../../events/tally.ts'
import { openMetrics } from '../../functions/api/analytics/open-metrics.ts'
import { withTime } from '../../functions/domain/tally/times.ts'
import { keepFigures } from '../../functions/reactor/profiles/figures.ts'
import { parseOpenMetrics, type Sample } from './open-metrics.ts'
import { deployed, openWorld, report, viewer, type World } from './world.ts'

const everybody = {
  component: 'api',
  version: 'v1.2.0',
  strategy: 'all',
  failureThreshold: { percent: 100 },
}

/** A fleet of four that was upgraded, one of them in vain, and then taken back. */
async function takenBack(): Promise<World> {
  const world = openWorld()
  await world.fleet(4)
  await world.call('PATCH', '/api/v1/targets/cust_0001', { body: { region: 'north' } })
  const id = await deployed(world, everybody)
  world.pass(40)
  await report(world, (target) => (target === 'cust_0002' ? 'failed' : 'completed'))
  await world.advance(id)
  const back = await world.call('POST', `/api/upgrades/${id}/rollback`)
  await world.advance(back.body.upgradeId)
  await report(world)
  await world.advance(back.body.upgradeId)
  return world
}

const ask = async (world: World, query: Record<string, string> = {}) =>
  world.call('GET', '/api/v1/analytics', { as: viewer, query })

const fields = (body: { errors: { field: string }[] }) => body.errors.map(({ field }) => field)

describe('analytics', () => {
  it('say how attempts ended, how long they took, and what was taken back', async () => {
    const world = await takenBack()
    const { status, body } = await ask(world, { by: 'release' })
    expect([status, body.from, body.to]).toEqual([200, '2025-12-07', '2026-01-05'])
    expect(body.total).toMatchObject({
      ...{ attempts: 4, succeeded: 3, failed: 1, unreachable: 0, rollbacks: 4 },
      ...{ successRate: 75, rollbackRate: 100 },
      mostCommonFailure: { code: 'HEALTH_CHECK_FAILED', count: 1 },
      times: { acceptance: { count: 3, meanSeconds: 40 } },
    })
    expect(body.groups).toMatchObject([{ key: 'api@v1.2.0', attempts: 4, rollbacks: 4 }])
    expect(body.groupsLeftOut).toBe(0)
  })

  it('count as failed what was rejected, accepted before or not', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, everybody)
    const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } } as const
    const { version } = (await world.call('GET', '/api/v1/updates/check', { as })).body
    const body = { version, timestamp: '2026-01-05T10:00:00Z', status: 'rejected', code: 'DISK_FULL' }
    expect((await world.call('POST', '/api/v1/updates/status', { as, body })).status).toBe(200)
    await report(world, () => 'rejected', 'TOO_BUSY')
    await world.advance(id)
    expect((await ask(world)).body.total).toMatchObject({ attempts: 2, failed: 2, successRate: 0 })
  })

  it.each([{ from: '9999-12-31' }, { from: '9999-12-02' }, { to: '0000-01-05' }])(
    'end where the days of four digits do: %o',
    async (query) => {
      const { status, body } = await ask(openWorld(), query)
      if (status === 200) expect([body.from, body.to]).toEqual(['9999-12-02', '9999-12-31'])
      else expect(fields(body)).toEqual(['query.from'])
    },
  )

  it.each([
    ['day', ['2026-01-05']],
    ['component', ['api']],
    ['channel', ['stable']],
    ['region', [null, 'north']],
  ])('are told by %s', async (by, keys) => {
    const { body } = await ask(await takenBack(), { by })
    expect(body.groups.map(({ key }: { key: string | null }) => key)).toEqual(keys)
    const sum = body.groups.reduce((total: number, { attempts }: { attempts: number }) => total + attempts, 0)
    expect(sum).toBe(4)
  })

  it('are of the days that were asked for, both ends included, and of one component where that is said', async () => {
    const world = await takenBack()
    const attempts = async (query: Record<string, string>) => (await ask(world, query)).body.total.attempts
    expect(await attempts({ from: '2026-01-05', to: '2026-01-05' })).toBe(4)
    expect(await attempts({ from: '2026-01-06', to: '2026-01-31' })).toBe(0)
    expect(await attempts({ from: '2025-12-01', to: '2026-01-04' })).toBe(0)
    expect(await attempts({ component: 'web' })).toBe(0)
    expect((await ask(world, { from: '2026-01-01' })).body.to).toBe('2026-01-30')
  })

  it('are refused, with the field, beyond the range and in other words', async () => {
    const world = openWorld()
    for (const [query, field] of [
      [{ from: '2026-01-01', to: '2026-04-03' }, 'from'],
      [{ from: '2026-01-05', to: '2026-01-04' }, 'from'],
      [{ from: '2026-02-30' }, 'from'],
      [{ to: 'today' }, 'to'],
      [{ by: 'target' }, 'by'],
      [{ component: '../x' }, 'component'],
      [{ until: '2026-01-04' }, 'until'],
    ] as const) {
      const { status, body } = await ask(world, query)
      expect([query, status, fields(body)]).toEqual([query, 400, [`query.${field}`]])
    }
    expect((await ask(world, { from: '2026-01-01', to: '2026-04-02' })).status).toBe(200)
  })
})

it('are refused where more rows lie in the range than one answer may read, whatever component is asked for', async () => {
  const world = openWorld()
  const body = JSON.stringify({ component: 'api', kind: 'deploy', tally: { regions: [], steps: [] } })
  for (let place = 0; place < 20_001; place++) {
    const row = `2026-01-0${place === 0 ? 1 : 2}#upgrade-${place}#9`
    await world.viewStore.put({ view: 'v1/analytics', row, version: 1, commit: 9, body }, undefined)
  }
  const { status, body: refusal } = await ask(world, {
    from: '2026-01-01',
    to: '2026-01-02',
    component: 'web',
  })
  expect([status, fields(refusal)]).toEqual([400, ['query.from']])
  expect((await ask(world, { from: '2026-01-02', to: '2026-01-02' })).status).toBe(200)
})

const values = (samples: readonly Sample[], name: string) =>
  samples
    .filter((one) => one.name === name)
    .map(({ labels, value }) => [labels.component, labels.channel, value])

describe('metrics', () => {
  const read = async (world: World) => world.call('GET', '/metrics', { as: viewer })

  it('are what OpenMetrics allows, with the names that dashboards of updates ask for', async () => {
    const world = await takenBack()
    const { status, headers, body } = await read(world)
    expect([status, headers['content-type']]).toEqual([
      200,
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    ])
    const families = parseOpenMetrics(String(body))
    const samples = families.flatMap((family) => family.samples)
    expect(values(samples, 'update_attempts_total')).toEqual([['api', 'stable', 4]])
    expect(values(samples, 'update_success_total')).toEqual([['api', 'stable', 3]])
    expect(values(samples, 'update_rollbacks_total')).toEqual([['api', 'stable', 4]])
    expect(values(samples, 'update_duration_seconds_count')).toEqual([['api', 'stable', 3]])
  })

  it('are whole before anything happened', async () => {
    const { body } = await read(openWorld())
    expect(parseOpenMetrics(String(body)).map(({ name, samples }) => [name, samples.length])).toEqual([
      ['update_attempts', 0],
      ['update_success', 0],
      ['update_rollbacks', 0],
      ['update_duration_seconds', 0],
    ])
  })

  it('never fall: what is old comes from a figure, which counts it once', async () => {
    const world = await takenBack()
    const before = (await read(world)).body
    const keep = () => keepFigures({ ...world.services, viewStore: world.viewStore })
    for (const days of [0, 1, 1, 1, 1, 1]) {
      world.pass(days * 86_400)
      await keep()
      expect((await read(world)).body).toBe(before)
    }
    const page = vi.spyOn(world.viewStore, 'page')
    await read(world)
    const rows = await Promise.all(page.mock.results.map(({ value }) => value))
    expect(rows.flatMap((one) => one.rows)).toEqual([])
  })

  it('let no name of a component or channel break out of its label', () => {
    const odd = 'a"b\\c\nd'
    const series = { component: odd, channel: odd, attempts: 1, succeeded: 1, rollbacks: 0 }
    const text = openMetrics([{ ...series, work: [900, 1000, 70_000_000].reduce(withTime, noTimes) }])
    const [first] = parseOpenMetrics(text).flatMap(({ samples }) => samples)
    expect(first?.labels).toEqual({ component: odd, channel: odd })
    const buckets = parseOpenMetrics(text)
      .flatMap(({ samples }) => samples)
      .filter(({ name }) => name.endsWith('_bucket'))
    const counts = new Map(buckets.map(({ labels, value }) => [labels.le, value]))
    expect([counts.get('1.0'), counts.get('65536.0'), counts.get('+Inf')]).toEqual([2, 2, 3])
  })
})

describe('the check of OpenMetrics', () => {
  const sound = openMetrics([
    {
      component: 'api',
      channel: null,
      attempts: 1,
      succeeded: 1,
      rollbacks: 0,
      work: withTime(noTimes, 1500),
    },
  ])
  it.each([
    ['no end', (text: string) => text.replace('# EOF\n', '')],
    ['a bound without a point', (text: string) => text.replace('le="1.0"', 'le="1"')],
    [
      'a counter without its ending',
      (text: string) => text.replace('update_success_total', 'update_success'),
    ],
    ['a sample twice', (text: string) => text.replace(/(update_success_total.*\n)/, '$1$1')],
    ['buckets that fall', (text: string) => text.replace(/(le="\+Inf"\}) 1/, '$1 0')],
    ['a bare label', (text: string) => text.replace('channel=""', 'channel=')],
    ['an empty line', (text: string) => text.replace('# HELP', '\n# HELP')],
  ])('finds %s', (_, spoil) => {
    parseOpenMetrics(sound)
    expect(spoil(sound)).not.toBe(sound)
    expect(() => parseOpenMetrics(spoil(sound))).toThrow()
  })
})
