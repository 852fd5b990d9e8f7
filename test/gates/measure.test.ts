import { describe, expect, it, test } from 'vitest'
import { audit } from '../../functions/audit/audit.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { noteMeasurement } from '../../functions/domain/upgrade/note-measurement.ts'
import { type MeasuringServices, measureDue } from '../../functions/gates/measure.ts'
import type { OutboundCall, Sent } from '../../functions/outbound.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { canary, openWorld, report } from '../api/world.ts'
import { withEvent } from '../audit/history.ts'
import { commitsIn } from '../audit/whole-log.ts'
import { answered, cutOff } from '../procedures/world.ts'

const latency = {
  name: 'p95 latency',
  http: { request: { url: 'http://metrics.example/p95?version={{ attempt.to }}' }, value: 'answer.body.p95' },
  ...{ atMost: 200, everySeconds: 60, count: 3 },
}

describe('a metric at a host that may not be called', () => {
  const body = {
    ...canary,
    metrics: [{ ...latency, http: { ...latency.http, request: { url: 'http://metrics.internal/p95' } } }],
  }
  it.each([
    ['a deploy', '/api/upgrades/deploy'],
    ['a plan', '/api/upgrades/plan'],
    ['a trial of policies', '/api/v1/policies/try'],
  ])('is refused with its place by %s, as in the phase of a rollout', async (_, path) => {
    const world = openWorld()
    await world.fleet(20)
    const { status, body: problem } = await world.call('POST', path, { body })
    expect([status, problem.errors]).toMatchObject([400, [{ field: 'metrics.0' }]])
  })
})

/** An upgrade whose canaries have succeeded, and what a server of metrics says of it. */
async function watched(metric: object = {}, more: object = {}) {
  const world = openWorld()
  await world.fleet(20)
  const body = { ...canary, autoContinue: true, metrics: [{ ...latency, ...metric }], ...more }
  const reply = await world.call('POST', '/api/upgrades/deploy', { body })
  if (reply.status !== 202) throw new Error(JSON.stringify(reply.body))
  const id: string = reply.body.upgradeId
  await world.advance(id)
  await report(world)
  await world.advance(id)
  const calls: OutboundCall[] = []
  const asked: { queries: unknown; span: object }[] = []
  let told = { status: 200, body: '' }
  let serve: (call: OutboundCall) => Sent = () => answered({ p95: 150 })
  const send = async (call: OutboundCall) => {
    calls.push(call)
    return serve(call)
  }
  const services: MeasuringServices = {
    ...world.services,
    outbound: { send, sendAs: send, retryAfter: () => undefined },
    secrets: { read: async () => ({ kind: 'secret', value: 'correct-horse' }) },
    cloudWatch: {
      async ask(queries, span) {
        asked.push({ queries, span })
        return { headers: {}, ...told }
      },
    },
  }
  /** As the clock does every minute. */
  const minute = async (seconds = 60) => {
    await measureDue(services)
    await world.settle()
    await tickDue(world.services)
    await world.settle()
    await world.advance(id)
    world.pass(seconds)
  }
  const events = async () => {
    const told: { type: string; data: Readonly<Record<string, unknown>> }[] = []
    for await (const { event } of world.log.of(upgradeAggregate, id).events()) told.push(event)
    return told
  }
  const status = async () => (await world.call('GET', `/api/upgrades/${id}/status`)).body
  return {
    ...{ world, id, calls, services, minute, events, status },
    asked,
    /** What CloudWatch answers from now on. */
    tell(results: unknown, status = 200) {
      told = {
        status,
        body: typeof results === 'string' ? results : JSON.stringify({ MetricDataResults: results }),
      }
    },
    serve(next: typeof serve) {
      serve = next
    },
    measured: async () =>
      (await events()).flatMap(({ type, data }) => (type === 'MeasurementTaken' ? [data] : [])),
    commits: () => commitsIn(world.log),
  }
}

