import type { KeyObject } from 'node:crypto'
import { Chains, lastOf } from './chains.ts'
import { type PackCommit, readLine } from './commit.ts'
import { Heads } from './heads.ts'
import { Malformed, textOf } from './json.ts'
import { limits } from './limits.ts'
import { OpenPgp } from './openpgp.ts'
import { filesOf, type GivenFile, type Pack, type PackFile, readPack } from './parts.ts'
import { Plan } from './plan.ts'
import { Policies } from './policies.ts'
import { type Goal, nameOf, Releases } from './releases.ts'
import { Targets } from './targets.ts'
import { Upgrade } from './upgrade.ts'
import { Unreadable, Verdict } from './verdict.ts'

/** Which kinds of streams stand in which file. */
const kindsIn: Readonly<Record<string, readonly string[]>> = {
  'upgrade.jsonl': ['upgrade'],
  'plan.jsonl': ['plan'],
  'context.jsonl': ['trust', 'rules', 'release', 'rollout', 'procedure'],
  'targets.jsonl': ['target'],
}

/** The files of a pack come in this order. */
const order = ['upgrade.jsonl', 'plan.jsonl', 'context.jsonl', 'targets.jsonl', 'heads', 'report.md']

/** What is read of a pack, file by file. */
class Reading {
  readonly chains: Chains
  readonly upgrade: Upgrade
  readonly plan = new Plan()
  readonly releases: Releases
  readonly policies: Policies
  readonly targets: Targets
  readonly heads: Heads
  commits = 0
  readonly #context: PackCommit[] = []
  #inContext = 0
  #read = 0
  #noCommits = 0
  #place = 0
  readonly #verdict: Verdict

  constructor({ upgrade }: Pack, key: KeyObject | undefined, verdict: Verdict, openPgp: OpenPgp) {
    this.#verdict = verdict
    this.chains = new Chains(verdict)
    this.upgrade = new Upgrade(upgrade, verdict)
    this.releases = new Releases(verdict, openPgp)
    this.policies = new Policies(verdict)
    this.targets = new Targets(this.upgrade, this.plan, verdict)
    this.heads = new Heads(key, verdict)
  }

  take(file: PackFile): void {
    const place = order.indexOf(file.name.startsWith('heads/') ? 'heads' : file.name)
    if (place < this.#place)
      this.#verdict.find('commit-reordered', file.where, 'It stands after what follows from it.')
    this.#place = place
    const kinds = kindsIn[file.name]
    if (kinds) this.#lines(file, kinds)
    else if (file.name.startsWith('heads/')) this.heads.take(file, this.chains.all)
  }

  #lines({ where, text }: PackFile, kinds: readonly string[]): void {
    let [number, from] = [0, 0]
    while (from < text.length) {
      const end = text.indexOf('\n', from)
      const line = text.slice(from, end < 0 ? undefined : end)
      number++
      // Before each stream may stand what is before it.
      if (++this.#read > limits.commits + limits.streams)
        throw new Unreadable('too-many-commits', `A pack has at most ${limits.commits} commits.`)
      if (line.length > limits.line)
        throw new Unreadable('line-too-long', `${where}: a line has at most ${limits.line} characters.`)
      try {
        if (end < 0) throw new Malformed('it has no end')
        this.#line(line, kinds)
      } catch (error) {
        if (!(error instanceof Malformed)) throw error
        if (++this.#noCommits > limits.noCommits)
          throw new Unreadable('no-commits', `${where}: more than ${limits.noCommits} lines are no commits.`)
        this.#verdict.find(
          'commit-edited',
          `${where}:${number}`,
          `No commit is written so: ${error.message}.`,
        )
      }
      from = end < 0 ? text.length : end + 1
    }
  }

  #line(line: string, kinds: readonly string[]): void {
    const read = readLine(line)
    if ('after' in read) {
      if (!kinds.includes('target')) throw new Malformed('only streams of targets are there in part')
      this.chains.begin(read.after)
      return
    }
    this.commits++
    if (!kinds.includes(read.kind)) throw new Malformed(`no stream of a ${read.kind} stands here`)
    this.chains.take(read)
    this.#hear(read, line.length)
  }

  /**
   * Reads whose word counted, and what they had signed, now that it is known how far signed heads go: somebody may have added to these streams what
   * seems to be earlier than the upgrade, and no head says otherwise.
   */
  hearContext(): void {
    for (const commit of this.#context) {
      const { stream, kind, commit: number } = commit
      if (number > (this.heads.covered.get(stream) ?? Number.POSITIVE_INFINITY)) continue
      try {
        if (kind === 'trust') this.releases.trust(commit)
        else if (kind === 'rules') this.policies.take(commit)
        else this.releases.release(commit)
      } catch (error) {
        if (!(error instanceof Malformed)) throw error
        this.#verdict.find('commit-edited', `${stream}@${number}`, `No commit is told so: ${error.message}.`)
      }
    }
  }

