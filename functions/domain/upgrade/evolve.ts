import { membersPerChunk } from '../../../events/plan.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { CommitContext } from '../aggregate.ts'
import { waveRange } from '../plan/waves.ts'
import { count, countOf, noCounts } from './counts.ts'
import {
  changeMembers,
  chunkOf,
  eachMember,
  earlier,
  type Member,
  memberAt,
  type OpenChunk,
  type OpenChunks,
  statusesIn,
} from './members.ts'
import { breakGlassRef, type HoldCode, type UpgradeState, type UpgradeStatus, unblockOf } from './state.ts'

/** How long the reactor has to ask targets whose deadline passed before they are asked again, in milliseconds. */
const askAgainAfter = 5 * 60_000

function later(instant: string, milliseconds: number): string {
  return new Date(Date.parse(instant) + milliseconds).toISOString()
}

function hold(
  state: UpgradeState,
  code: HoldCode,
  since: string,
  until: string | null = null,
  ref: string | null = null,
): UpgradeState {
  const others = state.holds.filter((present) => present.code !== code)
  return { ...state, holds: [...others, { code, since, until, ref, unblock: unblockOf({ code, ref }) }] }
}

function lift(state: UpgradeState, ...codes: readonly HoldCode[]): UpgradeState {
  return { ...state, holds: state.holds.filter((present) => !codes.includes(present.code)) }
}

function end(state: UpgradeState, status: UpgradeStatus, at: string): UpgradeState {
  return { ...state, status, endedAt: at, holds: [], chunks: {}, bakeUntil: null, restartAt: null }
}

/** A chunk that is through is not kept, and wants no attention any more. */
function changeChunk(chunks: OpenChunks, chunk: number, change: Partial<OpenChunk>): OpenChunks {
  const open = chunks[chunk]
  return open ? { ...chunks, [chunk]: { ...open, ...change } } : chunks
}

/** Moves the cursor over members of the present wave that were skipped ahead of it, and forgets the rows of chunks that are through. */
function settle(state: UpgradeState): UpgradeState {
  if (!state.plan || state.wave < 0) return state
  const { to } = waveRange(state.plan.waves, state.plan.members, state.wave)
  let cursor = state.cursor
  while (cursor < to && memberAt(state.chunks, cursor)?.status === 'skipped') cursor++
  const kept: Record<string, OpenChunk> = {}
  for (const [chunk, open] of Object.entries(state.chunks)) {
    const has = statusesIn(open)
    const waiting = has.has('pending') || has.has('in_flight') || has.has('retrying') || has.has('deferred')
    const through = (Number(chunk) + 1) * membersPerChunk <= cursor || cursor >= state.plan.members
    if (through && !waiting) continue
    kept[chunk] = {
      rows: open.rows,
      askBy: has.has('in_flight') ? open.askBy : null,
      askAgain: has.has('in_flight') ? open.askAgain : null,
      retryAt: has.has('retrying') ? open.retryAt : null,
      deferredAt: has.has('deferred') ? open.deferredAt : null,
    }
  }
  return { ...state, cursor, chunks: kept }
}

function admit(
  state: UpgradeState,
  event: Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>,
  at: string,
): UpgradeState {
  const { members, retried, readmitted, acceptBy } = event.data
  const planMembers = state.plan?.members ?? 0
  const enter = (member: Member): Member => ({ ...member, status: 'in_flight', n: member.n + 1 })
  const all = [...members, ...retried, ...readmitted]
  // Who accepts at once and falls silent has run out after the time of one attempt: that may be long before the time to accept is over.
  const askBy = earlier(acceptBy, later(at, (state.request?.deadlines.attempt ?? 0) * 1000))
  let chunks: OpenChunks = changeMembers(state.chunks, planMembers, eachMember(all), enter)
  for (const chunk of new Set([...eachMember(all)].map(chunkOf))) {
    chunks = changeChunk(chunks, chunk, { askBy: earlier(chunks[chunk]?.askBy ?? null, askBy) })
  }
  const reached = members.reduce((cursor, [, to]) => Math.max(cursor, to), state.cursor)
  return settle({ ...state, chunks, cursor: reached })
}

