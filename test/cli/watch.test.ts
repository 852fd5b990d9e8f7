import { describe, expect, it } from 'vitest'
import { Api } from '../../clients/cli/connection/api.ts'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { forecastWords, LatestForecast } from '../../clients/cli/work/forecast.ts'
import { deployed, hold, planHash, problem, rollout, upgrade, waitingFor } from './answers.ts'
import { commandAt, standIn } from './stand-in.ts'

type Upgrade = ReturnType<typeof upgrade>

/** A stand-in that has one run, and its rollback. */
const having = (run: Upgrade, back?: Partial<Upgrade>) =>
  standIn(({ path }) => {
    if (path === '/api/upgrades/up-1' || path === '/api/upgrades/up-1/status') return [200, run]
    if (path === '/api/upgrades/back-1/status' && back) return [200, upgrade({ id: 'back-1', ...back })]
    return [...problem(404, 'upgrade-not-found')]
  })
const whole = { upgradeId: 'back-1', kind: 'rollback', targetId: null, at: '2026-11-28T01:10:00.000Z' }

describe('an exit code tells where a run stands', () => {
  it.each<[string, number, Upgrade, Partial<Upgrade>?]>([
    ['complete', exitCodes.done, upgrade({ status: 'completed' })],
    ['complete but for some', exitCodes.exceptions, upgrade({ status: 'completed_with_exceptions' })],
    ['failed', exitCodes.failed, upgrade({ status: 'failed' })],
    ['aborted', exitCodes.failed, upgrade({ status: 'aborted' })],
    ['rejected', exitCodes.failed, upgrade({ status: 'rejected' })],
    ['expired', exitCodes.failed, upgrade({ status: 'expired' })],
    [
      'complete, and taken back',
      exitCodes.rolledBack,
      upgrade({ status: 'completed', children: [whole] }),
      { status: 'completed' },
    ],
    [
      'aborted, and taken back',
      exitCodes.rolledBack,
      upgrade({ status: 'aborted', children: [whole] }),
      { status: 'completed_with_exceptions' },
    ],
    [
      'complete, and its rollback has failed',
      exitCodes.failed,
      upgrade({ status: 'completed', children: [whole] }),
      { status: 'failed' },
    ],
    [
      'complete, and its rollback waits',
      exitCodes.waits,
      upgrade({ status: 'completed', children: [whole] }),
      { status: 'pending_approval' },
    ],
    [
      'complete, and one target was taken back',
      exitCodes.done,
      upgrade({ status: 'completed', children: [{ ...whole, targetId: 'cust_1' }] }),
      { status: 'completed' },
    ],
    [
      'complete, and tried again',
      exitCodes.done,
      upgrade({ status: 'completed', children: [{ ...whole, kind: 'retry' }] }),
    ],
  ])('%s: %i', async (_, code, run, back) => {
    const api = await having(run, back)
    const [status, watch] = await Promise.all(
      ['status', 'watch'].map((word) =>
        commandAt(api, [word, 'up-1', '--until', 'waits'].slice(0, word === 'status' ? 2 : 4)),
      ),
    )
    expect([status?.code, watch?.code]).toEqual([code, code])
  })

  it.each<[string, Upgrade['actions'], string]>([
    ['APPROVAL', ['approveUpgrade'], 'drydock approve up-1'],
    ['CONTINUE', ['continueUpgrade'], 'drydock continue up-1'],
    ['OPERATOR', ['resumeUpgrade', 'abortUpgrade'], 'drydock resume up-1, or drydock abort up-1'],
    ['OPERATOR', ['abortUpgrade'], 'drydock abort up-1'],
    ['GATE_FAILED', ['rollBackUpgrade'], 'drydock logs up-1 --status failed, then drydock rollback up-1'],
    ['GATE_INCONCLUSIVE', [], 'drydock explain up-1'],
    ['FREEZE', [], 'drydock stops'],
  ])('held by %s, with %j, it waits for a person, and says what is possible', async (code, actions, next) => {
    const run = upgrade({ holds: [hold(code)], actions })
    const waiting = waitingFor()
    const api = await standIn(({ path }) => [
      200,
      path.endsWith('/approvals') ? { approvals: [waiting], count: 1, nextCursor: null } : run,
    ])
    const ended = await commandAt(api, ['watch', 'up-1', '--until', 'waits'], { columns: 200 })
    expect(ended.code).toBe(exitCodes.waits)
    expect(ended.out).toMatch(/ {2}holds {4}it \w+/)
    expect(ended.out).not.toMatch(new RegExp(`\\b${code}\\b`))
    expect(ended.out).toContain(`  next     ${next}\n`)
  })

  it('says what is possible of what has come to hold it while it is watched', async () => {
    const waits = upgrade({ holds: [hold('CONTINUE')], actions: ['continueUpgrade'] })
    const { actions: _, ...row } = waits // no row has them
    let isWaiting = false
    const api = await standIn(({ path }) => {
      if (path.endsWith('/approvals')) return [200, { approvals: [waitingFor()], count: 1, nextCursor: null }]
      if (!path.endsWith('/status')) return [200, isWaiting ? waits : upgrade()]
      isWaiting = true
      return [200, row]
    })
    const { out } = await commandAt(api, ['watch', 'up-1', '--until', 'waits'], { columns: 200 })
    expect(out).toContain('  next     drydock continue up-1\n')
  })

  it('names who may approve to whoever may not, and nothing at all of what was once', async () => {
    const run = upgrade({ holds: [hold('APPROVAL')], actions: ['approveUpgrade'], commit: 7 })
    const may = { roles: ['approver'], approvers: null, except: ['ann'] }
    const waiting = waitingFor({ youMay: false, may })
    const api = await standIn(({ path }) => [
      200,
      path.endsWith('/approvals') ? { approvals: [waiting], count: 1, nextCursor: null } : run,
    ])
    const { out } = await commandAt(api, ['status', 'up-1'], { columns: 200 })
    expect(out).toContain('next     drydock approve up-1, by approver, but not ann')
    const then = await commandAt(api, ['status', 'up-1', '--at', '2026-11-28T01:00:00Z'], { columns: 200 })
    expect(then.out).toContain('waits for approval')
    expect(then.out).not.toContain('next')
  })

  it('of one that is over offers what is possible alone', async () => {
    const run = upgrade({ status: 'completed_with_exceptions', actions: ['retryFailed', 'rollBackUpgrade'] })
    const offered = async (actions: Upgrade['actions']) =>
      (await commandAt(await having({ ...run, actions }), ['status', 'up-1'])).out
    expect(await offered(run.actions)).toContain('next     drydock retry up-1, or drydock rollback up-1')
    expect(await offered([])).not.toContain('next')
  })

  it.each(['BAKING', 'WINDOW_CLOSED', 'BUSY', 'SPACING'])('held by %s it goes on by itself', async (code) => {
    const api = await having(upgrade({ holds: [hold(code, { until: '2026-11-28T02:00:00.000Z' })] }))
    const ended = await commandAt(api, ['watch', 'up-1', '--until', 'waits', '--timeout', '1'], {
      columns: 200,
    })
    expect(ended.code).toBe(exitCodes.timeout)
    expect(ended.out.replaceAll(/\s+/g, ' ')).toContain(', until 2026-11-28T02:00:00.000Z')
    expect(ended.err).toBe('It goes on; the time for watching is over. Next: drydock watch up-1\n')
  })
})

