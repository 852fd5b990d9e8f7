import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { explainTarget } from '../../../functions/domain/target/explain.ts'
import type { MemberAsked, UpgradeAsked } from '../../../functions/domain/target/explanation.ts'
import type { Hold } from '../../../functions/domain/upgrade/hold.ts'
import { later, start } from '../given.ts'
import { accepted, assigned, ended, fold, registered } from './stories.ts'

const pending: MemberAsked = { wave: 1, status: 'pending', again: null }

/** An upgrade that runs its first wave, and what it makes of a target in its second. */
function asked(member: UpgradeAsked['member'] = pending, changes: Partial<UpgradeAsked> = {}): UpgradeAsked {
  return {
    id: 'u1',
    ref: 'upgrade#u1@4',
    component: 'api',
    version: 'v1.2.0',
    status: 'running',
    holds: [],
    failure: null,
    wave: 0,
    overrode: null,
    member,
    ...changes,
  }
}

const hold = (changes: Partial<Hold> = {}): Hold => ({
  code: 'APPROVAL',
  since: start,
  until: null,
  ref: null,
  lapses: null,
  ...changes,
})

function explain(history: readonly TargetEvent[], upgrade?: UpgradeAsked, at = start) {
  return explainTarget({ id: 't1', target: fold(history), ref: 'target#t1@2', at, upgrade, stops: [] })
}

/** Code and verdict of the decisive reason, which is the sentence. */
function decisive(...question: Parameters<typeof explain>) {
  const { verdict, sentence, reasons } = explain(...question)
  expect(sentence).toBe(reasons[0]?.detail)
  return [reasons[0]?.code, verdict]
}

const retired: TargetEvent = { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } }
const pinned: TargetEvent = { type: 'TargetPinned', data: { component: 'api', reason: 'audit', revision: 2 } }
const drifted: TargetEvent = {
  type: 'DriftFound',
  data: { component: 'api', from: '1.1.0', to: '1.0.9', heard: 'check', revision: 2 },
}
const failed = ended({ outcome: 'failed', code: 'HEALTH_CHECK_FAILED' })