describe('M9: a wave that is measured', () => {
  test('lets the next begin when every measurement is within its bounds, each in the log', async () => {
    const { calls, minute, measured, status, commits } = await watched()
    expect(await status()).toMatchObject({ wave: 1, holds: [{ code: 'BAKING' }] })
    for (let times = 0; times < 2; times++) await minute()
    expect(await status()).toMatchObject({ wave: 1, holds: [{ code: 'BAKING' }] })
    await minute()
    expect(await status()).toMatchObject({ wave: 2, inProgress: 18 })
    expect(await measured()).toEqual(
      [1, 2, 3].map((n) => ({
        ...{ wave: 0, metric: 0, name: 'p95 latency', n, value: 150, why: null, result: 'good' },
      })),
    )
    expect(calls.map(({ url }) => url)).toEqual(Array(3).fill('http://metrics.example/p95?version=v1.2.0'))
    expect((await audit(await commits())).findings).toEqual([])
  })

  test('is held as soon as more are out of bounds than may be, and no longer measured', async () => {
    const { world, id, calls, minute, serve, status, commits } = await watched({ count: 10, failures: 1 })
    await minute()
    serve(() => answered({ p95: 201 }))
    for (let times = 0; times < 6; times++) await minute()
    expect(calls).toHaveLength(3)
    expect(await status()).toMatchObject({
      ...{ status: 'paused', wave: 1 },
      holds: [{ code: 'GATE_FAILED', ref: 'p95 latency' }, { code: 'OPERATOR' }],
    })
    const { body } = await world.call('GET', `/api/upgrades/${id}/events`)
    expect(body.events.map(({ sentence }: { sentence: string }) => sentence).join('\n')).toContain(
      'p95 latency was out of bounds in 2 of 3 measurements, 1 allowed',
    )
    expect((await audit(await commits())).findings).toEqual([])
  })

  test('takes back what it has failed on, where the request says so', async () => {
    const gate = { successRatePercent: 100, action: 'rollback' }
    const { world, id, minute, serve, status, commits } = await watched({}, { gate })
    await minute()
    serve(() => answered({ p95: 201 }))
    for (let times = 0; times < 3; times++) await minute()
    expect(await status()).toMatchObject({ status: 'aborted', wave: 1, completed: 2 })
    const { body } = await world.call('GET', `/api/upgrades/${id}`)
    expect(body.children).toMatchObject([{ kind: 'rollback' }])
    const told = await commits()
    expect((await audit(told)).findings).toEqual([])
    const forged = withEvent(told, `upgrade#${id}`, 'AbortRequested', (data: object) => {
      return { ...data, rollBack: false }
    })
    expect((await audit(forged.commits)).findings).toContainEqual(
      expect.objectContaining({ invariant: 'I4', commit: forged.commit }),
    )
  })

  test('takes nothing back where nobody can tell', async () => {
    const gate = { successRatePercent: 100, action: 'rollback' }
    const { minute, serve, status } = await watched({ inconclusive: 0 }, { gate })
    serve(() => cutOff)
    for (let times = 0; times < 3; times++) await minute()
    expect(await status()).toMatchObject({
      status: 'paused',
      holds: [{ code: 'GATE_INCONCLUSIVE' }, { code: 'OPERATOR' }],
    })
  })

  it.each<[string, () => Sent, string]>([
    ['answers with an error', () => answered('down', 500), 'Answered 500'],
    ['does not answer', () => cutOff, 'the connection was reset'],
    ['says nothing of it', () => answered({ other: 1 }), 'No such key'],
    ['gives a text', () => answered({ p95: '150' }), 'It gave no number: "150"'],
    ['gives no number', () => answered('{"p95": 1e999}'), 'It gave no number: null'],
    ['gives too much', () => ({ ...answered('{"p95":1}'), cut: 'too-large' }) as never, 'too large'],
  ])('is inconclusive, and held, where its source %s', async (_words, serve, why) => {
    const { minute, serve: play, measured, status } = await watched({ inconclusive: 1 })
    play(serve)
    for (let times = 0; times < 5; times++) await minute()
    expect(await status()).toMatchObject({
      status: 'paused',
      holds: [{ code: 'GATE_INCONCLUSIVE', ref: 'p95 latency' }, { code: 'OPERATOR' }],
    })
    const taken = await measured()
    expect(taken).toHaveLength(2)
    expect(taken[0]).toMatchObject({ value: null, result: 'inconclusive', why: expect.stringContaining(why) })
  })

  test('bears as many that give nothing as may, and goes on until it has enough', async () => {
    const { minute, serve, measured, status } = await watched({ inconclusive: 2 })
    let looks = 0
    serve(() => (++looks % 2 === 1 && looks < 4 ? cutOff : answered({ p95: 1 })))
    for (let times = 0; times < 5; times++) await minute()
    expect((await measured()).map(({ result }) => result)).toEqual([
      ...['inconclusive', 'good', 'inconclusive', 'good', 'good'],
    ])
    expect(await status()).toMatchObject({ wave: 2 })
  })

  test('is judged without measurements that never come, by the end of its time', async () => {
    const { world, id, status } = await watched({ inconclusive: 1 })
    world.pass(4 * 60 + 600 - 1)
    await tickDue(world.services)
    expect(await status()).toMatchObject({ holds: [{ code: 'BAKING' }] })
    world.pass(1)
    await tickDue(world.services)
    await world.advance(id)
    expect(await status()).toMatchObject({ holds: [{ code: 'GATE_INCONCLUSIVE' }, { code: 'OPERATOR' }] })
  })

  test('bakes no shorter for it', async () => {
    const { minute, status } = await watched({}, { bakeSeconds: 600 })
    for (let times = 0; times < 9; times++) await minute()
    expect(await status()).toMatchObject({ wave: 1, holds: [{ code: 'BAKING' }] })
    await minute()
    await minute()
    expect(await status()).toMatchObject({ wave: 2 })
  })

  test('is measured once, however many look at once', async () => {
    const { world, id, services, measured } = await watched()
    await Promise.all([measureDue(services), measureDue(services)])
    await world.settle()
    expect(await measured()).toHaveLength(1)
    // One that was slow says of its own look only, though the next is due by now.
    world.pass(60)
    const late = noteMeasurement({ wave: 0, place: 0, n: 1 }, { value: 999, why: null })
    await world.log.of(upgradeAggregate, id).carryOut(late, { actor: 'drydock', correlation: 'test' })
    expect(await measured()).toMatchObject([{ value: 150 }])
  })

  test('is measured after the last wave too', async () => {
    const { world, id, minute, serve, status } = await watched()
    for (let times = 0; times < 3; times++) await minute()
    await report(world)
    await world.advance(id)
    serve(() => answered({ p95: 999 }))
    await minute()
    await minute()
    expect(await status()).toMatchObject({ wave: 2, status: 'paused', holds: [{ code: 'GATE_FAILED' }, {}] })
  })

  test('is not measured any more once it is aborted, and its rollback is not at all', async () => {
    const { world, id, calls, minute } = await watched()
    await minute()
    const body = { reason: 'slow', rollBack: true }
    await world.call('POST', `/api/upgrades/${id}/abort`, { body })
    for (let times = 0; times < 3; times++) await minute()
    expect(calls).toHaveLength(1)
    const back = (await world.upgrade(id)).children[0]?.child ?? ''
    const { state } = await world.log.load(upgradeAggregate, back)
    expect(state).not.toHaveProperty('request.metrics')
  })

  test('asks Prometheus for one series', async () => {
    const query = 'rate(errors{version="{{ attempt.to }}"}[5m])'
    const prometheus = {
      url: 'http://prometheus.example/',
      query,
      headers: { 'X-Key': "{{ secret('key') }}" },
    }
    const { calls, minute, serve, measured } = await watched({ http: undefined, prometheus, inconclusive: 9 })
    const series = (...values: string[]) =>
      answered({ status: 'success', data: { result: values.map((value) => ({ value: [1, value] })) } })
    const answers = [series('12.5'), series(), series('1', '2'), series('NaN'), series('201')]
    serve(() => answers.shift() ?? cutOff)
    for (let times = 0; times < 5; times++) await minute()
    expect((await measured()).map(({ value, result }) => [value, result])).toEqual([
      [12.5, 'good'],
      ...Array(3).fill([null, 'inconclusive']),
      [201, 'bad'],
    ])
    expect(calls[0]).toMatchObject({
      url: `http://prometheus.example/api/v1/query?query=${encodeURIComponent('rate(errors{version="v1.2.0"}[5m])')}`,
      headers: { 'x-key': 'correct-horse' },
    })
  })

  test('waits for what somebody else has measured, and takes it while it does', async () => {
    const external = {
      name: 'review',
      external: { withinSeconds: 3600 },
      atLeast: 0.9,
      count: 2,
      inconclusive: 1,
    }
    const { world, id, calls, minute, measured, status, commits } = await watched({}, { metrics: [external] })
    const post = async (body: object) =>
      (await world.call('POST', `/api/upgrades/${id}/measurements`, { body: { metric: 'review', ...body } }))
        .body
    for (let times = 0; times < 20; times++) await minute()
    expect([calls, (await status()).holds]).toMatchObject([[], [{ code: 'BAKING' }]])
    expect((await post({ value: 0.95 })).message).toBe('review was measured')
    await minute()
    expect(await post({ value: null, why: 'nobody was there' })).toMatchObject({
      message: 'review was measured',
    })
    expect((await post({ metric: 'other', value: 1 })).code).toBe('nothing-to-measure')
    expect((await post({ value: 1, why: 'well' })).code).toBe('validation-failed')
    await post({ value: 1 })
    await minute()
    expect(await status()).toMatchObject({ wave: 2 })
    expect((await post({ value: 1 })).code).toBe('nothing-to-measure')
    expect((await measured()).map(({ value, result, by }) => [value, result, by])).toEqual([
      [0.95, 'good', 'operator-1'],
      [null, 'inconclusive', 'operator-1'],
      [1, 'good', 'operator-1'],
    ])
    expect((await audit(await commits())).findings).toEqual([])
  })

  test('does not wait for somebody else for ever', async () => {
    const external = {
      name: 'review',
      external: { withinSeconds: 600 },
      atLeast: 1,
      count: 1,
      inconclusive: 0,
    }
    const { minute, status } = await watched({}, { metrics: [external] })
    for (let times = 0; times < 22; times++) await minute()
    expect(await status()).toMatchObject({ holds: [{ code: 'GATE_INCONCLUSIVE', ref: 'review' }, {}] })
  })

  test('takes no series for nothing where that is said', async () => {
    const prometheus = { url: 'http://prometheus.example', query: 'errors', empty: 'zero' }
    const { minute, serve, measured } = await watched({ http: undefined, prometheus })
    serve(() => answered({ status: 'success', data: { result: [] } }))
    await minute()
    expect(await measured()).toMatchObject([{ value: 0, result: 'good' }])
  })
})