  #hear(commit: PackCommit, length: number): void {
    switch (commit.kind) {
      case 'upgrade':
        if (commit.id === this.upgrade.id) this.upgrade.take(commit)
        else this.#verdict.find('commit-added', commit.stream, 'It is of another upgrade.')
        return
      case 'plan':
        if (commit.id !== `${this.upgrade.planned?.planHash}#${this.plan.chunks}`)
          this.#verdict.find(
            'plan-exchanged',
            commit.stream,
            `It is not chunk ${this.plan.chunks} of the plan.`,
          )
        for (const { data } of commit.events) this.plan.take(data)
        return
      case 'trust':
      case 'rules':
      case 'release':
        this.#context.push(commit)
        this.#inContext += length
        if (this.#inContext > limits.context)
          throw new Unreadable(
            'too-large',
            `What a release rests on has at most ${limits.context} characters.`,
          )
        return
      case 'target':
        this.targets.take(commit)
    }
  }
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

function judgePlan({ upgrade, plan }: Reading, verdict: Verdict): void {
  const { planned, request } = upgrade
  if (!planned || !request) {
    verdict.prove('It was never planned, so nothing was approved or sent.')
    return
  }
  const where = `plan ${planned.planHash}`
  if (plan.members.length !== planned.members)
    verdict.find(
      'plan-exchanged',
      where,
      `It has ${plan.members.length} members here, and ${planned.members} were planned.`,
    )
  const hash = plan.hash(request, planned)
  if (hash !== planned.planHash)
    verdict.find('plan-exchanged', where, `The hash over request, members, release and waves is ${hash}.`)
  verdict.prove(
    `The plan of ${counted(planned.members, 'member')} is the one of its hash, ${planned.planHash}. It needed ${counted(upgrade.approvals.needed, 'approval')} and was given ${upgrade.approvals.given}, none by who asked.`,
  )
}

function judgePolicies({ upgrade, policies }: Reading, verdict: Verdict): void {
  const [asked] = upgrade.approvals.beginnings.map((beginning) => policies.judge(beginning))
  if (asked !== undefined)
    verdict.prove(
      `Policies asked for ${counted(asked, 'approval')} beside, which were given by whom they mean.`,
    )
}

function judgeReleases({ upgrade, plan, releases }: Reading): void {
  const { planned, request, began } = upgrade
  if (!planned || !request || began === undefined) return
  const component = textOf(request, 'component')
  const isBack = textOf(request, 'kind') === 'rollback'
  const goals = new Map<string, Goal>()
  for (const { to, digest } of plan.members) {
    const version = digest === undefined ? planned.version : to
    const name = nameOf(component, version)
    const goal = goals.get(name) ?? { component, version, digests: new Set() }
    goal.digests.add(digest ?? planned.digest)
    goals.set(name, goal)
    if (goals.size > limits.releases)
      throw new Unreadable('too-many-releases', `Members go to at most ${limits.releases} releases.`)
  }
  for (const goal of goals.values()) releases.judge(goal, { began, isBack })
}

/** Whoever was admitted has an end, once the upgrade has. */
function judgeEnds({ upgrade, plan }: Reading, verdict: Verdict): void {
  if (upgrade.ended === undefined) {
    verdict.lack('How it ends: the pack was made while it went on.')
    return
  }
  let [count, first] = [0, -1]
  for (const member of upgrade.unended()) if (count++ === 0) first = member
  if (count > 0)
    verdict.lack(
      `What became of ${counted(count, 'target')} that it admitted, the first of them ${plan.members[first]?.target ?? 'none of the plan'}: it is over, and counts no end of theirs.`,
    )
}

function judgeStreams({ upgrade, chains, commits }: Reading, pack: Pack, verdict: Verdict): void {
  const own = [...chains.all.values()].find(({ kind, id }) => kind === 'upgrade' && id === pack.upgrade)
  const last = own ? lastOf(own) : 0
  if (!own)
    verdict.find('stream-missing', `upgrade ${pack.upgrade}`, 'The pack is about it, and has nothing of it.')
  else if (last < pack.commit)
    verdict.find(
      'stream-truncated',
      own.stream,
      `It ends at commit ${last}, and the pack goes to commit ${pack.commit}.`,
    )
  else if (last > pack.commit)
    verdict.find('commit-added', `${own.stream}@${last}`, `The pack goes to commit ${pack.commit}.`)
  for (const { stream, kind, first } of chains.all.values())
    if (first > 1 && kind !== 'target')
      verdict.find('commit-dropped', `${stream}@1`, 'The beginning is missing.')
  verdict.prove(
    `${counted(commits, 'commit')} of ${counted(chains.all.size, 'stream')} are those of their hashes, each following from the one before it, without a gap.`,
  )
  if (upgrade.measurements > 0)
    verdict.prove(`${counted(upgrade.measurements, 'measurement')} stand in the stream, with value and time.`)
}

