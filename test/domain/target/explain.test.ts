import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { explainTarget, type UpgradeStanding } from '../../../functions/domain/target/explain.ts'
import type { Hold } from '../../../functions/domain/upgrade/state.ts'
import { later, start } from '../given.ts'
import { accepted, assigned, ended, fold, registered } from './stories.ts'

const candidateFor = { component: 'api', version: 'v1.2.0' }

function standing(changes: Partial<UpgradeStanding> = {}): UpgradeStanding {
  return {
    id: 'u1',
    component: 'api',
    version: 'v1.2.0',
    status: 'running',
    holds: [],
    wave: 0,
    memberWave: 1,
    memberStatus: 'pending',
    leftOut: null,
    again: null,
    ...changes,
  }
}

function hold(changes: Partial<Hold> = {}): Hold {
  return {
    code: 'APPROVAL',
    since: start,
    until: null,
    ref: null,
    unblock: 'Somebody entitled approves or continues.',
    ...changes,
  }
}

function explain(history: readonly TargetEvent[], upgrades: readonly UpgradeStanding[] = [], at = start) {
  return explainTarget({ target: fold(history), at, upgrades, candidateFor })
}

/** Code and verdict of the decisive reason. */
function decisive(...question: Parameters<typeof explain>) {
  const { verdict, summary, reasons } = explain(...question)
  expect(summary).toBe(reasons[0]?.words)
  return [reasons[0]?.code, verdict]
}

const retired: TargetEvent = { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } }
const pinned: TargetEvent = { type: 'TargetPinned', data: { component: 'api', reason: 'audit', revision: 2 } }

