import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryProgress, openProgress, type Progress } from '../../functions/work/progress.ts'
import { memoryPublished, openPublished, type Published } from '../../functions/work/published.ts'
import { memoryRepeats, openRepeats, type Repeats } from '../../functions/work/repeats.ts'
import { startDynamo } from '../contract/dynoxide.ts'

const start = Date.parse('2026-03-01T12:00:00.000Z')

describe.each(['memory', 'dynoxide'])('what the reactor notes in the table of work, in %s', (place) => {
  let repeats: Repeats
  let published: Published
  let progress: Progress
  let clock = start
  let stop = async () => {}
  const now = () => clock

  beforeAll(async () => {
    if (place === 'memory') {
      repeats = memoryRepeats(now)
      published = memoryPublished()
      progress = memoryProgress()
      return
    }
    const dynamo = await startDynamo()
    stop = () => dynamo.stop()
    await dynamo.createTables()
    const table = { client: dynamo.client, table: 'Work', now }
    repeats = openRepeats(table)
    published = openPublished(table)
    progress = openProgress({ ...table, name: 'reconcile' })
  })
  afterAll(() => stop())

  it('a duty is repeated until its time is over, however often that is asked for', async () => {
    const stopped = { duty: 'heed-stop', stream: 'policy#freeze', commit: 3 }
    await repeats.keep(stopped, '2026-03-01T13:00:00.000Z')
    await repeats.keep(stopped, '2026-03-01T13:00:00.000Z')
    await repeats.keep({ ...stopped, commit: 4 }, '2026-03-01T14:00:00.000Z')
    const kept = async () => (await repeats.list()).toSorted((a, b) => a.commit - b.commit)
    expect(await kept()).toEqual([stopped, { ...stopped, commit: 4 }])
    clock = Date.parse('2026-03-01T13:00:00.000Z')
    expect(await kept()).toEqual([{ ...stopped, commit: 4 }])
    clock = Date.parse('2026-03-01T14:00:01.000Z')
    expect(await kept()).toEqual([])
  })

  it('what integrations were told is known by stream and commit', async () => {
    await published.note('upgrade#a', 2)
    await published.note('upgrade#a', 12)
    await published.note('upgrade#a', 2)
    await published.note('upgrade#b', 1)
    expect(await published.of('upgrade#a')).toEqual(new Set([2, 12]))
    expect(await published.of('upgrade#c')).toEqual(new Set())
  })

  it('how far something has come is noted by one of those who read the same', async () => {
    expect(await progress.read()).toBeUndefined()
    expect(await progress.note('{"page":1}', 0)).toEqual({ body: '{"page":1}', writes: 1 })
    expect(await progress.note('{"page":"other"}', 0)).toBeUndefined()
    const both = await Promise.all([progress.note('{"page":2}', 1), progress.note('{"page":2}', 1)])
    expect(both.filter((noted) => noted !== undefined)).toEqual([{ body: '{"page":2}', writes: 2 }])
    expect(await progress.read()).toEqual({ body: '{"page":2}', writes: 2 })
  })
})
