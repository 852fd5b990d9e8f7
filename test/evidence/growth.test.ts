import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { verifyPack } from '../../clients/verify/verify.ts'
import { hashOf } from '../../events/canonical.ts'
import { type Commit, hashCommit } from '../../events/envelope.ts'
import { membersPerChunk } from '../../events/plan.ts'
import { getEvidence } from '../../functions/api/evidence/get.ts'
import { logOver } from '../../functions/log/append.ts'
import type { Store } from '../../functions/log/store.ts'
import { fetched, filesIn, upgraded } from './packs.ts'

const upgrade = '00000000-0000-4000-8000-000000000000'
const at = '2026-01-05T10:00:00.000Z'

type Events = readonly { readonly type: string; readonly schema: number; readonly data: object }[]

/** Chains commits of a stream from what they tell. */
function* chained(stream: string, told: Iterable<Events>): Generator<Commit> {
  let [commit, version, hash] = [0, 1, '']
  for (const events of told) {
    const stored = events.map(({ type, schema, data }) => ({ type, schema, data: JSON.stringify(data) }))
    const body = {
      ...{ stream, commit: ++commit, version, count: events.length, id: `c-${commit}` },
      ...{ at, actor: 'drydock', correlation: upgrade, events: stored },
    }
    hash = hashCommit(hash, body)
    version += events.length
    yield { ...body, hash }
  }
}

/** What an upgrade of a few targets told, as the pattern of a large one. */
async function pattern() {
  const { world, id } = await upgraded({ targets: 2 })
  const files = (await fetched(world, id)).flatMap(filesIn)
  const commits = (name: string) =>
    files
      .filter((file) => file.name === name)
      .flatMap(({ bytes }) => bytes.toString().trimEnd().split('\n'))
      .map((line) => JSON.parse(line))
      .filter((line): line is Commit => 'events' in line)
  const told = (name: string, type: string): Events[number] => {
    for (const { events } of commits(name))
      for (const event of events) if (event.type === type) return { ...event, data: JSON.parse(event.data) }
    throw new Error(`Nothing told ${type}.`)
  }
  return { told, context: commits('context.jsonl') }
}

