import type { Before, PackCommit } from './commit.ts'
import { limits } from './limits.ts'
import { Unreadable, type Verdict } from './verdict.ts'

/** What a pack has of a stream: commits from one on, without a gap, and their hashes. */
export interface Chain {
  readonly stream: string
  readonly kind: string
  readonly id: string
  readonly first: number
  readonly hashes: string[]
}

/** The last commit of a stream that a pack has. */
export function lastOf({ first, hashes }: Chain): number {
  return first + hashes.length - 1
}

/** Holds the commits of all streams against their hashes, in the order of the pack: each follows from the one before it. */
export class Chains {
  readonly all = new Map<string, Chain>()
  #commits = 0
  #current: Chain | undefined
  #previous = ''
  #at = ''
  #before: Before | undefined
  /** Of the present stream: commits that did not come in their turn. */
  readonly #missing = new Set<number>()
  readonly #verdict: Verdict

  constructor(verdict: Verdict) {
    this.#verdict = verdict
  }

  /** Notes what stands before the stream that comes next. */
  begin(before: Before): void {
    this.end()
    this.#before = before
  }

  /** Takes the next commit. */
  take(commit: PackCommit): void {
    const { stream } = commit
    if (++this.#commits > limits.commits)
      throw new Unreadable('too-many-commits', `A pack has at most ${limits.commits} commits.`)
    if (this.#current?.stream !== stream) {
      this.#end()
      this.#open(commit)
    }
    const chain = this.#current
    if (!chain) return
    const where = `${stream}@${commit.commit}`
    const expected = lastOf(chain) + 1
    if (commit.commit !== expected) {
      if (this.#missing.delete(commit.commit))
        this.#verdict.find('commit-reordered', where, `It stands after commit ${expected - 1}.`)
      else if (commit.commit < expected)
        this.#verdict.find('commit-added', where, 'It is there a second time.')
      else {
        // Few enough to be named; what is beyond them is missing all the same.
        const room = limits.findings - this.#missing.size
        const end = Math.min(commit.commit, expected + room)
        for (let missing = expected; missing < end; missing++) this.#missing.add(missing)
        this.#restart(commit)
      }
      return
    }
    if (commit.hashAfter(this.#previous) !== commit.hash)
      this.#verdict.find(
        'commit-edited',
        where,
        'It is not the one of its hash, or does not follow from the one before it.',
      )
    else if (commit.at < this.#at)
      this.#verdict.find('commit-edited', where, 'It says that it was made before the one that it follows.')
    chain.hashes.push(commit.hash)
    this.#previous = commit.hash
    this.#at = commit.at
  }

  /** The pack has come to its end. */
  end(): void {
    this.#end()
    if (this.#before)
      this.#verdict.find(
        'stream-truncated',
        this.#before.stream,
        'It is announced, and no commit of it follows.',
      )
    this.#before = undefined
  }

  #open({ stream, kind, id, commit }: PackCommit): void {
    const before = this.#before
    this.#before = undefined
    if (this.all.has(stream)) {
      this.#verdict.find('commit-added', `${stream}@${commit}`, 'Its stream is there a second time.')
      return
    }
    const begins = before?.stream === stream ? before : { commit: 0, hash: '' }
    this.#current = { stream, kind, id, first: begins.commit + 1, hashes: [] }
    this.#previous = begins.hash
    this.#at = ''
    this.all.set(stream, this.#current)
    if (this.all.size > limits.streams)
      throw new Unreadable('too-many-streams', `A pack has at most ${limits.streams} streams.`)
  }

  /** Goes on after a gap: what follows is held against the commit there. */
  #restart({ stream, kind, id, commit, at, hash }: PackCommit): void {
    this.#current = { stream, kind, id, first: commit, hashes: [hash] }
    this.#previous = hash
    this.#at = at
    this.all.set(stream, this.#current)
  }

  #end(): void {
    const stream = this.#current?.stream
    for (const missing of this.#missing)
      this.#verdict.find('commit-dropped', `${stream}@${missing}`, 'It is missing, and later ones are there.')
    this.#missing.clear()
    this.#current = undefined
  }
}
