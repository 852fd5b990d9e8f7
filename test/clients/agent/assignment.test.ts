import { rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAgent } from '../../../clients/agent/agent.ts'
import { type Held, verifyAssignment } from '../../../clients/agent/assignment.ts'
import { BadConfig, configIn } from '../../../clients/agent/config.ts'
import { canonicalJson } from '../../../events/canonical.ts'
import { newSigner } from '../../domain/trust/signing.ts'
import { assignmentBy, openPlace, openPlane, type Plane, releaseOf, targetHere } from './place.ts'

const nonce = 'n'.repeat(43)
const offered = {
  ...{ target: targetHere, attempt: 'a1', component: 'service', version: '1.1.0' },
  ...{ digest: `sha256:${'ab'.repeat(32)}`, back: false },
}
const [notBefore, notAfter] = ['2026-01-05T10:00:00.000Z', '2026-01-05T10:15:00.000Z']
const { back: _, ...meant } = offered
const stated = { ...meant, kind: 'deploy', notBefore, notAfter, nonce }
const then = Date.parse(notBefore)
const [minute, signer] = [60_000, newSigner()]
const genuine: Held = { ...assignmentBy(signer, stated), nonce }

/** Returns the code by which an assignment is refused; null: it is not. */
function refused(given: Held | undefined, now = then, key = signer.publicKey, back = false): string | null {
  try {
    verifyAssignment(given, key, { ...offered, back }, now)
    return null
  } catch (error) {
    return (error as { refusal: { code: string } }).refusal.code
  }
}

const saying = (changes: object): Held => ({ ...assignmentBy(signer, { ...stated, ...changes }), nonce })

/** Another text that says the same. */
const reordered = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(genuine.statement)).reverse()))

describe('an assignment', () => {
  it('holds for its target, attempt and release, from two minutes before its time to two after it', () => {
    for (const now of [then, then - 2 * minute, then + 15 * minute, then + 17 * minute])
      expect(refused(genuine, now)).toBeNull()
  })

  it.each<[string, string, Held | undefined]>([
    ['that is not there', 'ASSIGNMENT_MISSING', undefined],
    ['by another key', 'ASSIGNMENT_INVALID', { ...assignmentBy(newSigner(), stated), nonce }],
    [
      'by another key in the name of the right one',
      'ASSIGNMENT_INVALID',
      { ...assignmentBy({ ...newSigner(), keyId: signer.keyId }, stated), nonce },
    ],
    ['for another target', 'ASSIGNMENT_FOREIGN', saying({ target: 'target-2' })],
    ['for a target whose name begins with this one', 'ASSIGNMENT_FOREIGN', saying({ target: 'target-10' })],
    ['of another attempt', 'ASSIGNMENT_MISMATCH', saying({ attempt: 'a0' })],
    ['of another component', 'ASSIGNMENT_MISMATCH', saying({ component: 'other' })],
    ['of another version', 'ASSIGNMENT_MISMATCH', saying({ version: '1.0.9' })],
    ['of another digest', 'ASSIGNMENT_MISMATCH', saying({ digest: `sha256:${'cd'.repeat(32)}` })],
    ['of no digest', 'ASSIGNMENT_MISMATCH', saying({ digest: null })],
    ['that answers another question', 'ASSIGNMENT_REPLAYED', saying({ nonce: 'm'.repeat(43) })],
    ['that answers none', 'ASSIGNMENT_INVALID', saying({ nonce: undefined })],
    ['without an end', 'ASSIGNMENT_INVALID', saying({ notAfter: undefined })],
    ['that is no assignment', 'ASSIGNMENT_INVALID', { ...assignmentBy(signer, {}), nonce }],
    ['of the same words in another order', 'ASSIGNMENT_INVALID', { ...genuine, statement: reordered }],
    ['with a space more', 'ASSIGNMENT_INVALID', { ...genuine, statement: `${genuine.statement} ` }],
    [
      'whose time was made longer',
      'ASSIGNMENT_INVALID',
      { ...genuine, statement: canonicalJson({ ...stated, notAfter: '2027-01-05T10:15:00.000Z' }) },
    ],
    ['with a signature of nothing', 'ASSIGNMENT_INVALID', { ...genuine, signature: '' }],
  ])('%s is refused', (_, code, given) => {
    expect(refused(given)).toBe(code)
  })

  it('of something else than a rollback lets nobody go back, and one of a rollback anybody go on', () => {
    const key = signer.publicKey
    expect(refused(genuine, then, key, true)).toBe('ASSIGNMENT_MISMATCH')
    const rollback = saying({ kind: 'rollback' })
    expect([refused(rollback, then, key, true), refused(rollback)]).toEqual([null, null])
    expect(refused(saying({ kind: undefined }))).toBe('ASSIGNMENT_INVALID')
  })

  it('is refused more than two minutes before its time, and after it', () => {
    expect(refused(genuine, then - 2 * minute - 1)).toBe('ASSIGNMENT_EARLY')
    expect(refused(genuine, then + 17 * minute + 1)).toBe('ASSIGNMENT_STALE')
  })

  it('is refused with any one byte changed', () => {
    const bytes = Buffer.from(genuine.statement)
    for (let place = 0; place < bytes.length; place++) {
      const changed = Buffer.from(bytes)
      changed[place] = (changed[place] ?? 0) ^ 1
      expect([place, refused({ ...genuine, statement: changed.toString() })]).toEqual([
        place,
        'ASSIGNMENT_INVALID',
      ])
    }
    const signature = Buffer.from(genuine.signature, 'base64')
    for (let place = 0; place < signature.length; place++) {
      const changed = Buffer.from(signature)
      changed[place] = (changed[place] ?? 0) ^ 1
      expect(refused({ ...genuine, signature: changed.toString('base64') })).toBe('ASSIGNMENT_INVALID')
    }
  })
})