function record(
  state: UpgradeState,
  event: Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>,
): UpgradeState {
  const ends = new Map(event.data.outcomes.map((outcome) => [outcome.member, outcome]))
  const chunks = changeMembers(state.chunks, state.plan?.members ?? 0, ends.keys(), (member, index) => {
    const ended = ends.get(index)
    if (!ended) return member
    if (ended.again === 'retry') return { ...member, status: 'retrying', failures: member.failures + 1 }
    return { ...member, status: ended.again ?? countOf(ended.outcome) }
  })
  const due = event.data.due.reduce<OpenChunks>((open, { chunk, kind, at }) => {
    return changeChunk(open, chunk, kind === 'retry' ? { retryAt: at } : { deferredAt: at })
  }, chunks)
  const tries = event.data.outcomes.map(({ member, again }) =>
    again === 'retry' ? (memberAt(chunks, member)?.failures ?? 0) : 0,
  )
  return settle({ ...state, chunks: due, failedTries: Math.max(state.failedTries, ...tries) })
}

function startWave(state: UpgradeState, wave: number, at: string): UpgradeState {
  if (!state.plan) return state
  const { from, to } = waveRange(state.plan.waves, state.plan.members, wave)
  let skippedBefore = 0
  for (let member = from; member < to; member++) {
    if (memberAt(state.chunks, member)?.status === 'skipped') skippedBefore++
  }
  return settle({
    ...lift(state, 'APPROVAL'),
    status: 'running',
    resumesTo: 'running',
    wave,
    stage: 'active',
    waveStartedAt: at,
    waveCounts: noCounts,
    skippedBefore,
    acknowledged: { failed: 0, unreachable: 0 },
    progressed: true,
    startedAt: state.startedAt ?? at,
  })
}

function resume(state: UpgradeState): UpgradeState {
  const { failed, unreachable } = state.waveCounts
  return {
    ...lift(state, 'OPERATOR', 'GATE_FAILED', 'GATE_INCONCLUSIVE'),
    status: state.resumesTo,
    acknowledged: { failed, unreachable },
    stage: state.stage === 'gated' ? 'passed' : state.stage,
  }
}

/** Does the status still wait for something to begin or go on? Then a pause remembers it. */
function pause(state: UpgradeState, at: string, reason: string): UpgradeState {
  const resumesTo =
    state.status === 'pending_approval' || state.status === 'scheduled' || state.status === 'running'
      ? state.status
      : state.resumesTo
  return { ...hold(state, 'OPERATOR', at, null, reason), status: 'paused', resumesTo }
}

function approve(state: UpgradeState, by: string, comment: string | null, at: string): UpgradeState {
  const approvals = [...state.approvals, { by, at, comment }]
  if (approvals.length < (state.request?.approvals.required ?? 0)) return { ...state, approvals }
  const approved = { ...lift(state, 'APPROVAL'), approvals, resumesTo: 'scheduled' as const }
  return approved.status === 'pending_approval' ? { ...approved, status: 'scheduled' } : approved
}

/** Returns the part of an event that is about the present wave: members of later ones may be skipped ahead. */
function inPresentWave({ plan, wave }: UpgradeState, event: UpgradeEvent): UpgradeEvent {
  if (event.type !== 'MembersSkipped' || !plan) return event
  const present = waveRange(plan.waves, plan.members, wave)
  const members = event.data.members
    .map(([from, to]): [number, number] => [Math.max(from, present.from), Math.min(to, present.to)])
    .filter(([from, to]) => from < to)
  return { ...event, data: { ...event.data, members } }
}

