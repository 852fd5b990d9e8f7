import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { printable } from '../../contracts/fields.ts'
import { examples } from './profile-examples.ts'
import { canary, deployed, openWorld } from './world.ts'

/** Written by hand, by what each does to a text. */
const refused: Readonly<Record<string, readonly string[]>> = {
  'turns the direction of writing': [
    ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'],
    ...['\u2066', '\u2067', '\u2068', '\u2069'],
  ],
  'is seen by nobody': [
    '\u200b',
    '\u2060',
    '\u2061',
    '\u2064',
    '\ufeff',
    '\u{e0000}',
    '\u{e0041}',
    '\u{e007f}',
  ],
  'begins a line': ['\u2028', '\u2029', '\n', '\u0085'],
  'is obeyed by a terminal': ['\u0007', '\u001b[31m', '\u009b'],
}
const bad = Object.entries(refused).flatMap(([why, all]) => all.map((one) => [why, one] as const))

/** What people write with characters that nobody sees: emoji of several, Persian, Malayalam; and what is beyond the first plane. */
const taken = ['👩‍🚒 on duty', '❤️', 'می‌خواهم', 'ന്‍', '𝒳', 'Größe', 'שלום', 'مرحبا', '東京']

describe('a text of somebody', () => {
  it.each(bad)('is refused where a character %s, as %j, and nothing is stored', async (_, character) => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, canary)
    const before = world.log.records.length
    const errors = async (path: string, body: object) => {
      const reply = await world.call('POST', path, { body })
      return [reply.status, reply.body.code, reply.body.errors?.map(({ field }: { field: string }) => field)]
    }
    const text = `a${character}b`
    const invalid = (field: string) => [400, 'validation-failed', [field]]
    expect(await errors(`/api/upgrades/${id}/pause`, { reason: text })).toEqual(invalid('reason'))
    expect(await errors('/api/v1/upgrade-profiles', { ...examples.weekly, name: text })).toEqual(
      invalid('name'),
    )
    if (character !== '\n')
      expect(await errors('/api/v1/upgrade-profiles', { ...examples.weekly, description: text })).toEqual(
        invalid('description'),
      )
    expect(world.log.records).toHaveLength(before)
  })

  it.each(taken)('is taken where it is written so: %s', async (text) => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, canary)
    expect((await world.call('POST', `/api/upgrades/${id}/pause`, { body: { reason: text } })).status).toBe(
      200,
    )
    const profile = await world.call('POST', '/api/v1/upgrade-profiles', {
      body: { ...examples.weekly, name: text },
    })
    expect([profile.status, profile.body.name]).toEqual([201, text])
  })

  it('is described by a pattern that means the same without the flag u', () => {
    const { pattern = '' } = z.toJSONSchema(printable(z.string()))
    for (const text of taken) expect([text, new RegExp(pattern).test(text)]).toEqual([text, true])
    for (const [, character] of bad.filter(([, one]) => one.length === 1))
      expect([character, new RegExp(pattern).test(`a${character}b`)]).toEqual([character, false])
  })
})
