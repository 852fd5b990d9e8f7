import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Approvals } from '../../clients/verify/approvals.ts'
import { Chains } from '../../clients/verify/chains.ts'
import type { PackCommit, PackEvent } from '../../clients/verify/commit.ts'
import { limits } from '../../clients/verify/limits.ts'
import { OpenPgp } from '../../clients/verify/openpgp.ts'
import { Plan } from '../../clients/verify/plan.ts'
import { Releases } from '../../clients/verify/releases.ts'
import { Targets } from '../../clients/verify/targets.ts'
import { Upgrade } from '../../clients/verify/upgrade.ts'
import { Unreadable, Verdict } from '../../clients/verify/verdict.ts'

const at = '2026-01-01T00:00:00.000Z'
const event = (type: string, data: object): PackEvent => ({
  type,
  schema: 1,
  data: data as PackEvent['data'],
})
const commitOf = (stream: string, commit: number, events: readonly PackEvent[] = []): PackCommit => ({
  ...{
    stream,
    kind: 'x',
    id: stream.slice(stream.indexOf('#') + 1),
    commit,
    at,
    actor: 'x',
    events,
    hash: 'h',
  },
  hashAfter: () => 'h',
})

/** Why it cannot be read; undefined: it can. */
function refusal(doing: () => void): string | undefined {
  try {
    doing()
    return undefined
  } catch (error) {
    return error instanceof Unreadable ? error.why : expect.unreachable(String(error))
  }
}

const planOf = (members: number) => {
  const plan = new Plan()
  for (let from = 0; from < members; from += 1000) {
    const count = Math.min(1000, members - from)
    const chunk = {
      versions: ['1', '2'],
      members: Array.from({ length: count }, (_, n) => [`t${from + n}`, 0, 1]),
    }
    plan.take(chunk)
  }
  return plan
}

describe('of all parts together a pack has no more than', () => {
  test('so many commits, and so many streams', () => {
    const chains = new Chains(new Verdict())
    const commits = (count: number) => () => {
      for (let commit = 1; commit <= count; commit++) chains.take(commitOf('upgrade#u', commit))
    }
    expect(refusal(commits(limits.commits))).toBeUndefined()
    expect(refusal(() => chains.take(commitOf('upgrade#u', limits.commits + 1)))).toBe('too-many-commits')
    const streams = (count: number) => () => {
      const other = new Chains(new Verdict())
      for (let stream = 0; stream < count; stream++) other.take(commitOf(`target#${stream}`, 1))
    }
    expect(refusal(streams(limits.streams))).toBeUndefined()
    expect(refusal(streams(limits.streams + 1))).toBe('too-many-streams')
  })

  test('so many members', () => {
    expect(planOf(limits.members).members).toHaveLength(limits.members)
    expect(refusal(() => planOf(limits.members + 1))).toBe('too-many-members')
  })

  test('so many attempts that targets tell of, and ends that are counted', () => {
    const [members, tries] = [1500, 500]
    expect(members * tries).toBe(limits.attempts)
    const plan = planOf(members + 1)
    const upgrade = new Upgrade('u', new Verdict())
    const targets = new Targets(upgrade, plan, new Verdict())
    const outcome = 'deferred'
    const of = (member: number) => (_: unknown, n: number) => ({
      upgrade: 'u',
      member,
      n: n + 1,
      outcome,
      commit: 1,
    })
    const counted = (member: number) => () => {
      const outcomes = Array.from({ length: tries }, of(member))
      upgrade.take(commitOf('upgrade#u', 1, [event('OutcomesRecorded', { outcomes })]))
    }
    const told = (member: number) => () => {
      const ends = Array.from({ length: tries }, of(member)).map((data) => event('AttemptEnded', data))
      targets.take(commitOf(`target#t${member}`, 1, ends))
    }
    for (let member = 0; member < members; member++)
      expect([refusal(counted(member)), refusal(told(member))]).toEqual([undefined, undefined])
    expect([refusal(counted(members)), refusal(told(members))]).toEqual([
      'too-many-ends',
      'too-many-attempts',
    ])
  })

  test('so many admissions that admit once more', () => {
    const upgrade = new Upgrade('u', new Verdict())
    const request = { by: 'x', request: { approvals: { required: 0, approvers: null } } }
    const planned = { planHash: 'p', members: 1000, version: '2', digest: null }
    const admitted = { members: [[0, 1000]], retried: Array(100).fill([0, 1000, 2]), readmitted: [] }
    const begin = [event('UpgradeRequested', request), event('UpgradePlanned', planned)]
    upgrade.take(commitOf('upgrade#u', 1, begin))
    const again = () => {
      for (let commit = 2; commit < 100; commit++)
        upgrade.take(commitOf('upgrade#u', commit, [event('TargetsAdmitted', admitted)]))
    }
    expect(refusal(again)).toBe('too-many-members')
  })

  test('so much that policies ask for, at so many beginnings', () => {
    const approvals = new Approvals(new Verdict())
    const demand = { policy: 'p', revision: 1 }
    const demands = Array(limits.demands).fill(demand)
    expect(refusal(() => approvals.demand({ demands: [...demands, demand] }, 'x'))).toBe('too-many-demands')
    approvals.demand({ demands }, 'x')
    const begun = () => {
      for (let beginning = 0; beginning <= limits.approvals / limits.demands; beginning++) {
        approvals.void()
        approvals.begin('x')
      }
    }
    expect(refusal(begun)).toBe('too-many-approvals')
  })

  test('so many people who approve it', () => {
    const approvals = new Approvals(new Verdict())
    approvals.plan({ planHash: 'p', members: 0, version: '1', digest: null, data: {} })
    const given = () => {
      for (let by = 0; by <= limits.approvals; by++) approvals.approve({ by: `${by}`, planHash: 'p' }, 'x')
    }
    expect(refusal(given)).toBe('too-many-approvals')
  })
})

