import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../events/canonical.ts'
import type { Commit } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { replay } from '../../functions/log/replay.ts'
import { rechained, validHistory, withEvent } from './history.ts'
import { readLive } from './live-reading.ts'
import { profileHistory } from './profile-history.ts'

let histories: readonly (readonly Commit[])[]
beforeAll(async () => {
  histories = [await validHistory(), await profileHistory()]
})

/** How far the log had come at three instants, and the order of the scans. */
const readings = fc
  .tuple(
    fc.nat({ max: 1 }),
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    fc.nat(),
  )
  .map(([history, shares, order]) => {
    const written = histories[history] ?? []
    const [began = 0, between = 0, ended = 0] = shares
      .map((share) => Math.ceil(share * written.length))
      .sort((a, b) => a - b)
    const placeOf = (stream: string) =>
      Number.parseInt(sha256(`${order} ${stream}`).slice(0, 8), 16) / 2 ** 32
    return { written, live: readLive(written, [began, between, ended], placeOf) }
  })

describe('a log that goes on while it is read', () => {
  test('shows nothing that is not so, whenever and in whatever order it is read', async () => {
    await fc.assert(
      fc.asyncProperty(readings, async ({ live: { second, cut } }) => {
        expect((await audit(second, { cut, replay })).findings).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  test('would show much without a cut: what one stream cites had not been read yet', async () => {
    let invented = 0
    await fc.assert(
      fc.asyncProperty(readings, async ({ live: { second } }) => {
        const { findings } = await audit(second)
        invented += findings.length
      }),
      { numRuns: 100 },
    )
    expect(invented).toBeGreaterThan(20)
  })

  test('still shows what is wrong in what was there before', async () => {
    const [written = []] = histories
    const forged = withEvent([...written], 'upgrade#up', 'ApprovalGiven', (data: object) => ({
      ...data,
      by: 'alice',
    }))
    const placeOf = () => 0.5
    const length = forged.commits.length
    const inOrder = (await Array.fromAsync(written)).map(({ stream, commit }) =>
      forged.commits.find((other) => other.stream === stream && other.commit === commit),
    )
    const all = inOrder.flatMap((commit) => (commit ? [commit] : []))
    expect(all).toHaveLength(length)
    const approved = all.findIndex(({ events }) => events.some(({ type }) => type === 'ApprovalGiven'))
    const place = { invariant: 'I14', stream: 'upgrade#up', commit: forged.commit }
    const within = readLive(all, [approved + 2, approved + 4, length], placeOf)
    expect((await audit(within.second, { cut: within.cut })).findings).toContainEqual(
      expect.objectContaining(place),
    )
    // What was written meanwhile is the next audit's.
    const beyond = readLive(all, [approved - 2, approved - 1, length], placeOf)
    expect((await audit(beyond.second, { cut: beyond.cut })).findings).not.toContainEqual(
      expect.objectContaining(place),
    )
  })

  test('shows a chunk that was taken out, a commit that was changed and a stream that was cut between the readings', async () => {
    const [written = []] = histories
    const { cut } = readLive(written, [written.length, written.length, written.length], () => 0)
    const without = written.filter(({ stream }) => !stream.startsWith('plan#'))
    const { findings } = await audit(without, { cut })
    expect(findings).toContainEqual(
      expect.objectContaining({ invariant: 'I13', words: 'The whole stream is missing.' }),
    )
    expect(findings).toContainEqual(
      expect.objectContaining({ invariant: 'I14', words: expect.stringContaining('is not in the log') }),
    )
    const edited = rechained(
      written.map((commit) => (commit.stream === 'target#t0' ? { ...commit, actor: 'mallory' } : commit)),
    )
    expect((await audit(edited, { cut })).findings).toContainEqual(
      expect.objectContaining({ invariant: 'I13', stream: 'target#t0' }),
    )
    const last = written.findLast(({ stream }) => stream === 'upgrade#up')
    const shorter = await audit(
      written.filter((commit) => commit !== last),
      { cut },
    )
    expect(shorter.findings).toContainEqual({
      invariant: 'I13',
      stream: 'upgrade#up',
      commit: last?.commit,
      words: 'This commit is truncated.',
    })
  })
})