/** What a terminal is told: to erase so many lines, and to change the colour. */
const control = String.fromCharCode(27)
const erasing = new RegExp(`${control}\\[(\\d+)A${control}\\[0J`)
const colour = new RegExp(`${control}\\[\\d+m`, 'g')

describe('a watch', () => {
  it('goes on while somebody is waited for, unless it was to come back then', async () => {
    const story = [
      upgrade({ holds: [hold('CONTINUE')] }),
      upgrade({ completed: 30 }),
      upgrade({ status: 'completed', completed: 50 }),
    ]
    const api = await standIn(({ path }) => {
      if (path.endsWith('/approvals')) return [200, { approvals: [], count: 0, nextCursor: null }]
      if (path.endsWith('/status') && story.length > 1) story.shift()
      return [200, story[0]]
    })
    const { code, out } = await commandAt(api, ['watch', 'up-1'])
    expect(code).toBe(exitCodes.done)
    expect(out).toMatch(/5 of 50[\s\S]*to continue[\s\S]*30 of 50[\s\S]*completed, 50 of 50/)
  })

  it('after a deploy reads nothing older than what was deployed', async () => {
    const api = await standIn(({ method }, response) => {
      if (method === 'GET') return [200, upgrade({ status: 'completed' })]
      response.setHeader('drydock-commit', '3')
      return [202, deployed]
    })
    const words = ['deploy', '--component', 'api', '--version', 'v1', '--strategy', 'all', '--watch']
    expect((await commandAt(api, words)).code).toBe(exitCodes.done)
    expect(api.asked.at(-1)?.headers['drydock-commit']).toBe('3')
  })

  it('reads the row alone while nothing but figures change, and all of it when it is over', async () => {
    const story = [upgrade(), upgrade({ completed: 9 }), upgrade({ status: 'completed', completedAt: 'now' })]
    const api = await standIn(() => [200, story.length > 1 ? story.shift() : story[0]])
    const { code, out } = await commandAt(api, ['watch', 'up-1'])
    expect([code, out.includes('9 of 50')]).toEqual([exitCodes.done, true])
    const read = api.asked.map(({ path }) => path.replace('/api/upgrades/up-1', ''))
    expect(read).toEqual(['', '/status', '/status', ''])
  })

  it('writes one line of JSON a change', async () => {
    const story = [upgrade(), upgrade(), upgrade({ status: 'completed' })]
    const api = await standIn(() => [200, story.length > 1 ? story.shift() : story[0]])
    const { out } = await commandAt(api, ['watch', 'up-1', '--json'])
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).standing)
    expect(lines).toEqual(['runs', 'done'])
  })

  it('draws in place on a terminal, in lines that fit, and leaves nothing out', async () => {
    const long = 'a-component-with-a-name-that-is-longer-than-any-line-of-the-terminal-has-room-for'
    const words = `Somebody continues. ${'Nobody has to wait for ever. '.repeat(6)}`.trim()
    const holds = [hold('CONTINUE', { unblock: words })]
    const story = [upgrade({ component: long, holds }), upgrade({ component: long, status: 'completed' })]
    const api = await standIn(() => [200, story.length > 1 ? story.shift() : story[0]])
    const { out } = await commandAt(api, ['watch', 'up-1'], { isTTY: true, columns: 60 })
    const [drawn = '', erased = '', again = ''] = out.split(erasing)
    expect(again).toContain('completed')
    const plain = drawn.replaceAll(colour, '')
    const lines = plain.trimEnd().split('\n')
    expect(lines.length).toBe(Number(erased))
    expect(lines.filter((line) => [...line].length > 59)).toEqual([])
    expect(plain.replaceAll(/\s+/g, ' ')).toContain(`holds it waits for a person to continue. ${words}`)
  })

  it('goes on through an outage while it asks where the rollback stands, and at its first look after a deploy', async () => {
    const taken = upgrade({ status: 'aborted', children: [whole] })
    for (const away of ['/api/upgrades/back-1/status', '/api/upgrades/up-1']) {
      let outage = 5
      const api = await standIn(({ method, path }, response) => {
        if (method === 'POST') return [202, deployed]
        if (path.startsWith(away) && outage-- > 0) {
          response.setHeader('retry-after', '0')
          return [...problem(503, 'unavailable')]
        }
        return [200, path.includes('back-1') ? upgrade({ id: 'back-1', status: 'completed' }) : taken]
      })
      const words = ['deploy', '--component', 'api', '--version', 'v1', '--strategy', 'all', '--watch']
      const { code, err } = await commandAt(api, words)
      expect([away, code]).toEqual([away, exitCodes.rolledBack])
      expect(err).toContain('It is asked again.')
    }
  })

  it.each(['--watch', '--until=waits', '--timeout=1'])('is what %s asks for', async (option) => {
    const api = await standIn(({ method }) =>
      method === 'POST' ? [202, deployed] : [200, upgrade({ status: 'aborted' })],
    )
    const words = ['deploy', '--component', 'api', '--version', 'v1', '--strategy', 'all', option]
    expect((await commandAt(api, words)).code).toBe(exitCodes.failed)
  })

  it('goes on through an outage of the server, and says so once', async () => {
    let times = 0
    const api = await standIn((_, response) => {
      times += 1
      if (times === 1) return [200, upgrade()]
      if (times > 6) return [200, upgrade({ status: 'completed' })]
      response.setHeader('retry-after', '0.01')
      return [...problem(503, 'unavailable')]
    })
    const { code, err } = await commandAt(api, ['watch', 'up-1'])
    expect(code).toBe(exitCodes.done)
    expect(err).toMatch(/^.*answered 503: It is unavailable\. It is asked again\.\n$/)
  })

  it('ends when it is interrupted, and says that the run does not', async () => {
    const interrupted = new AbortController()
    const api = await standIn(() => {
      setTimeout(() => interrupted.abort(), 20)
      return [200, upgrade()]
    })
    const { code, err } = await commandAt(api, ['watch', 'up-1'], { signal: interrupted.signal })
    expect([code, err]).toEqual([exitCodes.unknown, 'It goes on, unwatched. Next: drydock watch up-1\n'])
  })
})