describe('the release that members go to', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const der = publicKey.export({ format: 'der', type: 'spki' })
  const key = createHash('sha256').update(der).digest('hex')
  const manifest = JSON.stringify({ component: 'api', version: '1.0.0-a', expires: '2030-01-01T00:00:00Z' })
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
  const registered = { channel: 'stable', component: 'api', version: '1.0.0-a', digest }

  /** Counts how often it is asked whether a certificate has signed something. */
  class Counting extends OpenPgp {
    asked = 0
    override certificate = () => ({ fingerprint: 'c', holders: ['h'] })
    override made = () => {
      this.asked++
      return { expires: null }
    }
  }

  test('is asked once whether somebody has signed it, at whatever instants, and of however many members', () => {
    const counting = new Counting()
    const releases = new Releases(new Verdict(), counting)
    releases.trust(commitOf('trust#x', 1, [event('CertificateRegistered', { certificate: 'x', key: 'c' })]))
    const signatures = [{ key: 'c', signature: 'x' }]
    const signed = event('ManifestSigned', { manifest, signatures })
    releases.release(commitOf('release#x', 1, [event('ReleaseRegistered', registered), signed]))
    for (const began of [at, '2026-01-02T00:00:00.000Z', '2026-01-03T00:00:00.000Z'])
      releases.judge(
        { component: 'api', version: 'v1.0.0-A', digests: new Set([digest]) },
        { began, isBack: false },
      )
    expect(counting.asked).toBe(1)
  })

  test('has a manifest that is no longer than one may be', () => {
    const releases = new Releases(new Verdict(), new OpenPgp())
    const signed = { manifest: 'x'.repeat(limits.manifest + 1), signatures: [] }
    const events = [event('ReleaseRegistered', registered), event('ManifestSigned', signed)]
    expect(refusal(() => releases.release(commitOf('release#x', 1, events)))).toBe('too-large')
  })

  test('counts a key once that has signed it again and again', () => {
    const verdict = new Verdict()
    const releases = new Releases(verdict, new OpenPgp())
    const known = event('KeyRegistered', { publicKey: der.toString('base64'), key })
    const set = event('ThresholdsSet', { threshold: 2, components: {} })
    releases.trust({ ...commitOf('trust#x', 1, [known, set]), at: '2025-01-01T00:00:00.000Z' })
    const signature = sign(null, Buffer.from(manifest), privateKey).toString('base64')
    const signed = event('ManifestSigned', { manifest, signatures: Array(3).fill({ key, signature }) })
    releases.release(commitOf('release#x', 1, [event('ReleaseRegistered', registered), signed]))
    releases.judge(
      { component: 'api', version: '1.0.0-a', digests: new Set([digest]) },
      { began: '2026-01-02T00:00:00.000Z', isBack: false },
    )
    expect(verdict.findings).toMatchObject([{ words: expect.stringContaining('1 of 2 keys had signed it') }])
  })
})