describe('why a target has, or has not, been upgraded (N3)', () => {
  it.each([
    ['not_registered', 'blocked', []],
    ['retired', 'blocked', [registered, retired]],
    ['pinned', 'blocked', [registered, pinned]],
    ['waiting_for_acceptance', 'offered', [registered, assigned()]],
    ['running', 'updating', [registered, assigned(), accepted()]],
    ['already_at_version', 'done', [registered, ended({ version: '1.2.0' })]],
    ['no_upgrade', 'eligible', [registered]],
  ] as const)('is %s: %s', (code, verdict, history) => {
    expect(decisive(history)).toEqual([code, verdict])
  })

  it('says until when an offer stands and an attempt may run', () => {
    expect(explain([registered, assigned()]).summary).toBe(
      'It is offered api from 1.1.0 to v1.2.0 for upgrade u1 and has until 2026-03-01T12:10:00.000Z to accept.',
    )
    expect(explain([registered, assigned(), accepted()])).toMatchObject({
      summary: 'It changes api from 1.1.0 to v1.2.0 for upgrade u1 and has until 2026-03-01T12:16:40.000Z.',
      reasons: [{ code: 'running', since: start, unblock: 'The agent reports the end.' }],
    })
  })

  it('says when these are over', () => {
    expect(decisive([registered, assigned()], [], later(600))).toEqual(['acceptance_overdue', 'offered'])
    expect(decisive([registered, assigned(), accepted()], [], later(1000))).toEqual([
      'end_overdue',
      'updating',
    ])
  })

  it('names the wave that it waits for and every hold of it', () => {
    const holds = [hold(), hold({ code: 'WINDOW_CLOSED', until: later(60), unblock: 'The window opens.' })]
    expect(explain([registered], [standing({ holds })]).reasons).toEqual([
      {
        code: 'held_approval',
        words: `It waits for wave 2 of upgrade u1, held by APPROVAL since ${start}.`,
        ref: 'upgrade#u1',
        since: start,
        unblock: 'Somebody entitled approves or continues.',
      },
      {
        code: 'held_window_closed',
        words: `It waits for wave 2 of upgrade u1, held by WINDOW_CLOSED since ${start} until ${later(60)}.`,
        ref: 'upgrade#u1',
        since: start,
        unblock: 'The window opens.',
      },
    ])
  })

  it.each([
    [{ wave: -1, memberWave: 0 }, 'It waits for wave 1 of upgrade u1; the first wave has not begun.'],
    [{ wave: 0, memberWave: 1 }, 'It waits for wave 2 of upgrade u1; wave 1 runs.'],
    [
      { wave: 1, memberWave: 1 },
      'It waits for wave 2 of upgrade u1; that wave runs and has no free slot yet.',
    ],
    [{ status: 'scheduled', wave: -1 }, 'It waits for wave 2 of upgrade u1, which is scheduled.'],
    [{ status: 'paused' }, 'It waits for wave 2 of upgrade u1, which is paused.'],
  ] as const)('says what runs before it: %o', (changes, words) => {
    expect(explain([registered], [standing(changes)])).toMatchObject({ verdict: 'waiting', summary: words })
  })

  it.each([
    [{ leftOut: 'pinned', memberWave: null, memberStatus: null }, 'left_out_pinned', 'blocked'],
    [
      { leftOut: 'already_at_version', memberWave: null, memberStatus: null },
      'left_out_already_at_version',
      'done',
    ],
    [{ memberWave: null, memberStatus: null }, 'not_selected', 'eligible'],
    [{ memberWave: null, memberStatus: null, status: 'requested' }, 'upgrade_requested', 'waiting'],
    [{ status: 'aborted' }, 'upgrade_ended', 'eligible'],
    [{ memberStatus: 'in_flight' }, 'admitted', 'waiting'],
    [{ memberStatus: 'deferred' }, 'deferred', 'waiting'],
    [{ memberStatus: 'deferred', status: 'aborted' }, 'upgrade_ended', 'eligible'],
    [{ memberStatus: 'skipped' }, 'skipped', 'blocked'],
    [{ memberStatus: 'unreachable' }, 'unreachable', 'blocked'],
    [{ memberStatus: 'succeeded' }, 'upgraded', 'done'],
  ] as const)('says what an upgrade has to do with it: %o', (changes, code, verdict) => {
    expect(decisive([registered], [standing(changes)])).toEqual([code, verdict])
  })

  it('says with what it failed and whether it will be tried again', () => {
    const history = [
      registered,
      assigned(),
      accepted(),
      ended({ outcome: 'failed', code: 'HEALTH_CHECK_FAILED' }),
    ]
    expect(explain(history, [standing({ memberStatus: 'retrying', again: later(120) })])).toMatchObject({
      verdict: 'waiting',
      summary: `api failed with HEALTH_CHECK_FAILED in upgrade u1; it will be tried again from ${later(120)}.`,
      reasons: [{ code: 'will_be_retried', since: start }],
    })
    expect(
      explain(history, [standing({ memberStatus: 'failed', status: 'completed_with_exceptions' })]),
    ).toMatchObject({
      verdict: 'blocked',
      summary:
        'api failed with HEALTH_CHECK_FAILED in upgrade u1; it will not be tried again by that upgrade.',
      reasons: [{ code: 'failed' }],
    })
    expect(decisive(history, [standing({ memberStatus: 'retrying', status: 'aborted' })])).toEqual([
      'failed',
      'blocked',
    ])
  })

  it('says why it was skipped, and does not take an earlier failure for the reason', () => {
    const skipped = ended({ outcome: 'skipped', code: 'version_changed' })
    expect(explain([registered, skipped], [standing({ memberStatus: 'skipped' })]).summary).toBe(
      'Upgrade u1 skipped it: it did not run the version any more that the plan saw.',
    )
    const failed = ended({ outcome: 'failed', code: 'HEALTH_CHECK_FAILED' })
    expect(explain([registered, failed], [standing({ memberStatus: 'skipped' })]).summary).toBe(
      'Upgrade u1 skipped it: an operator or the end of its wave took it out.',
    )
  })

  it('gives every reason that holds, the decisive one first', () => {
    const codes = explain(
      [registered, pinned],
      [standing(), standing({ id: 'u0', status: 'aborted' })],
    ).reasons
    expect(codes.map(({ code }) => code)).toEqual(['pinned', 'waiting_for_wave', 'upgrade_ended'])
  })

  it('leaves out upgrades to anything else than what is asked about', () => {
    const others = [standing({ component: 'web' }), standing({ version: 'v1.3.0' })]
    expect(decisive([registered], others)).toEqual(['no_upgrade', 'eligible'])
    expect(decisive([registered], [standing({ version: '1.2.0' })])).toEqual(['waiting_for_wave', 'waiting'])
    const everything = explainTarget({ target: fold([registered]), at: start, upgrades: others })
    expect(everything.reasons).toHaveLength(2)
  })

  it('says that the target does not run the component', () => {
    const question = { component: 'cache', version: '1.0.0' }
    const answer = explainTarget({
      target: fold([registered]),
      at: start,
      upgrades: [],
      candidateFor: question,
    })
    expect(answer).toMatchObject({ verdict: 'blocked', reasons: [{ code: 'component_missing' }] })
  })
})
