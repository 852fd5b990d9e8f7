import { beforeAll, describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { type HeadsDocument, hashOfHeads } from '../../events/heads.ts'
import { audit } from '../../functions/audit/audit.ts'
import { documentsOf, type Written } from '../heads/documents.ts'
import { rechained, validHistory } from './history.ts'

const day = 24 * 3600 * 1000
let valid: Commit[]
let kept: Written
/** When the first round of heads was written: about in the middle. */
let between: string

beforeAll(async () => {
  valid = await validHistory()
  between = valid[Math.floor(valid.length / 2)]?.at ?? ''
  kept = await documentsOf(valid, [between, later(1)])
})

function later(days: number): string {
  return new Date(Date.parse(valid.at(-1)?.at ?? '') + days * day).toISOString()
}

async function found(
  commits: readonly Commit[],
  documents: readonly HeadsDocument[] = kept.documents,
): Promise<string[]> {
  const { findings } = await audit(commits, { signed: { documents, key: kept.key } })
  return findings.map(({ invariant, stream, commit, words }) => `${invariant} ${stream}@${commit} ${words}`)
}

const end = () => {
  const last = valid.findLast(({ stream }) => stream === 'upgrade#up')
  if (!last) throw new Error('There is no upgrade.')
  return last
}

describe('a log against the heads of two days (S13)', () => {
  test('is as it was', async () => {
    expect(kept.documents.length).toBeGreaterThan(4)
    expect(await found(valid)).toEqual([])
  })

  test('lost the end of a stream', async () => {
    const { stream, commit } = end()
    expect(await found(valid.filter((one) => one !== end()))).toContainEqual(
      `I13 ${stream}@${commit} This commit is truncated.`,
    )
  })

  test('lost a whole stream', async () => {
    const left = valid.filter(({ stream }) => stream !== 'target#t5')
    expect(await found(left)).toContainEqual(
      expect.stringMatching(/^I13 target#t5@\d+ The whole stream is missing\.$/),
    )
  })

  test('lost the chunk of a plan, which no list names: the hash in the upgrade does', async () => {
    const left = valid.filter(({ stream }) => !stream.startsWith('plan#'))
    expect(await found(left)).toContainEqual(
      expect.stringMatching(/^I14 upgrade#up@\d+ Chunk 0 .* is not in the log/),
    )
  })

  test('was written anew by somebody who may write, chain and all', async () => {
    const other = rechained(
      valid.map((commit) => (commit.stream === 'policy#freeze' ? { ...commit, actor: 'mallory' } : commit)),
    )
    expect(await found(other)).toContainEqual(
      expect.stringMatching(/^I13 policy#freeze@\d+ This commit is edited\.$/),
    )
  })

  test('was written anew between the two: the second day vouches for the forgery, the first does not', async () => {
    const forged = rechained(
      valid.map((commit) => (commit.stream === 'target#t0' ? { ...commit, actor: 'mallory' } : commit)),
    )
    const second = await documentsOf(forged, [between, later(1)])
    const cut = kept.documents.findIndex(({ day }) => day > between.slice(0, 10))
    const documents: HeadsDocument[] = kept.documents.slice(0, cut)
    for (const { signature: _, ...stated } of second.documents.slice(cut)) {
      const before = documents.at(-1)
      documents.push(await kept.sign({ ...stated, previous: before ? hashOfHeads(before) : '' }))
    }
    expect(await found(forged, documents)).toEqual([
      expect.stringMatching(/^I13 target#t0@\d+ This commit is edited\.$/),
    ])
  })
})

describe('documents of heads', () => {
  test('that were dropped are named: at the beginning, in the middle, several', async () => {
    const all = kept.documents
    expect(await found(valid, all.slice(1))).toEqual(['L3 heads@1 Document 1 of the heads is missing.'])
    expect(await found(valid, all.toSpliced(2, 1))).toEqual([
      'L3 heads@3 Document 3 of the heads is missing.',
    ])
    expect(await found(valid, all.toSpliced(1, 2))).toEqual([
      'L3 heads@2 Document 2 of the heads and all up to 3 are missing.',
    ])
  })

  test('that were dropped at the end show once the log has gone on for days', async () => {
    const last = valid.at(-1)
    if (!last) throw new Error('There is no commit.')
    const { documents } = kept
    const early = documents.filter(({ day }) => day === between.slice(0, 10))
    const goesOn = (days: number) =>
      rechained(valid.map((commit) => (commit === last ? { ...commit, at: later(days) } : commit)))
    const fresh = await documentsOf(goesOn(1), [between])
    expect(
      (await audit(goesOn(1), { signed: fresh })).findings.filter(({ invariant }) => invariant === 'L3'),
    ).toEqual([])
    const stale = await audit(goesOn(3), { signed: { documents: early, key: kept.key } })
    expect(stale.findings).toContainEqual(
      expect.objectContaining({
        invariant: 'L3',
        commit: early.length + 1,
        words: expect.stringContaining('later ones are missing'),
      }),
    )
    expect((await found(goesOn(3), [])).filter((words) => words.startsWith('L3'))).toEqual([
      expect.stringContaining('The heads are none'),
    ])
  })

  test('whose heads were forged are not believed, and named', async () => {
    const [first] = kept.documents
    const [stream, commit] = first?.heads[0] ?? ['', 0]
    const forged = kept.documents.map(
      (one) =>
        one === first
          ? {
              ...one,
              heads: one.heads.map((head) =>
                head[0] === stream ? [stream, commit, 'f'.repeat(64)] : head,
              ) as typeof one.heads,
            }
          : one, // as long as they were
    )
    expect(await found(valid, forged)).toEqual([
      'L3 heads@1 Document 1 of the heads is not signed by this key.',
    ])
  })

  test('that somebody signed with a key of their own are named one by one', async () => {
    const { documents } = await documentsOf(valid, [between, later(1)])
    const findings = await found(valid, documents)
    expect(findings.slice(0, documents.length)).toEqual(
      documents.map(
        ({ number }) => `L3 heads@${number} Document ${number} of the heads is not signed by this key.`,
      ),
    )
  })

  test('that follow from another than the one before are named', async () => {
    const [first, second, ...others] = kept.documents
    if (!first || !second) throw new Error('There are no documents.')
    const { signature: _, ...stated } = second
    const fork = await kept.sign({ ...stated, previous: 'e'.repeat(64) })
    expect(await found(valid, [first, fork, ...others])).toEqual([
      'L3 heads@2 Document 2 of the heads does not follow from the one before it.',
      'L3 heads@3 Document 3 of the heads does not follow from the one before it.',
    ])
    expect(await found(valid, [first, second, second, ...others])).toEqual([
      'L3 heads@2 Document 2 of the heads is there twice.',
    ])
  })
})