describe('when a run will end', () => {
  const range = <Value>(earliest: Value, likely: Value, latest: Value) => ({ earliest, likely, latest })
  const forecast: Parameters<typeof forecastWords>[0] = {
    ends: range('2026-11-28T01:03:00.000Z', '2026-11-28T01:05:00.000Z', '2026-11-28T01:09:00.000Z'),
    ...{ seconds: range(180, 300, 540), waitsFor: [], basis: { durations: 40, upgrades: 2 } },
  }

  it('is said by its range', () => {
    expect(forecastWords(forecast)).toBe(
      'over at 2026-11-28T01:05:00.000Z, from 2026-11-28T01:03:00.000Z to 2026-11-28T01:09:00.000Z',
    )
  })

  it('is said by how long it takes, where nobody knows how long it waits for somebody', () => {
    const waitsFor = [
      { code: 'APPROVAL', times: 1 },
      { code: 'CONTINUE', times: 3 },
    ]
    const waiting = { ...forecast, ends: null, waitsFor }
    expect(forecastWords(waiting)).toBe(
      '5 min left, from 3 min to 9 min, beside that it waits for approval; waits for a person to continue, 3 times',
    )
    const long = { ...waiting, seconds: range(60, 20_000, 400_000) }
    expect(forecastWords(long)).toMatch(/^5\.6 h left, from 60 s to 4\.6 days,/)
    const closed = {
      ...waiting,
      seconds: range(60, 90, null),
      waitsFor: [{ code: 'WINDOW_CLOSED', times: 1 }],
    }
    expect(forecastWords(closed)).toBe(
      'no end is known: it is outside of its window, or a calendar is closed',
    )
    expect(forecastWords({ ...forecast, ends: null, seconds: null })).toBeUndefined()
  })

  it('is asked for now and then alone, anew when the run stands otherwise, and refuses nothing', async () => {
    let asked = 0
    const api = await standIn(({ path }) => {
      if (path !== '/api/upgrades/up-1/forecast') return [...problem(404, 'upgrade-not-found')]
      asked += 1
      const answer = { upgradeId: 'up-1', at: '2026-11-28T01:00:00.000Z', track: { judged: 9, inside: 7 } }
      return asked > 2 ? [...problem(404, 'upgrade-not-found')] : [200, { ...answer, forecast }]
    })
    let now = 0
    const { signal } = new AbortController()
    const caller = new Api({ url: api.url, token: async () => 'token', signal })
    const latest = new LatestForecast(caller, () => now)
    const look = (seconds: number, run = upgrade()) => {
      now += seconds * 1000
      return latest.of({ kind: 'upgrade', id: 'up-1', run })
    }
    expect(await look(0)).toMatch(/ \(7 of the last 9 forecasts came true\)$/)
    expect(await look(9)).toMatch(/^over at /)
    expect(asked).toBe(1)
    await look(0, upgrade({ status: 'paused' }))
    expect(asked).toBe(2)
    expect(await look(10, upgrade({ status: 'paused' }))).toBeUndefined()
  })

  it('is shown with the status of a run that is not over', async () => {
    const answer = { upgradeId: 'up-1', at: '2026-11-28T01:00:00.000Z', forecast, track: null }
    let run = upgrade()
    const api = await standIn(({ path }) => [200, path.endsWith('/forecast') ? answer : run])
    expect((await commandAt(api, ['status', 'up-1'])).out).toContain('  forecast over at 2026-11-28T01:05:00')
    run = upgrade({ status: 'completed' })
    expect((await commandAt(api, ['status', 'up-1'])).out).not.toContain('forecast')
  })
})

