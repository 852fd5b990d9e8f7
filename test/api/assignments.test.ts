import { verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../events/canonical.ts'
import { canary, deployed, openWorld, type Reply, viewer } from './world.ts'

const nonce = 'n'.repeat(43)
const path = '/api/v1/updates/check'

/** A fleet of which every target is offered something, each with its own credential. */
async function offering(count = 1) {
  const world = openWorld()
  await world.fleet(count)
  const as = { bearer: await world.enrol('cust_0001') }
  await deployed(world)
  const check = (headers: Record<string, string> = {}, query: Record<string, string> = {}) =>
    world.call('GET', path, { as, headers, query })
  const { body } = await world.call('GET', '/api/v1/trust', { as: viewer })
  return { world, as, check, key: body.assignmentKey as { keyId: string; publicKey: string } }
}

describe('an offer', () => {
  it('comes with its assignment to whoever has sent a nonce: signed, of this target and attempt, for a quarter of an hour', async () => {
    const { world, check, key } = await offering()
    const { body }: Reply = await check({ 'x-assignment-nonce': nonce })
    const { assignment, target: _, ...offer } = body
    const stated = JSON.parse(assignment.statement)
    expect(stated).toEqual({
      ...{ target: 'cust_0001', attempt: offer.attempt, kind: offer.kind, component: offer.component },
      ...{ version: offer.version, digest: offer.digest, nonce },
      notBefore: new Date(world.services.now()).toISOString(),
      notAfter: new Date(world.services.now() + 900_000).toISOString(),
    })
    expect(assignment.statement).toBe(canonicalJson(stated))
    expect(assignment.keyId).toBe(key.keyId)
    const text = Buffer.from(assignment.statement)
    expect(verify(null, text, key.publicKey, Buffer.from(assignment.signature, 'base64'))).toBe(true)
  })

  it('is signed for nobody who has sent none, nor where nothing waits', async () => {
    const { world, check } = await offering()
    expect((await check()).body).not.toHaveProperty('assignment')
    expect(world.assigning.signed).toBe(0)
    const idle = openWorld()
    await idle.fleet(1)
    const as = { bearer: await idle.enrol('cust_0001') }
    const { body } = await idle.call('GET', path, { as, headers: { 'x-assignment-nonce': nonce } })
    expect([body.updateAvailable, body.assignment, idle.assigning.signed]).toEqual([false, undefined, 0])
  })

  it('has the same tag with an assignment and without, and none is signed where nothing else is sent', async () => {
    const { world, check } = await offering()
    const plain = await check()
    const signed = await check({ 'x-assignment-nonce': nonce })
    expect(signed.headers.etag).toBe(plain.headers.etag)
    expect((await check({ 'x-assignment-nonce': 'm'.repeat(43) })).headers.etag).toBe(plain.headers.etag)
    expect(world.assigning.signed).toBe(2)
    const headers = { 'x-assignment-nonce': nonce, 'if-none-match': plain.headers.etag ?? '' }
    const same = await check(headers)
    expect([same.status, same.body, world.assigning.signed]).toEqual([304, null, 2])
  })

  it.each(['', 'short', 'n'.repeat(21), 'n'.repeat(87), `${'n'.repeat(42)}=`, `${'n'.repeat(42)}/`])(
    'is refused for the nonce %j, by its place',
    async (wrong) => {
      const { world, check } = await offering()
      const reply = await check({ 'x-assignment-nonce': wrong })
      expect([reply.status, reply.body.code]).toEqual([400, 'validation-failed'])
      expect(reply.body.errors).toMatchObject([{ field: 'headers.x-assignment-nonce' }])
      expect(world.assigning.signed).toBe(0)
    },
  )

  it.each([22, 86])('takes a nonce of %i characters', async (length) => {
    const { check } = await offering()
    const { body } = await check({ 'x-assignment-nonce': 'n'.repeat(length) })
    expect(JSON.parse(body.assignment.statement).nonce).toBe('n'.repeat(length))
  })

  it('to members of a gateway names each of them, in one answer and one by one', async () => {
    const world = openWorld()
    await world.fleet(3)
    await world.call('POST', '/api/v1/targets', { body: { id: 'gate', type: 'gateway' } })
    const members = ['cust_0001', 'cust_0002', 'cust_0003']
    for (const id of members)
      await world.call('PATCH', `/api/v1/targets/${id}`, { body: { gateway: 'gate' } })
    const as = { bearer: await world.enrol('gate') }
    await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
    const headers = { 'x-assignment-nonce': nonce }
    const { body } = await world.call('GET', path, { as, headers, query: { members: 'true' } })
    const named = body.offers.map(
      (offer: { target: string; attempt: string; assignment: { statement: string } }) => {
        const { target, attempt } = JSON.parse(offer.assignment.statement)
        return [offer.target, target, attempt === offer.attempt]
      },
    )
    expect(named).toEqual(members.map((id) => [id, id, true]))
    const one = await world.call('GET', path, { as, headers, query: { target: 'cust_0002' } })
    expect(JSON.parse(one.body.assignment.statement).target).toBe('cust_0002')
  })

  it('is not answered without its assignment where the key cannot be had: whoever asks asks again', async () => {
    const { world, check } = await offering()
    world.assigning.away = true
    const reply = await check({ 'x-assignment-nonce': nonce })
    expect([reply.status, reply.body.code, reply.headers['retry-after']]).toEqual([503, 'unavailable', '2'])
    expect((await check()).status).toBe(200)
  })
})
