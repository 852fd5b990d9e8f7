import { type TargetEvent, type TargetFacts, targetEvents } from '../../../events/target.ts'
import type { Aggregate, CommitContext } from '../aggregate.ts'
import { sameVersion } from '../version/identity.ts'
import { meaningOf } from './outcome.ts'
import { initialProgress } from './procedure.ts'
import { withProgress } from './progress.ts'
import {
  type EndedAttempt,
  initialTarget,
  putOffSince,
  registrationHash,
  sameMember,
  type TargetState,
} from './state.ts'

/** How many ended attempts the state keeps; the log keeps all of them. */
const keptAttempts = 20

/** A slot that was given back is forgotten once a later try has ended: a busy day must not push real attempts out. */
function remember(attempts: readonly EndedAttempt[], ended: EndedAttempt): readonly EndedAttempt[] {
  const kept = attempts.filter(
    (before) => !(sameMember(before, ended) && before.n < ended.n && meaningOf(before.outcome).givenBack),
  )
  return [...kept, ended].slice(-keptAttempts)
}

/** Since when a member that is put off now has been put off. */
function busySince(
  state: TargetState,
  ended: Pick<EndedAttempt, 'upgrade' | 'member' | 'outcome'>,
  at: string,
) {
  return ended.outcome === 'deferred' ? { busySince: putOffSince(state, ended) ?? at } : {}
}

function end(
  state: TargetState,
  data: Extract<TargetEvent, { type: 'AttemptEnded' }>['data'],
  at: string,
): TargetState {
  const active = state.active?.attempt === data.attempt ? state.active : null
  const { output: _output, revision, saidAt, holding: holdings = state.holdings, ...rest } = data
  const { reported = active?.reported, ...attempt } = rest
  const heard = said(state, data.component, saidAt)
  return {
    ...(data.version === null ? heard : runs(heard, data.component, data.version)),
    active: active ? null : state.active,
    attempts: remember(state.attempts, {
      ...{ ...attempt, acceptedAt: active?.acceptedAt ?? null, endedAt: at },
      ...(reported !== undefined && { reported }),
      ...busySince(state, data, at),
    }),
    ...{ revision, holdings },
  }
}

/** The component runs a version, and nothing is known to have drifted there. */
function runs(state: TargetState, component: string, version: string): TargetState {
  const { [component]: _, ...drift } = state.drift
  return { ...state, components: { ...state.components, [component]: version }, drift }
}

function said(state: TargetState, component: string, at: string | undefined): TargetState {
  const before = state.said[component]
  if (at === undefined || (before !== undefined && before >= at)) return state
  return { ...state, said: { ...state.said, [component]: at } }
}

/** A component that drifts on has drifted since the first time, from what it was to run; one that is back has not. */
function drifted(
  state: TargetState,
  { component, from, to }: Extract<TargetEvent, { type: 'DriftFound' }>['data'],
  at: string,
): TargetState {
  const known = Object.hasOwn(state.drift, component) ? state.drift[component] : undefined
  const expected = known?.from ?? from
  const now = runs(state, component, to)
  if (sameVersion(expected, to)) return now
  return { ...now, drift: { ...now.drift, [component]: { from: expected, to, since: known?.since ?? at } } }
}

/** What its target says of an attempt that had succeeded. */
function reconsider(
  state: TargetState,
  event: Extract<TargetEvent, { type: 'AttemptRegressed' | 'AttemptRecovered' }>,
  at: string,
): TargetState {
  const { attempt, component, version, sequence, revision, reported, saidAt } = event.data
  const attempts = state.attempts.map((ended): EndedAttempt => {
    if (ended.attempt !== attempt) return ended
    const turns = (ended.regression?.turns ?? 0) + 1
    const before = ended.regression ?? { outcome: 'failed', code: null, at, recoveredAt: null, turns }
    const regression =
      event.type === 'AttemptRegressed'
        ? { outcome: event.data.outcome, code: event.data.code, at, recoveredAt: null, turns }
        : { ...before, recoveredAt: at, turns }
    return { ...ended, sequence, regression, ...(reported !== undefined && { reported }) }
  })
  return { ...runs(said(state, component, saidAt), component, version), attempts, revision }
}