describe('an approval', () => {
  const waiting = upgrade({
    status: 'pending_approval',
    holds: [hold('APPROVAL')],
    window: { start: 'a', end: 'b' },
  })
  const approving = () =>
    standIn(({ method }) =>
      method === 'GET'
        ? [200, waiting]
        : [200, { message: 'Approved.', upgradeId: 'up-1', status: 'scheduled' }],
    )
  const writes = (api: Awaited<ReturnType<typeof standIn>>) =>
    api.asked.filter(({ method }) => method === 'POST')

  it('sends the hash of the plan that was shown, with its window, once somebody has said yes', async () => {
    const api = await approving()
    const { code, out } = await commandAt(api, ['approve', 'up-1'], { isTTY: true, typed: 'y\n' })
    expect(code).toBe(exitCodes.done)
    expect(out).toContain(planHash)
    expect(writes(api).map(({ body }) => body)).toEqual([{ planHash, window: { start: 'a', end: 'b' } }])
    // What is sent is what was shown: nothing is read in between.
    expect(api.asked.filter(({ method }) => method === 'GET').length).toBe(1)
  })

  it.each(['n\n', '\n', 'yess\n', ''])('is not sent after %j', async (typed) => {
    const api = await approving()
    const { code } = await commandAt(api, ['approve', 'up-1'], { isTTY: true, typed })
    expect([code, writes(api)]).toEqual([exitCodes.refused, []])
  })

  it('where nobody can be asked needs the hash of what was looked at, and does not tell it', async () => {
    const api = await approving()
    const { code, err } = await commandAt(api, ['approve', 'up-1'])
    expect([code, writes(api)]).toEqual([exitCodes.usage, []])
    expect(err).toMatch(/drydock status up-1 shows the plan/)
    expect(err).not.toContain(planHash.slice(0, 12))
  })

  it('takes the first digits of the hash, and sends all of it', async () => {
    const api = await approving()
    expect((await commandAt(api, ['approve', 'up-1', '--plan-hash', planHash.slice(0, 12)])).code).toBe(
      exitCodes.done,
    )
    expect(writes(api)[0]?.body).toMatchObject({ planHash })
  })

  it.each(['', '9e1', planHash.replace('9', '8'), `${planHash}0`])(
    'of the plan %j is not sent',
    async (hash) => {
      const api = await approving()
      const { code } = await commandAt(api, ['approve', 'up-1', `--plan-hash=${hash}`])
      expect(code).toBeGreaterThan(1)
      expect(writes(api)).toEqual([])
    },
  )
})

