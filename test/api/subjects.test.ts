import { describe, expect, it } from 'vitest'
import { openWorld } from './world.ts'

const others = [
  'drydock',
  'Drydock',
  ' drydock',
  'ｄrydock',
  'system',
  'anyone',
  'target:cust_0001',
  'Target:x',
]
const forms = ['gateway:g', 'agent:a', 'enrolment:e', 'drydock:reactor', 'profile:nightly', 'receiver:aa']
const unseen = ['dry\u200bdock', 'ali\u0000ce', 'alice\u202e', 'alice\n', ' ', '\u00ad']
const people = [
  '0b2c7a0e-6c1f-4f0e-9f2a-0d6f5f0b1c2d',
  'auth0|5f7c8ec7c33c6c004bbafe82',
  'ada@example.com',
  'system of records',
  'drydock-operator',
  'ada target: none',
  'Zoë',
]

describe('S2 a subject that passes for', () => {
  it.each([...others, ...forms, ...unseen])(
    "another's name (%j) is refused with what to do, and leaves nothing in the log",
    async (user) => {
      const world = openWorld()
      const reply = await world.call('POST', '/api/v1/stop', {
        as: { user, roles: ['admin'] },
        body: { reason: 'x' },
      })
      expect([reply.status, reply.body.code]).toEqual([403, 'subject-reserved'])
      expect(reply.body.detail).toContain('Have the issuer give the person another "sub"')
      expect(world.log.records).toEqual([])
    },
  )

  it.each(people)('nobody but the person (%s) is let in, and is named in the log', async (user) => {
    const world = openWorld()
    const as = { user, roles: ['admin'] }
    expect((await world.call('POST', '/api/v1/stop', { as, body: { reason: 'x' } })).status).toBe(200)
    expect((await world.call('GET', '/api/v1/stop', { as })).body.stops[0].by).toBe(user)
  })
})