/** Returns the state after one event. `context.at` is the instant of its commit. */
export function evolve(before: UpgradeState, event: UpgradeEvent, { at }: CommitContext): UpgradeState {
  const state: UpgradeState = {
    ...before,
    counts: count(before.counts, event),
    waveCounts: count(before.waveCounts, inPresentWave(before, event)),
  }
  switch (event.type) {
    case 'UpgradeRequested': {
      const { request, by } = event.data
      const { window, selection } = request
      const awaitsOpening = selection.profile !== undefined && window !== null && at < window.start
      return { ...state, request, requestedBy: by, requestedAt: at, window, awaitsOpening }
    }
    case 'UpgradePlanned': {
      const planned = { ...state, plan: event.data, plannedAt: at, progressed: true }
      if ((state.request?.approvals.required ?? 0) === 0) return { ...planned, status: 'scheduled' }
      const waiting: UpgradeState = { ...planned, status: 'pending_approval', resumesTo: 'pending_approval' }
      return hold(waiting, 'APPROVAL', at, null, state.request?.breakGlass ? breakGlassRef : null)
    }
    case 'PlanningFailed':
    case 'UpgradeFailed':
      return { ...end(state, 'failed', at), failure: event.data }
    case 'ApprovalGiven':
      return approve(state, event.data.by, event.data.comment, at)
    case 'UpgradeRejected':
      return { ...end(state, 'rejected', at), failure: { code: 'rejected', detail: event.data.reason } }
    case 'UpgradeExpired':
      return { ...end(state, 'expired', at), failure: { code: 'expired', detail: event.data.detail } }
    case 'ExecutionStarting': {
      const { generation } = event.data
      return {
        ...state,
        generation,
        generationAt: at,
        generationWave: Math.max(state.wave, 0),
        progressed: false,
        restartAt: null,
      }
    }
    case 'ExecutionEnded': {
      const fruitless = state.progressed ? 0 : state.fruitless + 1
      const wait = fruitless === 0 ? 0 : Math.min(60, 2 ** (fruitless - 1)) * 60_000
      return { ...state, fruitless, restartAt: later(at, wait) }
    }
    case 'WaveStarted':
      return startWave(state, event.data.wave, at)
    case 'TargetsAdmitted':
      return admit(state, event, at)
    case 'OutcomesRecorded':
      return { ...record(state, event), progressed: true }
    case 'DeadlinePassed': {
      const asked = new Set([...eachMember(event.data.members)].map(chunkOf))
      const until = { askBy: null, askAgain: later(at, askAgainAfter) }
      return {
        ...state,
        chunks: [...asked].reduce((open, chunk) => changeChunk(open, chunk, until), state.chunks),
      }
    }
    case 'DeadlineMoved':
      return { ...state, chunks: changeChunk(state.chunks, event.data.chunk, { askAgain: event.data.until }) }
    case 'MembersSkipped': {
      const members = eachMember(event.data.members)
      const skip = (member: Member): Member => ({ ...member, status: 'skipped' })
      return settle({
        ...state,
        chunks: changeMembers(state.chunks, state.plan?.members ?? 0, members, skip),
      })
    }
    case 'ThresholdBreached':
      return state
    case 'WaveEnded':
      return { ...state, stage: 'passed', progressed: true }
    case 'BakeStarted':
      return { ...hold(state, 'BAKING', at, event.data.until), stage: 'baking', bakeUntil: event.data.until }
    case 'BakeEnded':
      return { ...lift(state, 'BAKING'), stage: 'passed', bakeUntil: null }
    case 'GateEvaluated': {
      const { result, successRatePercent } = event.data
      if (result === 'passed') return { ...state, stage: 'passed' }
      const code = result === 'failed' ? 'GATE_FAILED' : 'GATE_INCONCLUSIVE'
      const ref = successRatePercent === null ? 'no data' : `${successRatePercent} % succeeded`
      return { ...hold(state, code, at, null, ref), stage: 'gated' }
    }
    case 'ContinueAwaited':
      return { ...hold(state, 'APPROVAL', at), stage: 'awaiting' }
    case 'ContinueGiven':
      return { ...lift(state, 'APPROVAL'), stage: 'passed', progressed: true }
    case 'HoldPlaced':
      return hold(state, event.data.code, at, event.data.until, event.data.ref)
    case 'HoldLifted':
      return lift(state, event.data.code)
    case 'FreezeOverridden':
      return { ...state, overrode: event.data.since }
    case 'WindowSet':
      return {
        ...state,
        window: { start: event.data.start, end: event.data.end },
        awaitsOpening: false,
      }
    case 'UpgradePaused':
      return pause(state, at, event.data.reason)
    case 'UpgradeResumed':
      return resume(state)
    case 'AbortRequested':
      return { ...state, status: 'aborting', abort: event.data, holds: [] }
    case 'ChildRequested': {
      const { child, kind, target } = event.data
      return { ...state, children: [...state.children, { child, kind, target, at }] }
    }
    case 'UpgradeAborted':
      return end(state, 'aborted', at)
    case 'UpgradeCompleted':
      return end(state, event.data.exceptions ? 'completed_with_exceptions' : 'completed', at)
    case 'WakeUpMoved':
      return { ...state, nextDue: event.data.at, wakeUps: event.data.sequence }
  }
}