async function opened(changes: object = {}) {
  const plane = await openPlane()
  const trust = { keys: [plane.signer.publicKey], assignmentKey: plane.assigner.publicKey }
  const place = openPlace(plane, { trust, ...changes })
  const agent = openAgent(configIn(place.config, place.directory), () => {})
  onTestFinished(agent.close)
  return { plane, place, agent }
}

const end = ({ reports }: Plane) => reports.filter(({ status }) => status !== 'in-progress').at(-1)

describe('an agent that knows who assigns', () => {
  it('asks with another nonce each time, and installs what is assigned to it', async () => {
    const { plane, place, agent } = await opened()
    await agent.round()
    await agent.round()
    plane.offer(releaseOf('1.1.0'))
    await agent.round()
    expect(place.runs()).toBe('1.1.0')
    expect(end(plane)).toMatchObject({ status: 'completed' })
    expect(plane.nonces).toHaveLength(3)
    expect(new Set(plane.nonces).size).toBe(3)
    for (const one of plane.nonces) expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it('sends none, and asks for none, where no key of assignments stands in its file', async () => {
    const plane = await openPlane()
    const place = openPlace(plane)
    plane.trouble.assign = () => ({ statement: 'nonsense', keyId: '', signature: '' })
    plane.offer(releaseOf('1.1.0'))
    const agent = openAgent(configIn(place.config, place.directory), () => {})
    onTestFinished(agent.close)
    await agent.round()
    expect([place.runs(), plane.nonces]).toEqual(['1.1.0', []])
  })

  it('asks again where it is only said that nothing has changed: that is no assignment', async () => {
    const { plane, place, agent } = await opened({ autoInstall: false })
    plane.offer(releaseOf('1.1.0'))
    await agent.round()
    await agent.round()
    expect([plane.unchanged(), place.runs()]).toEqual([1, null])
    await agent.round({ now: true })
    expect([plane.unchanged(), place.runs(), plane.nonces.length]).toEqual([2, '1.1.0', 4])
  })

  it.each<[string, string, NonNullable<Plane['trouble']['assign']>]>([
    ['is not assigned', 'ASSIGNMENT_MISSING', () => undefined],
    ['another key has assigned', 'ASSIGNMENT_INVALID', (usual) => assignmentBy(newSigner(), usual)],
  ])('installs nothing that %s, accepts nothing, and says why', async (_, code, assign) => {
    const { plane, place, agent } = await opened()
    plane.trouble.assign = assign
    plane.offer(releaseOf('1.1.0'))
    await agent.round()
    expect(place.runs()).toBeNull()
    expect(plane.reports.map(({ status, code }) => [status, code])).toEqual([['rejected', code]])
  })

  it.each<[string, object]>([
    ['ASSIGNMENT_FOREIGN', { target: 'target-2' }],
    ['ASSIGNMENT_MISMATCH', { attempt: 'another' }],
    ['ASSIGNMENT_STALE', { notAfter: '2026-01-05T10:15:00.000Z' }],
    ['ASSIGNMENT_EARLY', { notBefore: '2999-01-05T10:15:00.000Z' }],
  ])('refuses with %s what is assigned so', async (code, changes) => {
    const { plane, place, agent } = await opened()
    plane.trouble.assign = (usual) => assignmentBy(plane.assigner, { ...usual, ...changes })
    plane.offer(releaseOf('1.1.0'))
    await agent.round()
    expect([place.runs(), end(plane)?.status, end(plane)?.code]).toEqual([null, 'rejected', code])
  })

  it('refuses what was assigned to it before, said again', async () => {
    const { plane, place, agent } = await opened({ autoInstall: false })
    let first: object | undefined
    plane.trouble.assign = (usual) => {
      const made = assignmentBy(plane.assigner, usual)
      first ??= made
      return first as typeof made // it is the same answer
    }
    plane.offer(releaseOf('1.1.0'))
    await agent.round()
    await agent.round({ now: true })
    expect([place.runs(), end(plane)?.code]).toEqual([null, 'ASSIGNMENT_REPLAYED'])
  })

  /** An agent that was cut off after it had begun, and that hears of no assignment any more. */
  async function cutOff() {
    const { plane, place, agent } = await opened()
    plane.offer(releaseOf('1.1.0'))
    plane.trouble.breakOffAfter = 1
    await expect(agent.round()).rejects.toThrow()
    plane.trouble.assign = () => undefined
    const kept = () => agent.journal.now.work?.assignment
    /** Lets what is in the journal be over. */
    const age = () => {
      const { work } = agent.journal.now
      const { nonce = '', statement = '' } = kept() ?? {}
      const over = { ...JSON.parse(statement), notAfter: '2026-01-05T10:15:00.000Z' }
      const assignment = { ...assignmentBy(plane.assigner, over), nonce }
      agent.journal.write({ work: work && { ...work, assignment } })
    }
    return { plane, place, agent, kept, age }
  }

  it('goes on after it was cut off by the assignment that it has', async () => {
    const { plane, place, agent, kept } = await cutOff()
    const first = kept()
    expect(first?.nonce).toBe(plane.nonces[0])
    await expect(agent.round()).rejects.toThrow()
    expect(kept()).toEqual(first)
    delete plane.trouble.breakOffAfter
    await agent.round()
    expect([place.runs(), end(plane)?.status]).toEqual(['1.1.0', 'completed'])
  })

  it('does not go on by it days later, whatever time it is said to be', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { plane, place, agent } = await cutOff()
    const then = Date.now()
    vi.setSystemTime(then + 5 * 24 * 60 * minute)
    delete plane.trouble.breakOffAfter
    plane.trouble.date = then + minute
    await agent.round()
    expect([place.runs(), end(plane)?.code]).toEqual([null, 'ASSIGNMENT_MISSING'])
  })

  it('is not led back by an assignment of something else: a release that has expired is gone back to alone', async () => {
    for (const [assigned, code] of [
      ['rollback', undefined],
      ['deploy', 'ASSIGNMENT_MISMATCH'],
    ]) {
      const { plane, place, agent } = await opened()
      plane.offer(releaseOf('1.1.0'))
      await agent.round()
      plane.trouble.assign = (usual) => assignmentBy(plane.assigner, { ...usual, kind: assigned })
      const old = releaseOf('1.0.0', { expires: '2020-01-01T00:00:00Z' })
      plane.offer(old, { offer: { kind: 'rollback' }, attempt: 'back' })
      await agent.round()
      expect([end(plane)?.code, place.runs()]).toEqual([code, code === undefined ? '1.0.0' : '1.1.0'])
    }
  })

  it('asks for another where that is over, and goes on by it', async () => {
    const { plane, place, agent, age } = await cutOff()
    age()
    delete plane.trouble.breakOffAfter
    delete plane.trouble.assign
    await agent.round()
    expect([place.runs(), end(plane)?.status]).toEqual(['1.1.0', 'completed'])
  })

  it('gives up what it has begun where that is over and it gets no other', async () => {
    const { plane, place, agent, age } = await cutOff()
    age()
    delete plane.trouble.breakOffAfter
    await agent.round()
    const { status, code } = end(plane) ?? {}
    expect([place.runs(), status, code]).toEqual([null, 'rejected', 'ASSIGNMENT_MISSING'])
  })

  it('does not go on with what another release under the name of its attempt was assigned for', async () => {
    const { plane, place, agent, age } = await cutOff()
    age()
    delete plane.trouble.breakOffAfter
    delete plane.trouble.assign
    plane.offer(releaseOf('1.2.0'), { attempt: 'attempt-1.1.0' })
    await agent.round()
    const { status, code } = end(plane) ?? {}
    expect([place.runs(), status, code]).toEqual([null, 'rejected', 'ASSIGNMENT_MISMATCH'])
  })

  it('does not begin where its credential does not say who it is', async () => {
    const plane = await openPlane()
    const trust = { keys: [plane.signer.publicKey], assignmentKey: plane.assigner.publicKey }
    const place = openPlace(plane, { trust })
    const config = configIn(place.config, place.directory)
    rmSync(config.server.credential, { force: true })
    expect(() => openAgent(config, () => {})).toThrow(/there is no .*: run drydock-agent enrol first/)
    writeFileSync(config.server.credential, 'secret\n')
    expect(() => openAgent(config, () => {})).toThrow(BadConfig)
    expect(() => configIn({ ...place.config, trust: { ...trust, assignmentKey: 'x' } }, '/')).toThrow(
      'trust.assignmentKey: a public key of Ed25519',
    )
  })
})
