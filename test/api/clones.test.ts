import { describe, expect, it, vi } from 'vitest'
import { canary, deployed, openWorld } from './world.ts'

const timestamp = '2026-01-05T10:00:00Z'

/** A fleet of one that is upgraded. Its machines speak with one credential, and say which they are where they are named. */
async function upgraded() {
  const world = openWorld()
  const sent = vi.spyOn(world.services.bus.client, 'send')
  await world.fleet(1)
  const id = await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
  const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
  const headersOf = (boot?: string) => (boot === undefined ? {} : { 'x-boot-id': boot })
  const check = (boot: string) => world.call('GET', '/api/v1/updates/check', { as, headers: headersOf(boot) })
  const tell = (body: object, boot?: string) =>
    world.call('POST', '/api/v1/updates/status', {
      as,
      headers: headersOf(boot),
      body: { version: 'v1.2.0', timestamp, ...body },
    })
  /** What is shown of it in both places. */
  const shown = async () => {
    const { clones } = (await world.call('GET', '/api/v1/targets/cust_0001')).body
    expect((await world.call('GET', '/api/v1/targets/cust_0001/explain')).body.clones).toEqual(clones)
    return clones
  }
  /** What integrations were told of the target. */
  const told = async () => {
    await world.settle()
    return sent.mock.calls
      .flatMap(([{ input }]) => ('Entries' in input ? (input.Entries ?? []) : []))
      .map(({ Detail = '' }) => JSON.parse(Detail))
      .filter(({ type }) => type === 'TargetCloned')
      .map(({ targetId, data }) => [targetId, data.sign])
  }
  return { world, id, as, check, tell, shown, told }
}

describe('two machines with one credential', () => {
  it('that say which they are, and take turns within an hour, are shown and told of', async () => {
    const { world, check, shown, told } = await upgraded()
    for (const boot of ['one', 'other']) {
      expect((await check(boot)).status).toBe(200)
      expect(await shown()).toBeNull()
      world.pass(600)
    }
    expect((await check('one')).body.updateAvailable, 'nobody is refused by it').toBe(true)
    const at = '2026-01-05T10:20:00.000Z'
    expect(await shown()).toEqual({
      ...{ since: at, lastAt: at, bootIds: ['one', 'other'], contradiction: null },
    })
    expect(await told()).toEqual([['cust_0001', 'boot-ids']])
  })

  it('are told of once a day, and shown as they were noticed last', async () => {
    const { world, check, shown, told } = await upgraded()
    for (let turn = 0; turn < 6; turn++) {
      await check(turn % 2 ? 'other' : 'one')
      world.pass(900)
    }
    expect(await told()).toEqual([['cust_0001', 'boot-ids']])
    expect(await shown()).toMatchObject({
      since: '2026-01-05T10:30:00.000Z',
      lastAt: '2026-01-05T11:15:00.000Z',
    })
    world.pass(86_400)
    for (const boot of ['one', 'other', 'one']) await check(boot)
    expect(await told()).toHaveLength(2)
  })

  it('are noticed by their reports too', async () => {
    const { check, tell, shown } = await upgraded()
    await check('one')
    await tell({ status: 'in-progress' }, 'other')
    await tell({ status: 'in-progress' }, 'one')
    expect(await shown()).toMatchObject({ bootIds: ['one', 'other'] })
  })

  it.each([
    ['failed', 'completed', 'failed', 'succeeded'],
    ['rolled-back', 'rollback-failed', 'rolled_back', 'rollback_failed'],
  ])(
    'that report %s and %s of one attempt are shown and told of',
    async (first, second, recorded, reported) => {
      const { tell, shown, told } = await upgraded()
      const { attempt } = (await tell({ status: 'in-progress' })).body
      expect((await tell({ status: first })).status).toBe(200)
      const contradicting = await tell({ status: second, attempt })
      expect([contradicting.status, contradicting.body.code]).toEqual([409, 'attempt-over'])
      expect(await shown()).toMatchObject({ bootIds: [], contradiction: { attempt, recorded, reported } })
      expect(await told()).toEqual([['cust_0001', 'contradicting-reports']])
    },
  )

  it('that report a success and then its failure are shown and told of, and the failure is heard', async () => {
    const { tell, shown, told } = await upgraded()
    const { attempt } = (await tell({ status: 'in-progress' })).body
    expect((await tell({ status: 'completed' })).status).toBe(200)
    expect((await tell({ status: 'failed', attempt })).body).toMatchObject({ result: 'regressed' })
    const contradiction = { attempt, recorded: 'succeeded', reported: 'failed' }
    expect(await shown()).toMatchObject({ bootIds: [], contradiction })
    expect(await told()).toEqual([['cust_0001', 'contradicting-reports']])
  })

  it('are noticed by two ends of one attempt in one call for many, too', async () => {
    const { world, as, shown } = await upgraded()
    const report = (status: string) => ({ version: 'v1.2.0', timestamp, status })
    const reports = ['in-progress', 'completed', 'failed'].map(report)
    const reply = await world.call('POST', '/api/v1/updates/status', { as, body: { reports } })
    expect(reply.body.results).toMatchObject([{}, {}, { result: 'regressed' }])
    expect((await shown()).contradiction).toMatchObject({ recorded: 'succeeded', reported: 'failed' })
  })
})