describe('a wave that is compared with those who are not upgraded yet (N10)', () => {
  const control = { least: 2 }
  const compared = {
    http: {
      request: { url: 'http://metrics.example/errors?of={{ group.pattern }}' },
      value: 'answer.body.rate',
    },
    ...{ control, atMost: 1.5 },
  }
  /** How many errors there are, by whether the group is of those that the canary has upgraded. */
  const errors =
    (upgraded: number, others: number, of: ReadonlySet<string>) =>
    ({ url }: OutboundCall) => {
      const pattern = decodeURIComponent(new URL(url).search.slice('?of='.length))
      const targets = pattern.split('|')
      const are = new Set(targets.map((id) => of.has(id)))
      expect([targets.length, are.size]).toEqual([2, 1])
      return answered({ rate: of.has(targets[0] ?? '') ? upgraded : others })
    }
  async function canaries({ world }: Awaited<ReturnType<typeof watched>>): Promise<ReadonlySet<string>> {
    const { body } = await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })
    const of = body.targets.filter(
      ({ components }: { components: { api: string } }) => components.api === 'v1.2.0',
    )
    return new Set(of.map(({ id }: { id: string }) => id))
  }

  test('goes on where both suffer alike, and stops where the new version is worse', async () => {
    const alike = await watched({ ...compared, count: 1 })
    alike.serve(errors(40, 50, await canaries(alike)))
    await alike.minute()
    expect(await alike.status()).toMatchObject({ wave: 2 })
    expect(await alike.measured()).toMatchObject([
      { value: 0.8, result: 'good', compared: { upgraded: 40, control: 50, pairs: 2 } },
    ])
    const worse = await watched({ ...compared, count: 1 })
    worse.serve(errors(4, 2, await canaries(worse)))
    await worse.minute()
    expect(await worse.status()).toMatchObject({ wave: 1, holds: [{ code: 'GATE_FAILED' }, {}] })
    for (const { commits } of [alike, worse]) expect((await audit(await commits())).findings).toEqual([])
  })

  test('has nobody to compare the last wave with, and does not wait for that', async () => {
    const { world, id, minute, serve, status, calls, ...one } = await watched({ ...compared, count: 1 })
    serve(errors(1, 1, await canaries({ world } as never)))
    await minute()
    const before = calls.length
    await report(world)
    await world.advance(id)
    await minute()
    expect([(await status()).status, calls.length]).toEqual(['completed', before])
    expect((await audit(await one.commits())).findings).toEqual([])
  })

  test.each<[string, object, number, number, string]>([
    ['too few of each', { control: { least: 3 } }, 1, 1, 'There are 2 upgraded targets with one like them'],
    ['a quotient by nothing', {}, 1, 0, '1 beside 0 is no ratio'],
  ])('is inconclusive with %s', async (_words, more, upgraded, others, why) => {
    const one = await watched({ ...compared, count: 1, inconclusive: 0, ...more })
    one.serve(errors(upgraded, others, await canaries(one)))
    await one.minute()
    expect(await one.measured()).toMatchObject([
      { value: null, result: 'inconclusive', why: expect.stringContaining(why) },
    ])
    expect(await one.status()).toMatchObject({ holds: [{ code: 'GATE_INCONCLUSIVE' }, {}] })
  })

  test.each([
    ['ratio', 0, 0, 1],
    ['difference', 5, 3, 2],
  ])('by %s, of %d beside %d, is %d', async (compare, upgraded, others, value) => {
    const one = await watched({ ...compared, count: 1, atMost: 9, control: { ...control, compare } })
    one.serve(errors(upgraded, others, await canaries(one)))
    await one.minute()
    expect(await one.measured()).toMatchObject([{ value, result: 'good' }])
  })

  test('is told in a sentence', async () => {
    const one = await watched({ ...compared, count: 1 })
    one.serve(errors(40, 50, await canaries(one)))
    await one.minute()
    const { body } = await one.world.call('GET', `/api/upgrades/${one.id}/events`)
    expect(body.events.map(({ sentence }: { sentence: string }) => sentence).join('\n')).toContain(
      'look 1: 0.8 (40 of 2 targets upgraded, 50 of as many that are not), as it should be.',
    )
  })

  test('is found by the audit where its number is none of these', async () => {
    const one = await watched({ ...compared, count: 1 })
    one.serve(errors(40, 50, await canaries(one)))
    await one.minute()
    const wrong = (data: object) => ({ ...data, value: 0.7 })
    const broken = withEvent(await one.commits(), `upgrade#${one.id}`, 'MeasurementTaken', wrong, () => true)
    const { findings } = await audit(broken.commits)
    expect(findings.map((finding) => JSON.stringify(finding)).join('\n')).toMatch(/0.7 is no comparison/)
  })
})