function evolve(state: TargetState, event: TargetEvent, { at }: CommitContext): TargetState {
  switch (event.type) {
    case 'TargetRegistered': {
      const { facts, components, enrolment, revision } = event.data
      return {
        ...state,
        registered: true,
        content: registrationHash(facts, components),
        facts,
        components,
        enrolment: enrolment && { ...enrolment, used: false },
        revision,
      }
    }
    case 'TargetPatched': {
      // A partial fact leaves out what it does not change; JSON has no undefined, so nothing is overwritten by it.
      const facts = state.facts && ({ ...state.facts, ...event.data.facts } as TargetFacts)
      return { ...state, facts, revision: event.data.revision }
    }
    case 'TargetPinned': {
      const { component, reason, revision } = event.data
      return { ...state, pin: { component, reason, since: at }, revision }
    }
    case 'TargetUnpinned':
      return { ...state, pin: null, revision: event.data.revision }
    case 'TargetRetired': {
      const { reason, revision } = event.data
      return { ...state, retired: { reason, since: at }, enrolment: null, keyHash: null, revision }
    }
    case 'EnrolmentIssued': {
      const { hash, expiresAt, revision } = event.data
      return { ...state, enrolment: { hash, expiresAt, used: false }, revision }
    }
    case 'AgentEnrolled': {
      const { keyHash, revision } = event.data
      return {
        ...state,
        keyHash,
        enrolment: state.enrolment && { ...state.enrolment, used: true },
        revision,
      }
    }
    case 'TargetCloned':
      return { ...state, clonedAt: at, revision: event.data.revision }
    case 'VersionReported': {
      const { component, version, saidAt, revision } = event.data
      return { ...runs(said(state, component, saidAt), component, version), revision }
    }
    case 'DriftFound': {
      const { component, saidAt, revision } = event.data
      return { ...drifted(said(state, component, saidAt), event.data, at), revision }
    }
    case 'ProfileJoined': {
      const { profile, priority, override, revision } = event.data
      return { ...state, memberships: { ...state.memberships, [profile]: { priority, override } }, revision }
    }
    case 'ProfileLeft': {
      const { [event.data.profile]: _, ...memberships } = state.memberships
      return { ...state, memberships, revision: event.data.revision }
    }
    case 'EnvironmentReported': {
      const { environment, revision } = event.data
      return { ...state, facts: state.facts && { ...state.facts, environment }, revision }
    }
    case 'LicenceHeld':
      return { ...state, licence: event.data.licence, revision: event.data.revision }
    case 'AttemptAssigned': {
      const { procedure, generation = state.generation, ...attempt } = event.data
      const active = { ...attempt, assignedAt: at, acceptedAt: null, deadline: null }
      const driven = procedure && {
        procedure: initialProgress(procedure, { facts: state.facts, generation, at }),
      }
      return { ...state, active: { ...active, ...driven }, generation }
    }
    case 'ExecutionStarting':
      return { ...state, active: withProgress(state.active, event, at), generation: event.data.generation }
    case 'StepHeld':
    case 'StepReleased':
    case 'StepEnded': {
      const { holding: holdings = state.holdings } = event.data
      return { ...state, active: withProgress(state.active, event, at), holdings }
    }
    case 'ExecutionEnded':
    case 'StepStarted':
    case 'StepTried':
    case 'WayBackBegan':
      return { ...state, active: withProgress(state.active, event, at) }
    case 'AttemptAccepted': {
      const { attempt, deadline, sequence, reported } = event.data
      if (state.active?.attempt !== attempt) return state
      const accepted = { acceptedAt: at, deadline, sequence, ...(reported !== undefined && { reported }) }
      return { ...state, active: { ...state.active, ...accepted } }
    }
    case 'AttemptEnded':
      return end(state, event.data, at)
    case 'AttemptRegressed':
    case 'AttemptRecovered':
      return reconsider(state, event, at)
  }
}

/** What gets upgraded: one stream a target. It alone says when an attempt began and how it ended (M19, design: #aggregates). */
export const targetAggregate: Aggregate<TargetState, TargetEvent> = {
  name: 'target',
  stateSchema: 8,
  initial: initialTarget,
  evolve,
  decode: (type, schema, data) => targetEvents.decode(type, schema, data),
  encode: targetEvents.encode,
}
