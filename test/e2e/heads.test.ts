import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readHeads } from '../../events/heads.ts'
import { MovedMachine } from './moved-machine.ts'

let machine: MovedMachine
beforeAll(async () => {
  machine = await MovedMachine.start('2031-05-05T09:00:00.000Z')
})
afterAll(() => machine?.stop())

test('the heads of every day show the end of a stream that somebody cut off (S13)', async () => {
  const operator = machine.person('operator-1', 'operator')
  const add = (id: string) =>
    operator.write('/api/v1/targets', { targets: [{ id, type: 'publisher', components: { api: '1.0.0' } }] })
  // The first day's heads are written as soon as the runtime has started.
  await machine.pass(0)
  for (const id of ['one', 'two']) await add(id)
  await machine.pass(24 * 60)
  await add('three')
  await operator.write('/api/v1/targets/two/pin', { component: null, reason: 'drill' })
  await machine.pass(24 * 60)

  const [heads = ''] = globSync(join(machine.data, 'buckets', '*', 'heads'))
  const [key = ''] = globSync(join(machine.data, 'keys', 'HeadsKey*.public.pem'))
  const documents = globSync(join(heads, '*.json')).map((file) => readHeads(readFileSync(file, 'utf8')))
  documents.sort((one, other) => one.number - other.number)
  const streams = documents.map(
    ({ heads }) => heads.filter(([stream]) => stream.startsWith('target#')).length,
  )
  expect(documents.map(({ day }) => day)).toEqual(['2031-05-05', '2031-05-06', '2031-05-07'])
  expect(streams).toEqual([0, 2, 3])
  const signed = ['--heads', heads, '--key', key]
  expect(await machine.audit(...signed)).toContain('nothing found')

  await machine.removeCommit('target#two', 2)
  expect(await machine.audit(), 'by itself a log does not show its end').toContain('nothing found')
  await expect(machine.audit(...signed)).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      'I13: the hash chain verifies\n  target#two@2  This commit is truncated.',
    ),
  })
})