interface Wanted {
  readonly stream: string
  /** A signed head has to name this commit of it, or a later one. */
  readonly commit: number
  /** The round of heads has to be of a later day; empty: of any. */
  readonly after: string
}

/**
 * Returns which streams have to be under a signed head, and from where on they are. Whatever an upgrade rests on may have been told until its last
 * commit, so a head counts that was read later: a round is named by the day on which it began.
 */
function* wanted({ chains, targets, upgrade }: Reading): Generator<Wanted> {
  const after = upgrade.last.slice(0, 10)
  for (const chain of chains.all.values()) {
    const { stream, kind, id } = chain
    // The hash of a plan stands in the upgrade's stream, and its chunks are in no list of streams.
    if (kind === 'plan') continue
    if (kind === 'target') yield { stream, commit: targets.told.get(id) ?? 0, after: '' }
    else if (kind === 'upgrade' && id === upgrade.id) yield { stream, commit: lastOf(chain), after: '' }
    else yield { stream, commit: 1, after }
  }
}

function judgeHeads(reading: Reading, key: KeyObject | undefined, verdict: Verdict): void {
  const { heads } = reading
  if (!key) {
    verdict.lack(
      'Where the streams end, and that nobody made all of it anew: no key was given. Take the public key of the heads from the deployment, not from who gave you the pack, and name it with --key.',
    )
    return
  }
  const all = [...wanted(reading)]
  const uncovered = all.filter(
    ({ stream, commit, after }) =>
      (heads.covered.get(stream) ?? 0) < commit || (heads.seen.get(stream) ?? '') <= after,
  )
  if (uncovered.length > 0) {
    const [first] = uncovered
    verdict.lack(
      `Where ${uncovered.length} of ${counted(all.length, 'stream')} end, the first of them ${first?.stream}: no signed head says so. Heads are written once a day: fetch the pack again a day or two after the end of the upgrade.`,
    )
  }
  if (uncovered.length < all.length)
    verdict.prove(
      `${all.length - uncovered.length} of ${counted(all.length, 'stream')} are those of ${counted(heads.documents, 'document')} of heads, signed by the key that was given, of ${[...heads.days].sort().join(', ')}: nothing was cut off, and nothing exchanged since.`,
    )
}

/**
 * Reads a pack, all of its parts in any order, and holds it against itself and against the key of heads. Throws Unreadable. What it asks of
 * signatures of OpenPGP is asked of `openPgp`: the verdict is one where there was nothing to be settled by it. See {@link verifyWhole}.
 */
export function verifyPack(given: readonly GivenFile[], key?: KeyObject, openPgp = new OpenPgp()): Verdict {
  const verdict = new Verdict()
  const pack = readPack(given, verdict)
  if (!pack) return verdict
  const reading = new Reading(pack, key, verdict, openPgp)
  for (const file of filesOf(pack, verdict)) reading.take(file)
  reading.chains.end()
  reading.targets.end()
  reading.hearContext()
  judgeStreams(reading, pack, verdict)
  try {
    judgePlan(reading, verdict)
    judgePolicies(reading, verdict)
    judgeReleases(reading)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    verdict.find('plan-exchanged', `upgrade ${pack.upgrade}`, `Nothing is planned so: ${error.message}.`)
  }
  const { upgrade, targets } = reading
  verdict.prove(
    `${counted(upgrade.outcomes, 'end')} that the upgrade counts are told by the targets themselves; ${counted(targets.assigned, 'attempt')} went to what the plan says.`,
  )
  judgeHeads(reading, key, verdict)
  judgeEnds(reading, verdict)
  // What is wrong somewhere may be wrong elsewhere, unseen.
  if (verdict.found > 0) verdict.proven.length = 0
  return verdict
}

/** Verifies a pack, signatures of OpenPGP included, for which it is read twice. Rejects with Unreadable. */
export async function verifyWhole(given: readonly GivenFile[], key?: KeyObject): Promise<Verdict> {
  const openPgp = new OpenPgp()
  const verdict = verifyPack(given, key, openPgp)
  return (await openPgp.settle()) ? verifyPack(given, key, openPgp) : verdict
}
