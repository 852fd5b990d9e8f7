import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { day, minute } from '../../events/time.ts'
import { type Messages, memoryMessages, openMessages } from '../../functions/work/messages.ts'
import { startDynamo } from '../contract/dynoxide.ts'

let clock = Date.parse('2026-03-01T12:00:00.000Z')
const now = () => clock

describe.each(['memory', 'dynoxide'])('messages on their way, in %s', (place) => {
  let messages: Messages
  let destination: string
  let numbers = 0
  let open = (): Messages => memoryMessages(now)
  let stop = async () => {}

  beforeAll(async () => {
    if (place === 'memory') return
    const dynamo = await startDynamo()
    stop = () => dynamo.stop()
    await dynamo.createTables()
    open = () => openMessages({ client: dynamo.client, table: 'Work', now })
  })
  afterAll(() => stop())
  beforeEach(() => {
    messages = open()
    destination = `place-${++numbers}`
  })

  const key = () => ({ destination, about: 'upgrade#a@3.0' })
  const add = (commit = 1, due = clock, rank = 0) => messages.add(key(), { commit, rank, event: '{}', due })
  const claimed = async () => {
    const found = await messages.claim(key(), clock + minute)
    if (!found) throw new Error('Nobody could claim it.')
    return found
  }

  it('are sent by one sender at a time, and again when that one has died', async () => {
    await add()
    expect(await messages.due(destination, 10)).toEqual([key()])
    const { message, before } = await claimed()
    expect(message).toEqual({
      ...key(),
      commit: 1,
      rank: 0,
      event: '{}',
      since: clock,
      due: clock,
      tries: 1,
      why: null,
    })
    expect(before).toBeNull()
    expect(await messages.claim(key(), clock + minute)).toBeUndefined()
    expect(await messages.due(destination, 10)).toEqual([])
    clock += minute
    expect(await messages.due(destination, 10)).toEqual([key()])
    expect((await claimed()).message.tries).toBe(2)
  })

  it('are gone once they got there, and an event that comes again is not sent again', async () => {
    await add()
    await messages.sent((await claimed()).message, { commit: 1, ref: null, said: '' })
    await add()
    expect(await messages.claim(key(), clock + minute)).toBeUndefined()
    expect(await messages.due(destination, 10)).toEqual([])
  })

  it('stay on their way for what came in while they were sent, and know what was sent before', async () => {
    await add(3)
    const { message } = await claimed()
    await add(5)
    await messages.sent(message, { commit: 3, ref: 'C1/2.3', said: 'running' })
    expect(await claimed()).toMatchObject({
      message: { commit: 5 },
      before: { commit: 3, ref: 'C1/2.3', said: 'running', at: clock },
    })
  })

  it('never go back to an earlier commit', async () => {
    await add(5)
    await add(3)
    expect((await claimed()).message.commit).toBe(5)
  })

  it('wait for their time, unless something that may go at once comes; what failed waits on', async () => {
    await add(1, clock + 10 * minute)
    expect(await messages.claim(key(), clock + minute)).toBeUndefined()
    await add(2, clock)
    const { message } = await claimed()
    await messages.putOff(message, clock + 5 * minute, 'It was answered with 503.')
    await add(3, clock)
    expect(await messages.claim(key(), clock + minute)).toBeUndefined()
    clock += 5 * minute
    expect((await claimed()).message).toMatchObject({ commit: 3, tries: 2, why: 'It was answered with 503.' })
  })

  it.each([
    ['of the same commit', 5],
    ['of an earlier one', 4],
  ])('go at once, and matter more, for what comes late: %s', async (_, commit) => {
    await add(5, clock + 10 * minute)
    await add(commit, clock, 2)
    expect((await claimed()).message).toMatchObject({ commit: 5, rank: 2 })
  })

  it('begin anew for what came in while they got there', async () => {
    await add(1)
    await messages.putOff((await claimed()).message, clock, 'It was answered with 503.')
    const { message } = await claimed()
    await add(2)
    clock += minute
    await messages.sent(message, { commit: 1, ref: null, said: '' })
    expect((await claimed()).message).toMatchObject({ commit: 2, since: clock, tries: 1, why: null })
  })

  it('are found, those first that were tried least', async () => {
    for (const about of ['a', 'b', 'c']) {
      const one = { destination, about }
      await messages.add(one, { commit: 1, rank: 0, event: '{}', due: clock })
      if (about === 'c') continue
      const found = await messages.claim(one, clock + minute)
      if (found) await messages.putOff(found.message, about === 'a' ? clock : clock - 1, 'busy')
    }
    expect((await messages.due(destination, 10)).map(({ about }) => about)).toEqual(['c', 'b', 'a'])
  })

  it('that are given up once more while they are sent again stay given up', async () => {
    await add()
    await messages.giveUp((await claimed()).message, 'gone')
    const [lost] = (await messages.undelivered(destination, 10)).messages
    if (!lost) throw new Error('It was given up.')
    clock += minute
    const again = messages.again.bind({
      ...messages,
      add: async (...added: Parameters<Messages['add']>) => {
        await messages.add(...added)
        await messages.giveUp((await claimed()).message, 'gone again')
      },
    })
    await again(lost)
    expect((await messages.undelivered(destination, 10)).messages).toMatchObject([{ why: 'gone again' }])
  })

  it('are found where they were given up, and may go once more', async () => {
    await add()
    await messages.giveUp((await claimed()).message, 'It was answered with 404.')
    expect(await messages.due(destination, 10)).toEqual([])
    const { messages: found, more } = await messages.undelivered(destination, 10)
    expect(found).toEqual([
      expect.objectContaining({ ...key(), tries: 1, why: 'It was answered with 404.', givenUpAt: clock }),
    ])
    expect(more).toBe(false)
    for (const one of found) await messages.again(one)
    expect((await messages.undelivered(destination, 10)).messages).toEqual([])
    expect(await messages.due(destination, 10)).toEqual([key()])
  })

  it('are found behind many whose time has not come', async () => {
    for (let number = 0; number < 40; number++)
      await messages.add(
        { destination, about: `a-${number}` },
        { commit: 1, rank: 0, event: '{}', due: clock + day },
      )
    await messages.add({ destination, about: 'z' }, { commit: 1, rank: 0, event: '{}', due: clock })
    expect(await messages.due(destination, 10)).toEqual([{ destination, about: 'z' }])
  })

  it('of one destination are no other’s, and are listed up to a bound', async () => {
    await add()
    expect(await messages.due(`${destination}-other`, 10)).toEqual([])
    for (const number of [1, 2, 3]) {
      const one = { destination, about: `event-${number}` }
      await messages.add(one, { commit: 1, rank: 0, event: null, due: clock })
      const found = await messages.claim(one, clock + minute)
      if (found) await messages.giveUp(found.message, 'gone')
    }
    expect(await messages.undelivered(destination, 2)).toMatchObject({
      messages: [{ about: 'event-1' }, { about: 'event-2' }],
      more: true,
    })
    clock += day
  })
})