describe('the usual thresholds (M9)', () => {
  const thresholds = { url: 'http://metrics.example/canary', minutes: 2 }
  const usual = { name: 'canary', thresholds, http: undefined, atMost: null, count: undefined }
  const good = { errorRate: 0.00999, responseTime: 199.9, successRate: 0.99001 }
  test.each([
    [null, good],
    ['canary errorRate', { ...good, errorRate: 0.01 }],
    ['canary responseTime', { ...good, responseTime: 200 }],
    ['canary successRate', { ...good, successRate: 0.99 }],
  ])('find fault with %s of %j', async (fault, answer) => {
    const { minute, serve, measured, calls } = await watched(usual)
    serve(() => answered(answer))
    await minute()
    const bad = (await measured()).flatMap(({ name, result }) => (result === 'bad' ? [name] : []))
    expect(bad).toEqual(fault === null ? [] : [fault])
    expect(calls.map(({ url }) => url)).toEqual(Array(3).fill('http://metrics.example/canary'))
  })
})

describe('what is to be measured', () => {
  it.each([
    [
      'a group, and no control',
      { http: { request: { url: 'http://a.example/{{ group.pattern }}' }, value: '1.0' } },
      'metrics.0.http.request.url',
    ],
    ['more pairs at least than at most', { control: { pairs: 2, least: 3 } }, 'metrics.0.control.least'],
    [
      'thresholds with a bound',
      { http: undefined, thresholds: { url: 'http://a.example/' } },
      'metrics.0.thresholds',
    ],
    ['no source', { http: undefined }, 'metrics.0.http'],
    ['two sources', { prometheus: { url: 'http://a.example', query: 'a' } }, 'metrics.0.http'],
    ['no bound', { atMost: null }, 'metrics.0.atMost'],
    ['bounds that nothing is within', { atLeast: 300 }, 'metrics.0.atMost'],
    ['more failures than measurements', { failures: 3 }, 'metrics.0.failures'],
    ['an expression that is none', { http: { ...latency.http, value: '1 +' } }, 'metrics.0.http.value'],
    [
      'a value that there is not',
      { http: { request: { url: 'http://a.example/{{ target.id }}' }, value: 'answer.body.a' } },
      'metrics.0.http.request.url',
    ],
    [
      'a call that changes something',
      { http: { request: { method: 'DELETE', url: 'http://a.example/' }, value: 'answer.body.a' } },
      'metrics.0.http.request.method',
    ],
  ])('with %s is refused with its place', async (_words, metric, field) => {
    const world = openWorld()
    await world.fleet(20)
    const metrics = [{ ...latency, ...metric }]
    for (const path of ['deploy', 'plan']) {
      const { status, body } = await world.call('POST', `/api/upgrades/${path}`, {
        body: { ...canary, metrics },
      })
      expect([status, body.errors?.map(({ field }: { field: string }) => field)]).toEqual([400, [field]])
    }
  })

  test('is part of how long a plan should take', async () => {
    const world = openWorld()
    await world.fleet(20)
    const finish = async (metrics?: object[]) => {
      const { body } = await world.call('POST', '/api/upgrades/plan', { body: { ...canary, metrics } })
      return Date.parse(body.expectedFinish)
    }
    // Two waves, each with two minutes between its first and its last measurement.
    expect(((await finish([latency])) - (await finish())) / 1000).toBe(240)
  })
})