describe('why a target has, or has not, been upgraded (N3)', () => {
  it.each([
    ['retired', 'blocked', [registered, retired]],
    ['pinned', 'blocked', [registered, pinned]],
    ['offered', 'offered', [registered, assigned()]],
    ['updating', 'updating', [registered, assigned(), accepted()]],
    ['succeeded', 'done', [registered, ended({ version: '1.2.0' })]],
    ['HEALTH_CHECK_FAILED', 'eligible', [registered, failed]],
    ['rolled_back', 'eligible', [registered, ended({ outcome: 'rolled_back' })]],
    ['eligible', 'eligible', [registered]],
    ['drift', 'eligible', [registered, drifted]],
    ['pinned', 'blocked', [registered, drifted, pinned]],
  ] as const)('of itself it is %s: %s', (code, verdict, history) => {
    expect(decisive(history)).toEqual([code, verdict])
  })

  it('is stopped where nothing else is known, with every stop as a reason', () => {
    const [ref, since] = ['policy#freeze@2', start]
    const stops = ['incident', 'audit'].map((reason) => ({ reason, since, ref }))
    const target = fold([registered])
    expect(explainTarget({ id: 't1', target, ref: 'target#t1@1', at: start, stops })).toMatchObject({
      verdict: 'blocked',
      sentence: 'Everything is stopped: incident',
      reasons: [
        { code: 'freeze', ref, since },
        { code: 'freeze', ref, since, detail: 'Everything is stopped: audit' },
      ],
    })
  })

  it('runs something else than was put there, which comes before what an upgrade has done', () => {
    const back: TargetEvent = {
      type: 'DriftFound',
      data: { component: 'api', from: 'v1.2.0', to: '1.1.0', heard: 'report', revision: 3 },
    }
    const history = [registered, assigned(), accepted(), ended({ version: 'v1.2.0' }), back]
    const { verdict, reasons } = explain(history, asked({ ...pending, status: 'finished' }))
    expect([verdict, ...reasons.map(({ code }) => code)]).toEqual(['eligible', 'drift', 'succeeded'])
    expect(reasons[0]).toMatchObject({
      detail: `t1 was to run api v1.2.0, and has said since ${start} that it runs 1.1.0.`,
      since: start,
    })
    expect(decisive([...history], asked())).toEqual(['pending', 'waiting'])
    expect(explain(history).reasons.map(({ code }) => code)).toEqual(['drift', 'succeeded'])
  })

  it('names the upgrades that hold it where none is asked about, the stop first', () => {
    const target = fold([registered])
    const holders = [asked(), asked({ ...pending, wave: 2 }, { id: 'u2', ref: 'upgrade#u2@7' })]
    const facts = { id: 't1', target, ref: 'target#t1@1', at: start, holders }
    expect(explainTarget({ ...facts, stops: [] })).toMatchObject({
      verdict: 'waiting',
      sentence: 'It is pending in wave 2 of upgrade u1; wave 1 runs.',
      reasons: [{ ref: 'upgrade#u1@4' }, { ref: 'upgrade#u2@7' }],
    })
    const stops = [{ reason: 'incident', since: start, ref: 'policy#freeze@1' }]
    expect(explainTarget({ ...facts, stops })).toMatchObject({
      verdict: 'blocked',
      reasons: [{ code: 'freeze' }, { ref: 'upgrade#u1@4' }, { ref: 'upgrade#u2@7' }],
    })
  })

  it('is not held back by others of its wave that are busy, nor named as busy itself', () => {
    const busy = hold({ code: 'BUSY', until: later(300), ref: 'u9' })
    const present = asked({ ...pending, wave: 0 }, { holds: [busy] })
    expect(explain([registered], present).reasons).toMatchObject([{ code: 'pending' }])
    expect(explain([registered], asked(pending, { holds: [busy] })).reasons).toMatchObject([
      { code: 'BUSY', detail: expect.stringContaining(`held by BUSY since ${start} until ${later(300)}`) },
    ])
  })

  it('is busy with the upgrade whose attempt was under way', () => {
    const deferred: MemberAsked = { wave: 0, status: 'deferred', again: later(300) }
    const end = ended({ outcome: 'deferred', code: 'busy', busyWith: 'u9' })
    expect(explain([registered, end], asked(deferred)).reasons).toMatchObject([
      {
        code: 'BUSY',
        detail: `It is deferred in wave 1 of upgrade u1: an attempt of upgrade u9 was under way on it. It is tried again from ${later(300)}.`,
        unblock: 'The attempt of upgrade u9 ends.',
      },
    ])
  })

  it('says until when an offer stands and an attempt may run, and where that is written', () => {
    expect(explain([registered, assigned()]).sentence).toBe(
      'api 1.1.0 → v1.2.0 of upgrade u1 waits for the agent of t1 to accept it by 2026-03-01T12:10:00.000Z. No agent has ever enrolled for t1.',
    )
    expect(explain([registered, assigned(), accepted()])).toMatchObject({
      sentence: `t1 accepted api 1.1.0 → v1.2.0 of upgrade u1 at ${start}; it has until 2026-03-01T12:16:40.000Z.`,
      reasons: [{ ref: 'target#t1@2', since: start, unblock: 'The agent reports the end.' }],
    })
  })

  it('says when these are over', () => {
    expect(explain([registered, assigned()], undefined, later(600)).sentence).toContain(
      'is about to be counted as unreachable',
    )
    expect(explain([registered, assigned(), accepted()], undefined, later(1000)).sentence).toContain(
      'is about to be counted as timed out or lost',
    )
  })

  it('names the wave that it waits for and every hold of its upgrade', () => {
    const holds = [hold(), hold({ code: 'WINDOW_CLOSED', until: later(60) })]
    const approves = 'Somebody entitled approves.'
    const opens = 'The window opens and no calendar closes it, or an operator resumes with another window.'
    expect(explain([registered], asked(pending, { holds })).reasons).toEqual([
      {
        code: 'APPROVAL',
        detail: `It is pending in wave 2 of upgrade u1, held by APPROVAL since ${start}. ${approves}`,
        ref: 'upgrade#u1@4',
        since: start,
        unblock: approves,
      },
      {
        code: 'WINDOW_CLOSED',
        detail: `It is pending in wave 2 of upgrade u1, held by WINDOW_CLOSED since ${start} until ${later(60)}. ${opens}`,
        ref: 'upgrade#u1@4',
        since: start,
        unblock: opens,
      },
    ])
  })

  it.each([
    [{ wave: -1 }, 'It is pending in wave 2 of upgrade u1; the first wave has not begun.'],
    [{ wave: 0 }, 'It is pending in wave 2 of upgrade u1; wave 1 runs.'],
    [{ wave: 1 }, 'It is pending in wave 2 of upgrade u1; that wave runs and has no free slot yet.'],
    [{ status: 'scheduled', wave: -1 }, 'It is pending in wave 2 of upgrade u1, which is scheduled.'],
    [{ status: 'paused' }, 'It is pending in wave 2 of upgrade u1, which is paused.'],
  ] as const)('says what runs before it: %o', (changes, sentence) => {
    expect(explain([registered], asked(pending, changes))).toMatchObject({ verdict: 'waiting', sentence })
  })

  it('says that its upgrade goes on in spite of a stop', () => {
    expect(explain([registered], asked(pending, { overrode: start })).sentence).toContain(
      `It goes on in spite of the stop since ${start}.`,
    )
  })

  it.each([
    [asked(null, { status: 'requested' }), 'not_planned', 'waiting'],
    [
      asked(null, { status: 'failed', failure: { code: 'release-withdrawn', detail: 'broken' } }),
      'release-withdrawn',
      'blocked',
    ],
    [asked('not-a-member'), 'not_a_member', 'blocked'],
    [asked({ ...pending, status: 'in_flight' }), 'admitted', 'waiting'],
    [asked({ ...pending, status: 'deferred' }), 'deferred', 'waiting'],
    [asked({ ...pending, status: 'retrying' }), 'retrying', 'waiting'],
    [asked({ ...pending, status: 'skipped' }), 'skipped', 'blocked'],
    [asked({ ...pending, status: 'finished' }, { status: 'aborted' }), 'upgrade_ended', 'eligible'],
  ] as const)('says what an upgrade has to do with it: %#', (upgrade, code, verdict) => {
    expect(decisive([registered], upgrade)).toEqual([code, verdict])
  })

  it('says from when on it may be tried again', () => {
    const retrying = { ...pending, status: 'retrying', again: later(120) } as const
    expect(explain([registered, failed], asked(retrying)).sentence).toContain(
      `It may be admitted again from ${later(120)}.`,
    )
  })

  it('says with what it failed, for good', () => {
    expect(explain([registered, failed], asked({ ...pending, status: 'failed' }))).toMatchObject({
      verdict: 'blocked',
      sentence: 'api ended as failed with HEALTH_CHECK_FAILED in upgrade u1, which will not try it again.',
      reasons: [{ code: 'HEALTH_CHECK_FAILED', since: start }],
    })
  })

  it('says to which version it was taken', () => {
    const history = [registered, ended({ version: '1.2.0' })]
    expect(explain(history, asked({ ...pending, status: 'finished' }))).toMatchObject({
      verdict: 'done',
      sentence: `Upgrade u1 took api to v1.2.0 at ${start}.`,
    })
  })

  it.each([
    ['version_changed', 'it did not run the version any more that the plan saw'],
    ['release_withdrawn', 'its release had been withdrawn'],
    ['release_distrusted', 'too few keys that count have signed its release'],
    ['OF_BEFORE', 'OF_BEFORE'],
    [null, 'an operator, an abort or the end of its last window took it out'],
  ])('says why it was passed over, as %s', (code, words) => {
    const skipped = ended({ outcome: 'skipped', code })
    expect(explain([registered, skipped], asked({ ...pending, status: 'skipped' })).sentence).toBe(
      `Upgrade u1 skipped it: ${words}.`,
    )
  })

  it('gives every reason that holds, the decisive one first', () => {
    const codes = explain([registered, pinned], asked()).reasons.map(({ code }) => code)
    expect(codes).toEqual(['pinned', 'pending'])
  })
})