describe('one machine is not taken for two', () => {
  it('when it is booted anew', async () => {
    const { check, shown, told } = await upgraded()
    for (const boot of ['one', 'other', 'other', 'third']) await check(boot)
    expect([await shown(), await told()]).toEqual([null, []])
  })

  it('when another speaks from its place, and it comes back after more than an hour', async () => {
    const { world, check, shown } = await upgraded()
    for (const boot of ['one', 'other']) await check(boot)
    world.pass(3601)
    await check('one')
    expect(await shown()).toBeNull()
  })

  it('when it says the same end again', async () => {
    const { tell, shown } = await upgraded()
    await tell({ status: 'in-progress' })
    for (const _ of ['once', 'again']) expect((await tell({ status: 'completed' })).status).toBe(200)
    expect(await shown()).toBeNull()
  })

  it('when it contradicts itself, and says by its boot id that it was the same', async () => {
    const { tell, shown } = await upgraded()
    const { attempt } = (await tell({ status: 'in-progress' }, 'one')).body
    await tell({ status: 'completed' }, 'one')
    expect((await tell({ status: 'failed', attempt }, 'one')).body.result).toBe('regressed')
    expect(await shown()).toBeNull()
  })

  it('when it succeeds after it was given up', async () => {
    const { world, id, tell, shown } = await upgraded()
    const { attempt } = (await tell({ status: 'in-progress' })).body
    world.pass(86_400)
    await world.advance(id)
    await world.settle()
    const { attempts } = (await world.call('GET', '/api/v1/targets/cust_0001')).body
    expect(attempts).toMatchObject([{ outcome: 'lost' }])
    await tell({ status: 'completed', attempt })
    expect(await shown()).toBeNull()
  })
})

it('is refused to name a boot by what is no id', async () => {
  const { check } = await upgraded()
  const { status, body } = await check('two words')
  expect(status).toBe(400)
  expect(body.errors).toMatchObject([{ field: 'headers.x-boot-id' }])
})

it('an update is offered, and an end recorded, where what was noticed cannot be kept', async () => {
  const { world, check, tell } = await upgraded()
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  vi.spyOn(world.services.telemetry, 'booted').mockRejectedValue(new Error('throttled'))
  vi.spyOn(world.services.telemetry, 'cloned').mockRejectedValue(new Error('throttled'))
  expect((await check('one')).body.updateAvailable).toBe(true)
  const { attempt } = (await tell({ status: 'in-progress' }, 'one')).body
  expect((await tell({ status: 'completed' }, 'other')).body.outcome).toBe('succeeded')
  expect((await tell({ status: 'failed', attempt }, 'one')).body.result).toBe('regressed')
  expect(warned).toHaveBeenCalled()
  warned.mockRestore()
})