/** A store that holds an upgrade of so many targets and nothing of it: each commit is made when it is read. */
function made(members: number, { told, context }: Awaited<ReturnType<typeof pattern>>) {
  const requested = told('upgrade.jsonl', 'UpgradeRequested')
  const planned = told('upgrade.jsonl', 'UpgradePlanned')
  const { request } = requested.data as { request: object }
  const chunkOf = (k: number) => {
    const count = Math.min(membersPerChunk, members - k * membersPerChunk)
    const targets = Array.from({ length: count }, (_, n) => [`target-${k * membersPerChunk + n}`, 0, 1])
    return { component: 'api', versions: ['2.4.0', '2.4.1'], members: targets }
  }
  const chunks = Math.ceil(members / membersPerChunk)
  const data = {
    ...(planned.data as { digest: string }),
    members,
    waves: { kind: 'cuts', cuts: [members] },
  }
  const { version, digest, policyVersion, waves } = data as unknown as Record<string, unknown>
  const hashes = Array.from({ length: chunks }, (_, k) => hashOf(chunkOf(k)))
  const planHash = hashOf({ request: hashOf(request), chunks: hashes, version, digest, policyVersion, waves })
  const of = (member: number) => ({ upgrade, member, n: 1, sequence: 1 })
  const targetCommits = (member: number) =>
    chained(
      `target#target-${member}`,
      [
        told('targets.jsonl', 'AttemptAssigned'),
        told('targets.jsonl', 'AttemptAccepted'),
        { ...told('targets.jsonl', 'AttemptEnded') },
      ].map((event) => [
        {
          ...event,
          data: {
            ...event.data,
            ...of(member),
            ...(event.type === 'AttemptEnded' && { outcome: 'succeeded', code: null }),
          },
        },
      ]),
    )
  function* upgradeCommits(): Generator<Events> {
    const approved = told('upgrade.jsonl', 'ApprovalGiven')
    yield [requested, { ...planned, data: { ...data, planHash } }]
    yield [{ ...approved, data: { ...approved.data, planHash } }]
    const admitted = told('upgrade.jsonl', 'TargetsAdmitted')
    yield [
      told('upgrade.jsonl', 'WaveStarted'),
      { ...admitted, data: { ...admitted.data, members: [[0, members]], retried: [], readmitted: [] } },
    ]
    for (let from = 0; from < members; from += 100) {
      const outcomes = Array.from({ length: Math.min(100, members - from) }, (_, n) => ({
        ...{ member: from + n, n: 1, outcome: 'succeeded', code: null, again: null, commit: 3 },
      }))
      yield [{ ...told('upgrade.jsonl', 'OutcomesRecorded'), data: { outcomes, due: [] } }]
    }
    yield [{ type: 'UpgradeCompleted', schema: 1, data: { exceptions: false } }]
  }
  const commitsOf = (stream: string): Iterable<Commit> => {
    const [kind = '', id = '', chunk] = stream.split('#')
    if (kind === 'upgrade') return chained(stream, upgradeCommits())
    if (kind === 'plan')
      return chained(stream, [[{ type: 'PlanChunkStored', schema: 1, data: chunkOf(Number(chunk)) }]])
    if (kind === 'target') return targetCommits(Number(id.slice('target-'.length)))
    return context.filter((commit) => commit.stream === stream)
  }
  return (reading: () => void): Store => ({
    put: () => expect.unreachable('Nothing is written.'),
    async read({ stream, from, to, descending, limit = 1000 }) {
      reading()
      const found = [...commitsOf(stream)].filter(({ commit }) => from <= commit && commit <= to)
      const ordered = descending ? found.reverse() : found
      return { commits: ordered.slice(0, limit), more: ordered.length > limit, units: 1 }
    },
    async *list() {},
  })
}

test('ten thousand targets take the memory of two thousand, in parts of the same size', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const known = await pattern()
  const walk = async (members: number) => {
    let [peak, reads] = [0, 0]
    collect()
    const before = process.memoryUsage().heapUsed
    const look = () => {
      if (++reads % 200 !== 0) return
      collect()
      peak = Math.max(peak, process.memoryUsage().heapUsed - before)
    }
    const log = logOver(made(members, known)(look), { now: () => Date.parse(at) })
    const keptHeads = { newest: async () => undefined, numbered: () => expect.unreachable() }
    const parts: Buffer[] = []
    for (let part: string | undefined = ''; part !== undefined; ) {
      const query = part === '' ? {} : { part }
      const { zip, next } = await getEvidence(
        { params: { id: upgrade }, query },
        { log, keptHeads, now: Date.now },
      )
      parts.push(Buffer.from(zip?.bytes ?? []))
      part = /part=([\w-]+)/.exec(next ?? '')?.[1]
    }
    return {
      parts,
      peak,
      reads,
      bytes: parts.flatMap(filesIn).reduce((sum, file) => sum + file.bytes.length, 0),
    }
  }
  await walk(2000)
  // Two thousand fill a part: from there on nothing but names and numbers may grow, five bytes a member and the plan's own.
  const [some, many] = [await walk(2000), await walk(10_000)]
  expect(many.bytes / some.bytes).toBeGreaterThan(4.5)
  expect(some.parts.length).toBeGreaterThan(1)
  expect(many.parts.length).toBeGreaterThan(some.parts.length * 3)
  expect(many.peak / some.peak).toBeLessThan(2)
  expect(many.reads / some.reads).toBeLessThan(5.5)
  const given = many.parts.map((bytes, index) => ({ name: `${index}`, read: () => bytes }))
  const { findings, proven } = verifyPack(given)
  expect(findings).toEqual([])
  expect(proven.join('\n')).toContain('10000 ends that the upgrade counts are told')
}, 300_000)
