import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { Plan, plannedOf } from '../../clients/verify/plan.ts'
import { canonicalJson, sha256 } from '../../events/canonical.ts'
import { fetched, filesIn, foreignKey, forged, remade, upgraded, verified, type Written } from './packs.ts'

let whole: Buffer[]
beforeAll(async () => {
  const { world, id } = await upgraded({ targets: 6 })
  whole = await fetched(world, id)
})

type Change = Parameters<typeof remade>[1]
type Data = Record<string, unknown>

const isOf = (kind: string) => (commit: Written) => commit.stream.startsWith(`${kind}#`)
const eventsOf = (commits: readonly Written[], type: string) =>
  commits.flatMap(({ events }) => events.filter((event) => event.type === type))
const first = <One>(list: readonly One[]): One => list[0] ?? expect.unreachable()
const holding = (commits: readonly Written[], type: string) =>
  first(commits.filter(({ events }) => events.some((event) => event.type === type)))

/** Takes events of these types out of all commits; returns them. */
function without(commits: readonly Written[], ...types: string[]) {
  const taken = types.flatMap((type) => eventsOf(commits, type))
  for (const commit of commits) commit.events = commit.events.filter((event) => !taken.includes(event))
  return taken
}

function change(commits: readonly Written[], type: string, changed: (data: Data) => Data): void {
  for (const event of eventsOf(commits, type)) event.data = changed(event.data)
}

/** Makes the plan's hash anew, and approves it. */
function planned(commits: readonly Written[], { lines }: Parameters<Change>[1]): void {
  const plan = new Plan()
  for (const { data } of eventsOf(commits.filter(isOf('plan')), 'PlanChunkStored')) plan.take(data as never)
  const { request } = first(eventsOf(commits, 'UpgradeRequested')).data as { request: never }
  const planHash = plan.hash(request, plannedOf(first(eventsOf(commits, 'UpgradePlanned')).data as never))
  change(commits, 'UpgradePlanned', (data) => ({ ...data, planHash }))
  change(commits, 'ApprovalGiven', (data) => ({ ...data, planHash }))
  const chunks = lines.get('plan.jsonl') ?? []
  lines.set(
    'plan.jsonl',
    chunks.map((line, chunk) => ({ ...line, stream: `plan#${planHash}#${chunk}` })),
  )
}

/** Returns what is wrong with a pack that was made anew, and what is not proven by it. */
function judged(changed: Change) {
  const { findings, unproven } = verified(remade(whole, changed), foreignKey)
  const told = findings.map(({ fault, words }) => `${fault}: ${words}`)
  return { faults: [...new Set(findings.map(({ fault }) => fault))].sort(), told: told.join('\n'), unproven }
}

test('a pack that is made anew, with all that belongs to it, looks like one that is whole', () => {
  expect(judged(() => undefined)).toMatchObject({ faults: [], unproven: [] })
  expect(judged((commits, everything) => planned(commits, everything))).toMatchObject({
    faults: [],
    unproven: [],
  })
})