describe('a rollback that begins when what it takes back is over', () => {
  /** A stand-in whose rollback is there when it was asked for so often. */
  const later = (looks: number) => {
    let asked = 0
    return standIn(({ method, path }) => {
      const accepted = {
        message: 'It starts later',
        upgradeId: 'back-1',
        parentId: 'up-1',
        jobId: 'back-1-1',
        leftOut: [],
        leftOutCounts: {},
      }
      if (method === 'POST') return [202, accepted]
      if (path === '/api/upgrades/up-1') return [200, upgrade({ status: 'paused' })]
      if (path === '/api/upgrades/back-1' && ++asked > looks)
        return [200, upgrade({ id: 'back-1', kind: 'rollback', status: 'completed' })]
      return [...problem(404, path.includes('rollouts') ? 'rollout-not-found' : 'upgrade-not-found')]
    })
  }

  it('is waited for', async () => {
    const { code, err } = await commandAt(await later(2), ['rollback', 'up-1', '--reason', 'x', '--watch'])
    expect([code, err]).toEqual([exitCodes.done, expect.stringContaining('It begins as soon as')])
  })

  it('is told with its run below what it does', async () => {
    const { out } = await commandAt(await later(2), ['rollback', 'up-1', '--reason', 'x'])
    expect(out).toBe('It starts later\n  it is a run of its own: back-1\nNext: drydock watch back-1\n')
  })

  it('is waited for no longer than is said', async () => {
    const words = ['rollback', 'up-1', '--reason', 'x', '--watch', '--timeout', '1s']
    expect((await commandAt(await later(1000), words)).code).toBe(exitCodes.refused)
  })
})