describe('the audit', () => {
  test.each<[string, object, RegExp]>([
    ['counts twice', { n: 1 }, /measured as number 1/],
    ['is better than it is', { value: 250 }, /A measurement of 250 counts as good/],
  ])('finds a measurement that %s', async (_words, wrong, said) => {
    const { id, minute, commits } = await watched()
    for (let times = 0; times < 3; times++) await minute()
    const broken = withEvent(
      await commits(),
      `upgrade#${id}`,
      'MeasurementTaken',
      (data: object) => ({ ...data, ...wrong }),
      ({ n }: { n: number }) => n === 2,
    )
    const { findings } = await audit(broken.commits)
    expect(findings.map((finding) => JSON.stringify(finding)).join('\n')).toMatch(said)
  })
})

describe('M9: a metric of CloudWatch', () => {
  const errors = {
    metric: {
      ...{ namespace: 'Shop', name: 'Errors', statistic: 'Sum' },
      dimensions: { Version: '{{ attempt.to }}' },
    },
    ...{ periodSeconds: 300, minutes: 15 },
  }
  const result = (Values: readonly number[], StatusCode = 'Complete') => ({ Id: 'asked', StatusCode, Values })
  const byCloudWatch = (cloudwatch: object, more: object = {}) =>
    watched({ http: undefined, cloudwatch, inconclusive: 0, count: 1, ...more })

  test('is asked for in whole periods, of the version that is upgraded to, and its newest value counts', async () => {
    const { asked, minute, tell, measured, status } = await byCloudWatch(errors)
    tell([result([12, 900])])
    await minute()
    const Metric = {
      Namespace: 'Shop',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'Version', Value: 'v1.2.0' }],
    }
    expect(asked).toEqual([
      {
        queries: [{ Id: 'asked', MetricStat: { Metric, Period: 300, Stat: 'Sum' }, ReturnData: true }],
        span: expect.objectContaining({ minutes: 15, periodSeconds: 300 }),
      },
    ])
    expect(await measured()).toMatchObject([{ value: 12, result: 'good' }])
    expect(await status()).toMatchObject({ wave: 2 })
  })

  test.each([
    ['no value', [result([])], /no value|one_value/],
    ['no series', [], /one_value/],
    ['several series', [result([1]), result([2])], /one_series/],
    ['a part of it', [result([1], 'PartialData')], /all_of_it/],
    ['something else', 'not JSON', /MetricDataResults/],
  ])('that comes to %s is no measurement, and holds', async (_, results, why) => {
    const { minute, tell, measured, status } = await byCloudWatch(errors)
    tell(results)
    await minute()
    expect(await measured()).toMatchObject([
      { value: null, why: expect.stringMatching(why), result: 'inconclusive' },
    ])
    await minute()
    expect(await status()).toMatchObject({ status: 'paused', holds: [{ code: 'GATE_INCONCLUSIVE' }, {}] })
  })

  test('that cannot be had says why', async () => {
    const { minute, tell, measured } = await byCloudWatch(errors)
    tell('{"__type":"AccessDeniedException"}', 400)
    await minute()
    expect(await measured()).toMatchObject([
      { value: null, why: expect.stringContaining('400: {"__type":"Acc') },
    ])
  })

  test('is zero where it says that none is zero, and may be an expression', async () => {
    const expression = "SELECT COUNT(Errors) FROM Shop WHERE Version = '{{ attempt.to }}'"
    const { asked, minute, tell, measured } = await byCloudWatch({ expression, empty: 'zero' })
    tell([result([])])
    await minute()
    expect(await measured()).toMatchObject([{ value: 0, result: 'good' }])
    expect(asked).toMatchObject([
      { queries: [{ Expression: "SELECT COUNT(Errors) FROM Shop WHERE Version = 'v1.2.0'", Period: 60 }] },
    ])
  })

  test.each([
    [{ expression: 'm1', metric: errors.metric }, 'metrics.0.cloudwatch.metric'],
    [{}, 'metrics.0.cloudwatch.metric'],
    [{ expression: 'm1', periodSeconds: 90 }, 'metrics.0.cloudwatch.periodSeconds'],
    [{ expression: 'm1', periodSeconds: 3600 }, 'metrics.0.cloudwatch.minutes'],
    [{ expression: "{{ secret('drydock/key') }}" }, 'metrics.0.cloudwatch.0.Expression'],
    [{ expression: '{{ target.id }}' }, 'metrics.0.cloudwatch.0.Expression'],
    [{ metric: { ...errors.metric, statistic: 'Median' } }, 'metrics.0.cloudwatch.metric.statistic'],
  ])('that cannot be asked for is refused with its place: %j', async (cloudwatch, field) => {
    const world = openWorld()
    await world.fleet(20)
    const { http: _, ...metric } = latency
    const body = { ...canary, metrics: [{ ...metric, cloudwatch }] }
    const reply = await world.call('POST', '/api/upgrades/deploy', { body })
    expect([reply.status, reply.body.errors?.map((error: { field: string }) => error.field)]).toEqual([
      400,
      [field],
    ])
  })
})