describe('nothing begins without the approvals that it needs then, whoever signs the heads:', () => {
  test.each<[string, Change, readonly string[]]>([
    [
      'targets that were admitted without waves and approvals',
      (commits) => without(commits, 'WaveStarted', 'ApprovalGiven'),
      ['not-approved'],
    ],
    [
      'targets that were admitted before it was approved',
      (commits) => {
        const late = without(commits, 'WaveStarted', 'ApprovalGiven')
        const last = holding(commits, 'UpgradeCompleted')
        last.events = [...late, ...last.events]
      },
      ['not-approved'],
    ],
    [
      'another plan, of which the approval knows nothing',
      (commits) => {
        const plan = first(eventsOf(commits, 'UpgradePlanned'))
        const before = { ...plan, data: { ...plan.data, planHash: 'f'.repeat(64) } }
        const commit = holding(commits, 'UpgradePlanned')
        commit.events = commit.events.map((event) => (event === plan ? before : event))
        change(commits, 'ApprovalGiven', (data) => ({ ...data, planHash: 'f'.repeat(64) }))
        const wave = holding(commits, 'WaveStarted')
        wave.events = [plan, ...wave.events]
      },
      ['not-approved', 'told-twice'],
    ],
    [
      'whoever approved had asked for it, as is told later',
      (commits) => {
        const asked = first(eventsOf(commits, 'UpgradeRequested'))
        const { by } = first(eventsOf(commits, 'ApprovalGiven')).data
        const wave = holding(commits, 'WaveStarted')
        wave.events = [{ ...asked, data: { ...asked.data, by } }, ...wave.events]
      },
      ['not-approved', 'told-twice'],
    ],
    [
      'whoever approved had set its window',
      (commits) => {
        const { by } = first(eventsOf(commits, 'ApprovalGiven')).data
        const commit = holding(commits, 'ApprovalGiven')
        const data = { start: '2026-01-05T10:00:00Z', end: '2026-01-06T10:00:00Z', by }
        commit.events = [{ type: 'WindowSet', schema: 1, data }, ...commit.events]
      },
      ['not-approved'],
    ],
    [
      'whoever approved had edited what was asked for',
      (commits, everything) => {
        const { by } = first(eventsOf(commits, 'ApprovalGiven')).data
        change(commits, 'UpgradeRequested', (data) => ({
          ...data,
          request: { ...(data.request as object), authors: [by] },
        }))
        planned(commits, everything)
      },
      ['not-approved'],
    ],
    [
      'nobody has approved it, by name',
      (commits) => change(commits, 'ApprovalGiven', (data) => ({ ...data, by: ' ' })),
      ['not-approved'],
    ],
    [
      'approvals that were voided before the last were admitted',
      (commits) => {
        const last = commits.filter((commit) => eventsOf([commit], 'TargetsAdmitted').length > 0).at(-1)
        const data = { by: 'x', reason: 'The window was moved.' }
        if (last) last.events = [{ type: 'ApprovalsVoided', schema: 1, data }, ...last.events]
      },
      ['not-approved'],
    ],
    [
      'policies that asked for somebody when it had begun',
      (commits) => {
        const last = commits.filter((commit) => eventsOf([commit], 'TargetsAdmitted').length > 0).at(-1)
        const data = { demands: [{ policy: 'production', revision: 1, required: 1, given: 0 }] }
        if (last) last.events = [{ type: 'ApprovalsDemanded', schema: 1, data }, ...last.events]
      },
      ['not-approved'],
    ],
  ])('%s', (_, changed, faults) => {
    expect(judged(changed).faults).toEqual(faults)
  })
})