describe('one command for upgrades and rollouts', () => {
  /** A stand-in that has a rollout, and a rollback of it that is complete. */
  const havingRollout = (run: ReturnType<typeof rollout>) =>
    standIn(({ method, path }) => {
      const done = { message: 'Done.', rolloutId: 'ro-1', status: 'in_progress' }
      if (path.endsWith('/abort')) return [202, { ...done, rollbackId: null }]
      if (method === 'POST') return [200, done]
      if (path === '/api/v1/rollouts/ro-1') return [200, run]
      if (path === '/api/v1/rollouts/back-1/status') return [200, rollout({ rolloutId: 'back-1' })]
      return [...problem(404, 'upgrade-not-found')]
    })
  const back = (...phases: string[]) => [{ rolloutId: 'back-1', phases, at: '2026-11-28T02:00:00.000Z' }]

  it.each<[string, number, ReturnType<typeof rollout>]>([
    ['complete', exitCodes.done, rollout()],
    ['complete, and taken back', exitCodes.rolledBack, rollout({ children: back('workers', 'databases') })],
    ['complete, and a part of it was taken back', exitCodes.done, rollout({ children: back('workers') })],
    [
      'held by a part that has failed',
      exitCodes.waits,
      rollout({ status: 'in_progress', holds: [hold('PHASE_FAILED', { ref: 'databases' })] }),
    ],
    ['at rest', exitCodes.done, rollout({ status: 'in_progress', holds: [hold('RESTING')] })],
  ])('says where a rollout stands: %s, %i', async (_, code, run) => {
    expect((await commandAt(await havingRollout(run), ['status', 'ro-1'])).code).toBe(code)
  })

  it.each([
    [['pause', 'ro-1', '--reason', 'x'], 'pause', { reason: 'x' }],
    [['resume', 'ro-1'], 'resume', {}],
    [['abort', 'ro-1', '--roll-back'], 'abort', { rollBack: true }],
    [['reject', 'ro-1', '--reason', 'x'], 'reject', { reason: 'x' }],
    [
      ['continue', 'ro-1', '--after', 'databases', '--reason', 'x'],
      'continue',
      { phase: 'databases', reason: 'x' },
    ],
    [['approve', 'ro-1', '--plan-hash', planHash], 'approve', { planHash }],
  ])('does it to a rollout: %j', async (words, action, body) => {
    const api = await havingRollout(rollout())
    const { code, err } = await commandAt(api, words)
    expect([code, err]).toEqual([exitCodes.done, ''])
    const written = api.asked.filter(({ method }) => method === 'POST')
    expect(written.map(({ path, body: sent }) => [path, sent])).toEqual([
      [`/api/v1/rollouts/ro-1/${action}`, body],
    ])
  })

  it.each([
    [['continue', 'ro-1'], /drydock continue ro-1 --after NAME --reason WHY/],
    [['resume', 'ro-1', '--seen-failed', '3'], /drydock explain ro-1/],
    [['rollback', 'ro-1', 'cust_1'], /taken back from its upgrade, not from a rollout/],
  ])('does not do to a rollout what only upgrades have: %j', async (words, next) => {
    const api = await havingRollout(rollout())
    const { code, err } = await commandAt(api, words)
    expect([code, api.asked.filter(({ method }) => method === 'POST')]).toEqual([exitCodes.usage, []])
    expect(err).toMatch(next)
  })

  it('says that it is neither', async () => {
    const api = await standIn(({ path }) => [
      ...problem(404, path.includes('rollouts') ? 'rollout-not-found' : 'upgrade-not-found'),
    ])
    const { code, err } = await commandAt(api, ['pause', 'nope'])
    expect([code, api.asked.length]).toEqual([exitCodes.refused, 2])
    expect(err).toMatch(/^Refused: It is upgrade-not-found\.\nNext: See what there is: drydock list/)
  })
})
