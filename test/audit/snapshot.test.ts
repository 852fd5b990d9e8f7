import { beforeAll, describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { patchTarget, registerTarget } from '../../functions/domain/target/registration.ts'
import { replay } from '../../functions/log/replay.ts'
import { packState, unpackState } from '../../functions/log/snapshot.ts'
import { rechained, Teller } from './history.ts'

const stream = 'target#t0'
let commits: readonly Commit[]
beforeAll(async () => {
  commits = await withSnapshots()
})

/** A target with forty commits, each by a key of its own: snapshots ride on the 15th and the 30th. */
async function withSnapshots(): Promise<Commit[]> {
  const teller = new Teller()
  const facts = { type: 'publisher', region: null, tags: {}, critical: false, namespace: null, gateway: null }
  const registration = { facts, components: { api: '1.0.0' }, enrolment: null }
  await teller.do(targetAggregate, 't0', registerTarget(registration))
  for (let n = 1; n < 40; n++) {
    const idempotency = { key: `key-${n}`, hash: `hash-${n}` }
    await teller.do(targetAggregate, 't0', patchTarget({ tags: { n: String(n) } }), { idempotency })
  }
  return teller.written()
}

/** Returns the log with one commit changed, and the chain made anew, as somebody does who may write: the hashes show nothing. */
function forged(number: number, change: (commit: Commit) => Commit): Commit[] {
  return rechained(commits.map((commit) => (commit.commit === number ? change(commit) : commit)))
}

/** Returns the commit with another state in its snapshot. */
function withState(commit: Commit, change: (state: object) => object): Commit {
  if (!commit.snapshot) throw new Error(`There is no snapshot on ${commit.commit}.`)
  const state = unpackState(commit.snapshot.state) as object // a target's
  return { ...commit, snapshot: { ...commit.snapshot, state: packState(change(state)) } }
}

async function found(log: readonly Commit[]): Promise<string[]> {
  const { findings } = await audit(log, { replay })
  return findings.map(({ invariant, stream, commit, words }) => `${invariant} ${stream}@${commit} ${words}`)
}

const otherState = 'The state in its snapshot is not what the events up to it make.'
const otherKeys = 'The idempotency keys in its snapshot are not those used so far.'

describe('the audit of snapshots', () => {
  test('finds nothing where each is the fold of what was before it', async () => {
    expect(commits.filter(({ snapshot }) => snapshot).map(({ commit }) => commit)).toEqual([15, 30])
    expect(await found(commits)).toEqual([])
    expect(await found(rechained(commits))).toEqual([])
  })

  test('names the first whose state is another, however the hashes were made', async () => {
    const key = (commit: Commit) => withState(commit, (state) => ({ ...state, keyHash: 'mine' }))
    expect(await found(forged(15, key))).toEqual([`L1 ${stream}@15 ${otherState}`])
    expect(await found(forged(30, key))).toEqual([`L1 ${stream}@30 ${otherState}`])
    const both = rechained(commits.map((commit) => (commit.snapshot ? key(commit) : commit)))
    expect(await found(both)).toEqual([`L1 ${stream}@15 ${otherState}`])
  })

  test('finds a state that is none', async () => {
    const bomb = packState('0'.repeat(20 * 1024 * 1024))
    for (const state of ['{"', 'not packed', bomb]) {
      const none = forged(15, (commit) => ({
        ...commit,
        snapshot: { schema: 1, keys: [], ...commit.snapshot, state },
      }))
      expect(await found(none)).toEqual([expect.stringMatching(`^L1 ${stream}@15 It cannot be folded: `)])
    }
  })

  test('finds keys that were forgotten, exchanged or made up', async () => {
    for (const keys of [[], [{ key: 'key-1', hash: 'mine', commit: 2 }]]) {
      const other = forged(30, (commit) => ({
        ...commit,
        ...(commit.snapshot && { snapshot: { ...commit.snapshot, keys } }),
      }))
      expect(await found(other)).toEqual([`L1 ${stream}@30 ${otherKeys}`])
    }
  })

  test('asks nothing of one that no load uses', async () => {
    const older = forged(15, (commit) => {
      const { snapshot, ...plain } = withState(commit, () => ({ of: 'another version' }))
      return { ...plain, ...(snapshot && { snapshot: { ...snapshot, schema: 0 } }) }
    })
    expect(await found(older)).toEqual([])
  })

  test('leaves what follows a broken chain to the chain', async () => {
    const edited = commits.map((commit) => (commit.commit === 7 ? { ...commit, actor: 'mallory' } : commit))
    expect(await found(edited)).toEqual([`I13 ${stream}@7 This commit is edited.`])
  })
})

describe('the audit of the Catalogue', () => {
  const right = () => commits[0]?.category ?? ''

  test('names a stream that the Catalogue would not list, or lists in a wrong place or since another time', async () => {
    const { category: _, since: __, ...unlisted } = commits[0] ?? ({} as Commit) // there is a first commit
    const belongs = `and belongs under ${right()} since ${commits[0]?.at}.`
    expect(await found(forged(1, () => unlisted))).toEqual([
      `L2 ${stream}@1 It is listed under nothing since never, ${belongs}`,
    ])
    expect(await found(forged(1, (commit) => ({ ...commit, category: 'target#99' })))).toEqual([
      `L2 ${stream}@1 It is listed under target#99 since ${commits[0]?.at}, ${belongs}`,
    ])
    expect(await found(forged(1, (commit) => ({ ...commit, since: '2020-01-01T00:00:00.000Z' })))).toEqual([
      expect.stringContaining(`L2 ${stream}@1 It is listed under ${right()} since 2020`),
    ])
  })

  test('names a commit that lists its stream a second time', async () => {
    const twice = forged(9, (commit) => ({ ...commit, category: right(), since: commit.at }))
    expect(await found(twice)).toEqual([expect.stringContaining(`L2 ${stream}@9 It is listed under`)])
  })
})