describe('a release is that of its manifest, whoever signs the heads:', () => {
  const signer = generateKeyPairSync('ed25519')
  const publicKey = signer.publicKey.export({ format: 'der', type: 'spki' })
  const keyId = createHash('sha256').update(publicKey).digest('hex')

  /** Signs another manifest under the release. */
  const resigned =
    (changed: object): Change =>
    (commits, everything) => {
      const { manifest } = first(eventsOf(commits, 'ManifestSigned')).data
      const text = canonicalJson({ ...JSON.parse(String(manifest)), ...changed })
      const digest = `sha256:${sha256(text)}`
      const signature = sign(null, Buffer.from(text), signer.privateKey).toString('base64')
      const signatures = [{ key: keyId, scheme: 'ed25519', signature }]
      const registered = { key: keyId, publicKey: publicKey.toString('base64') }
      change(commits, 'KeyRegistered', (data) => ({ ...data, ...registered }))
      change(commits, 'ManifestSigned', (data) => ({ ...data, manifest: text, signatures }))
      for (const type of ['ReleaseRegistered', 'UpgradePlanned', 'AttemptAssigned'])
        change(commits, type, (data) => ({ ...data, digest }))
      planned(commits, everything)
    }

  test.each<[string, object, readonly string[]]>([
    ['the same', {}, []],
    ['one in another spelling of its version', { version: 'V2.4.1' }, []],
    ['that of another component', { component: 'web' }, ['manifest-exchanged']],
    ['that of another version', { version: '9.9.9' }, ['manifest-exchanged']],
    [
      'one that had expired when it was published',
      { expires: '2026-01-05T10:00:00Z' },
      ['manifest-exchanged'],
    ],
    ['one that expires in no time', { expires: 'never' }, ['manifest-exchanged']],
  ])('%s', (_, changed, faults) => {
    expect(judged(resigned(changed)).faults).toEqual(faults)
  })

  test('one that had expired when the first were sent', () => {
    const { faults, told } = judged((commits, everything) => {
      resigned({ expires: '2026-01-05T09:00:00Z' })(commits, everything)
      for (const commit of commits)
        if (isOf('release')(commit) || isOf('trust')(commit)) commit.at = '2026-01-04T10:00:00.000Z'
    })
    expect([faults, told]).toEqual([
      ['manifest-exchanged'],
      expect.stringMatching(/^[^\n]*first were sent at/),
    ])
  })

  test('one of two digests under one name', () => {
    const other = `sha256:${'e'.repeat(64)}`
    const { faults, told } = judged((commits, everything) => {
      const { digest } = first(eventsOf(commits, 'UpgradePlanned')).data
      const lines = everything.lines.get('plan.jsonl') ?? []
      const [chunk] = commits.filter(isOf('plan'))
      const half = (from: number, to: number, digestOf: unknown) => ({
        ...chunk,
        events: chunk?.events.map(({ data, ...event }) => ({
          ...event,
          data: {
            ...data,
            members: (data.members as unknown[]).slice(from, to),
            digests: [null, digestOf],
          },
        })),
      })
      lines.splice(0, 1, half(0, 3, digest), half(3, 6, other))
      change(commits, 'AttemptAssigned', (data) => ({
        ...data,
        digest: Number(data.member) < 3 ? digest : other,
      }))
      const chunks = lines.filter((line): line is Written => 'events' in line)
      planned([...commits.filter((commit) => !isOf('plan')(commit)), ...chunks], everything)
    })
    expect([faults, told]).toEqual([['manifest-exchanged'], expect.stringContaining(`planned was ${other}`)])
  })

  test('one of whose digest the plan says nothing is not proven, by name', () => {
    const { faults, unproven } = judged((commits, everything) => {
      for (const type of ['UpgradePlanned', 'AttemptAssigned'])
        change(commits, type, (data) => ({ ...data, digest: null }))
      planned(commits, everything)
    })
    expect([faults, unproven]).toEqual([
      [],
      [expect.stringContaining('That api 2.4.1 is what targets were sent to')],
    ])
  })

  test('one that is registered twice, or has two manifests, is a fault', () => {
    for (const type of ['ReleaseRegistered', 'ManifestSigned'])
      expect(
        judged((commits) => {
          const commit = holding(commits, type)
          commit.events = [...commit.events, ...eventsOf([commit], type)]
        }).faults,
      ).toContain('told-twice')
  })

  test('one whose key was revoked in the very instant in which the first were sent counts, and one before does not', () => {
    const revoked = (began: string) =>
      judged((commits) => {
        const [trust] = commits.filter(isOf('trust'))
        const { key } = first(eventsOf(commits, 'KeyRegistered')).data
        const data = { key, from: '2026-01-05T10:00:00.000Z', reason: 'stolen' }
        trust?.events.push({ type: 'KeyRevoked', schema: 1, data })
        for (const commit of commits) if (isOf('upgrade')(commit) && commit.at < began) commit.at = began
      })
    expect(revoked('2026-01-05T10:00:00.000Z').faults).toEqual([])
    expect(revoked('2026-01-05T10:02:00.000Z').faults).toEqual(['too-few-signatures'])
  })

  test('one whose signatures are gone is signed by too few where somebody had asked for two', () => {
    const unsigned: Change = (commits) => without(commits, 'ManifestSigned')
    expect(judged(unsigned)).toMatchObject({
      faults: [],
      unproven: [expect.stringContaining('nobody has signed it')],
    })
    const asked = judged((commits, everything) => {
      unsigned(commits, everything)
      const [trust] = commits.filter(isOf('trust'))
      const data = { threshold: 2, components: {} }
      trust?.events.push({ type: 'ThresholdsSet', schema: 1, data })
    })
    expect(asked.faults).toEqual(['too-few-signatures'])
    expect(asked.told).toContain('0 of 2 keys had signed it')
  })
})

describe('what happened is told once, and in its time, whoever signs the heads:', () => {
  test.each<[string, Change, readonly string[]]>([
    [
      'ends that are counted twice',
      (commits) =>
        change(commits, 'OutcomesRecorded', ({ outcomes, ...data }) => ({
          ...data,
          outcomes: [...(outcomes as unknown[]), ...(outcomes as unknown[])],
        })),
      ['told-twice'],
    ],
    [
      'an attempt that is sent twice',
      (commits) => {
        const commit = holding(commits, 'AttemptAssigned')
        commit.events = [...commit.events, ...eventsOf([commit], 'AttemptAssigned')]
      },
      ['told-twice'],
    ],
    [
      'an attempt that ends twice',
      (commits) => {
        const commit = holding(commits, 'AttemptEnded')
        const again = eventsOf([commit], 'AttemptEnded').map((event) => ({
          ...event,
          data: { ...event.data, outcome: 'failed' },
        }))
        commit.events = [...commit.events, ...again]
      },
      ['told-twice'],
    ],
    [
      'an attempt that nobody had admitted',
      (commits) => change(commits, 'TargetsAdmitted', (data) => ({ ...data, retried: [] })),
      ['not-as-planned'],
    ],
    [
      'an upgrade that goes on after its end',
      (commits) => {
        const ends = without(commits, 'UpgradeCompleted')
        const wave = holding(commits, 'WaveStarted')
        wave.events = [...ends, ...wave.events]
      },
      ['told-after-end'],
    ],
    [
      'an upgrade with two ends',
      (commits) => {
        const last = holding(commits, 'UpgradeCompleted')
        last.events = [{ type: 'UpgradeAborted', schema: 1, data: {} }, ...last.events]
      },
      ['told-twice'],
    ],
    [
      'targets that were sent years before they were admitted',
      (commits) => {
        for (const commit of commits)
          if (isOf('target')(commit)) commit.at = commit.at.replace('2026-', '2020-')
      },
      ['out-of-time'],
    ],
    [
      'targets that were sent years after all was over',
      (commits) => {
        for (const commit of commits)
          if (isOf('target')(commit)) commit.at = commit.at.replace('2026-', '2030-')
      },
      ['out-of-time'],
    ],
  ])('%s', (_, changed, faults) => {
    expect(judged(changed).faults).toEqual(faults)
  })

  test('clocks that differ by less than an hour are no fault', () => {
    const { faults } = judged((commits) => {
      for (const commit of commits)
        if (isOf('target')(commit)) commit.at = new Date(Date.parse(commit.at) - 3599_000).toISOString()
    })
    expect(faults).toEqual([])
  })

  test('whoever was admitted, and has no end or no stream when all is over, is named', () => {
    const { faults, unproven } = judged((commits, { lines }) => {
      change(commits, 'OutcomesRecorded', (data) => ({ ...data, outcomes: [] }))
      lines.set('targets.jsonl', [])
    })
    expect(faults).toEqual([])
    expect(unproven).toEqual([expect.stringMatching(/^What became of 6 targets .* the first of them t\d:/)])
    const one = judged((commits) => {
      const [left] = eventsOf(commits, 'OutcomesRecorded')
      if (left) left.data = { ...left.data, outcomes: (left.data.outcomes as unknown[]).slice(1) }
    })
    expect(one.unproven).toEqual([expect.stringMatching(/^What became of 1 target /)])
  })
})

describe('every byte of a line is one of a commit:', () => {
  const linesOf = (name: string, change: (line: Data) => object) =>
    forged(whole, (files) =>
      files.map((file) => {
        if (file.name !== name) return file
        const lines = file.bytes.toString().trimEnd().split('\n')
        return {
          name,
          bytes: Buffer.from(lines.map((line) => `${canonicalJson(change(JSON.parse(line)))}\n`).join('')),
        }
      }),
    )

  test.each<[string, string, (line: Data) => object]>([
    [
      'what a commit follows from',
      'upgrade.jsonl',
      (line) => ({ ...line, previous: 'approved by the board' }),
    ],
    ['a note', 'upgrade.jsonl', (line) => ({ ...line, note: 'approved by the board' })],
    [
      'a member more of an event',
      'upgrade.jsonl',
      (line) => ({ ...line, events: (line.events as object[]).map((event) => ({ ...event, note: 'x' })) }),
    ],
    [
      'a note beside what stands before a stream',
      'targets.jsonl',
      (line) => ('after' in line ? { ...line, note: 'x' } : line),
    ],
    [
      'a note in what stands before a stream',
      'targets.jsonl',
      (line) => ('after' in line ? { after: { ...(line.after as object), more: 1 } } : line),
    ],
  ])('%s', (_, name, changed) => {
    const { findings } = verified(linesOf(name, changed))
    expect(findings.map(({ words }) => words).join('\n')).toContain('has no member')
  })

  test('in UTF-8, and in no other bytes that look the same', () => {
    const pack = remade(whole, (commits, everything) => {
      change(commits, 'UpgradeRequested', (data) => ({
        ...data,
        request: { ...(data.request as object), reason: 'caf\ufffd' },
      }))
      planned(commits, everything)
    })
    expect(verified(pack, foreignKey).findings).toEqual([])
    for (const wanted of ['upgrade.jsonl', 'report.md']) {
      const other = forged(pack, (files) =>
        files.map(({ name, bytes }) => {
          if (name !== wanted) return { name, bytes }
          const place = name === 'report.md' ? 0 : bytes.indexOf(Buffer.from('\ufffd'))
          const rest = bytes.subarray(place + (name === 'report.md' ? 1 : 3))
          return { name, bytes: Buffer.concat([bytes.subarray(0, place), Buffer.from([0xe9]), rest]) }
        }),
      )
      expect(verified(other, foreignKey).findings).toContainEqual(
        expect.objectContaining({ fault: 'file-damaged', words: 'It is no UTF-8.' }),
      )
    }
    expect(filesIn(first(pack)).some(({ name }) => name === 'report.md')).toBe(true)
  })
})
