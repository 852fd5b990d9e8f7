import type { ProcedureReference, StepHold } from '../../../events/procedure.ts'
import type { Direction, SavedValues, TargetEvent } from '../../../events/target.ts'
import { after, second } from '../../../events/time.ts'
import { accept, reject } from '../aggregate.ts'
import { endedAt, firstGeneration } from '../generation.ts'
import { type AttemptEnd, endOf, holdingEnds } from './attempt.ts'
import type { ActiveAttempt, ProcedureProgress, RunningStep, TargetDecision, TargetState } from './state.ts'

/** An attempt whose procedure is under way. */
export type Driven = ActiveAttempt & { readonly procedure: ProcedureProgress }

/** Which step of which attempt a command is about, and which execution gives it; left out: a person does. */
export interface StepCommand {
  readonly attempt: string
  readonly generation?: number
  readonly direction: Direction
  readonly place: number
  readonly step: string
}

const over = reject({
  code: 'attempt-over',
  detail: 'The attempt is over, or another execution has taken it over.',
})
const elsewhere = reject({ code: 'step-over', detail: 'The attempt is at another step by now.' })

/** Returns the attempt that is under way, if a procedure drives it. */
export function drivenIn({ active }: Pick<TargetState, 'active'>): Driven | undefined {
  return active?.procedure ? (active as Driven) : undefined // it has just been looked at
}

/** Returns the attempt that is under way, if this execution of its procedure drives it; no other may go on with it. */
export function drivenBy(
  state: Pick<TargetState, 'active'>,
  { attempt, generation }: { readonly attempt: string; readonly generation: number },
): Driven | undefined {
  const driven = drivenIn(state)
  return driven?.attempt === attempt && driven.procedure.generation === generation ? driven : undefined
}

/** Returns how far a procedure is that has just been assigned. */
export function initialProgress(
  reference: ProcedureReference,
  { facts, generation, at }: Pick<ProcedureProgress, 'facts' | 'generation'> & { readonly at: string },
): ProcedureProgress {
  return {
    ...reference,
    ...{ facts, generation, execution: firstGeneration(at), notBefore: at },
    ...{ direction: 'there', passed: 0, back: [], running: null },
    ...{ outcomes: {}, saved: {}, failure: null, stopped: false },
  }
}

function admissionOf({ attempt, upgrade, member, n, sequence }: ActiveAttempt) {
  return { attempt, upgrade, member, n, sequence: sequence + 1 }
}

/** Returns the attempt that a command is about, and its step where it is under way; or why it is about neither. */
function aboutStep(
  state: TargetState,
  { attempt, generation, direction, place, step }: StepCommand,
): { readonly driven: Driven; readonly running: RunningStep | null } | ReturnType<TargetDecision> {
  const driven = drivenIn(state)
  if (driven?.attempt !== attempt || driven.acceptedAt === null) return over
  const { procedure } = driven
  if (generation !== undefined && generation !== procedure.generation) return over
  if (procedure.direction !== direction || procedure.passed !== place || procedure.stopped) return elsewhere
  const { running } = procedure
  if (running && running.step !== step) return elsewhere
  return { driven, running }
}

/** Returns the decision about a step that has begun and has not ended. */
function duringStep(
  command: StepCommand,
  decide: (
    about: { readonly driven: Driven; readonly running: RunningStep; readonly state: TargetState },
    now: string,
  ) => readonly TargetEvent[],
): TargetDecision {
  return (state, now) => {
    const about = aboutStep(state, command)
    if (!('driven' in about)) return about
    const { driven, running } = about
    return running ? accept(...decide({ driven, running, state }, now)) : elsewhere
  }
}

function stepOf(driven: Driven, { direction, place, step }: StepCommand) {
  return { ...admissionOf(driven), direction, place, step }
}

/** May a step be tried now: for the first time, since a try failed and its pause is over, or as a person says? */
function mayBeTried(running: RunningStep, again: string, now: string): boolean {
  if (running.released) return true
  if (running.held) return false
  if (running.next !== null) return now >= running.next
  // Nobody knows what became of the last try: only what a check has found out, or what may be repeated, begins another.
  return again === 'not-done' || again === 'repeatable'
}

/**
 * Begins a step, or tries it again. It is in the log before anything is called. `seconds` are those of the whole step, from its first try on; `again`
 * says why nobody needs to fear that it is done twice.
 */
export function startStep(
  command: StepCommand & {
    readonly name: string
    readonly seconds: number
    readonly again: 'not-done' | 'repeatable' | 'failed'
    /** The try that whoever asks saw last; 0: none. */
    readonly seen: number
  },
): TargetDecision {
  return (state, now) => {
    const about = aboutStep(state, command)
    if (!('driven' in about)) return about
    const { driven, running } = about
    if ((running?.tries ?? 0) !== command.seen) return elsewhere
    if (running && !mayBeTried(running, command.again, now)) return elsewhere
    const again = running
      ? running.released
        ? 'person'
        : running.next === null
          ? command.again
          : 'failed'
      : null
    return accept({
      type: 'StepStarted',
      data: {
        ...stepOf(driven, command),
        name: command.name,
        try: (running?.tries ?? 0) + 1,
        again,
        deadline: running?.deadline ?? after(now, command.seconds * second),
      },
    })
  }
}

/** Notes that a try is known to have failed, and when the next may be. */
export function failTry(
  command: StepCommand & { readonly code: string; readonly output: string; readonly pauseSeconds: number },
): TargetDecision {
  return duringStep(command, ({ driven }, now) => {
    const { code, output, pauseSeconds } = command
    const next = after(now, pauseSeconds * second)
    return [{ type: 'StepTried', data: { ...stepOf(driven, command), code, output, next } }]
  })
}

/** How a step ends, and what follows from a failure: these steps are undone, nothing is done any more, or it goes on. */
export interface StepEnd {
  readonly outcome: 'done' | 'skipped' | 'failed'
  readonly code: string | null
  readonly output: string | null
  readonly saved: SavedValues
  readonly by?: string
  /** Of a failure: the steps that are undone, none of which stops the attempt where it is; `continue`: as if it had been done. */
  readonly then?: 'continue' | { readonly wayBack: readonly string[] }
}

function endsOf(
  state: TargetState,
  driven: Driven,
  command: StepCommand,
  { then = 'continue', by, ...end }: StepEnd,
): TargetEvent[] {
  const ended: TargetEvent = {
    type: 'StepEnded',
    data: {
      ...stepOf(driven, command),
      ...end,
      ...(by !== undefined && { by }),
      ...holdingEnds(state, driven.attempt),
    },
  }
  if (end.outcome !== 'failed' || then === 'continue') return [ended]
  // The way back of what fails on the way back is a person's: nothing more is done.
  const steps = command.direction === 'there' ? [...then.wayBack] : []
  const { code, output } = end
  const sequence = ended.data.sequence + 1
  return [ended, { type: 'WayBackBegan', data: { ...admissionOf(driven), steps, code, output, sequence } }]
}

/** Ends a step that has begun, or passes over one that has not. */
export function endStep(command: StepCommand & StepEnd): TargetDecision {
  const { outcome, code, output, saved, by, then, ...step } = command
  const end: StepEnd = {
    outcome,
    code,
    output,
    saved,
    ...(by !== undefined && { by }),
    ...(then && { then }),
  }
  return (state) => {
    const about = aboutStep(state, step)
    if (!('driven' in about)) return about
    if (!about.running && outcome === 'done') return elsewhere
    return accept(...endsOf(state, about.driven, step, end))
  }
}

/** Lets a step wait for a person, or for a callback. Twice is once. */
export function holdStep(
  command: StepCommand & { readonly why: StepHold; readonly ask: string },
): TargetDecision {
  return duringStep(command, ({ driven, running, state }) => {
    if (running.held) return []
    const { why, ask } = command
    const { component, to: version } = driven
    const what = { name: running.name, component, version, why, ask, holding: state.holdings + 1 }
    return [{ type: 'StepHeld', data: { ...stepOf(driven, command), ...what } }]
  })
}

/** Returns whom a step waits for, in words. */
export function whomOf(why: StepHold): string {
  if (why === 'agent') return 'its agent'
  return why === 'callback' ? 'a callback' : 'a person'
}

const notHeld = reject({ code: 'step-not-held', detail: 'The step does not wait for a person.' })

/**
 * Takes the word of a person on a step that waits for one: it was done, it has failed, or it shall be done (again). `then` is what follows from a
 * failure.
 */
export function settleStep(
  command: StepCommand & {
    readonly as: 'done' | 'failed' | 'again'
    readonly by: string
    readonly reason: string
    readonly then: NonNullable<StepEnd['then']>
  },
): TargetDecision {
  return (state) => {
    const { as, by, reason, then, ...step } = command
    const about = aboutStep(state, step)
    if (!('driven' in about)) return about
    const { driven, running } = about
    if (!running?.held) return notHeld
    if (as === 'again') {
      if (running.held.why === 'acknowledgement')
        return reject({
          code: 'step-not-in-doubt',
          detail: 'The step waits for an acknowledgement: there is nothing to repeat.',
        })
      const holding = state.holdings + 1
      return accept({ type: 'StepReleased', data: { ...stepOf(driven, step), by, reason, holding } })
    }
    const code = as === 'done' ? null : 'PERSON_SAYS_FAILED'
    return accept(...endsOf(state, driven, step, { outcome: as, code, output: reason, saved: {}, by, then }))
  }
}

/** Begins the way back of an attempt that takes an earlier one back: by these steps, with what that one saved. */
export function beginWayBack(command: {
  readonly attempt: string
  readonly generation: number
  readonly steps: readonly string[]
  readonly saved: Readonly<Record<string, SavedValues>>
  /** Why nothing can be undone: the attempt stops. */
  readonly failure: { readonly code: string; readonly output: string } | null
}): TargetDecision {
  return (state) => {
    const driven = drivenBy(state, command)
    if (!driven) return over
    if (driven.procedure.direction === 'back') return accept()
    const { steps, saved, failure } = command
    const { code, output } = failure ?? { code: null, output: null }
    const data = { ...admissionOf(driven), steps: [...steps], code, output, saved: { ...saved } }
    return accept({ type: 'WayBackBegan', data })
  }
}

/** Ends an attempt whose procedure is through, one way or the other. */
export function finishProcedure(command: {
  readonly attempt: string
  readonly generation: number
  readonly as: 'succeeded' | 'failed' | 'rolled_back' | 'rollback_failed'
  /** What the component runs now; null: what it was to run, or, taken back, what it ran. */
  readonly version: string | null
}): TargetDecision {
  return (state, now) => {
    const driven = drivenBy(state, command)
    if (!driven) return over
    return accept(endOf(state, driven, endOfProcedure(driven, command), now))
  }
}

function endOfProcedure(
  { kind, from, to, procedure: { failure } }: Driven,
  { as, version }: Pick<Parameters<typeof finishProcedure>[0], 'as' | 'version'>,
): AttemptEnd {
  const why = { code: failure?.code ?? null, output: failure?.output ?? null }
  if (as === 'succeeded' || (kind === 'rollback' && as === 'rolled_back')) {
    const runs = version ?? to
    return { outcome: 'succeeded', code: null, version: runs }
  }
  if (kind === 'rollback') return { outcome: 'failed', ...why }
  // What was taken back is as it was, so that it may be tried again.
  if (as === 'rolled_back') return { outcome: 'rolled_back', ...why, version: from, retryable: true }
  return { outcome: as, ...why }
}

/** Notes that an execution is over before its attempt is; the next one begins, after a pause where this one got nothing done. */
export function endExecution(ended: {
  readonly attempt: string
  readonly generation: number
  readonly status: string
  readonly cause: string | null
}): TargetDecision {
  return (state, now) => {
    const driven = drivenBy(state, ended)
    if (!driven) return accept()
    const { restartAt } = endedAt(driven.procedure.execution, now)
    const { generation, status, cause } = ended
    const next = {
      generation: generation + 1,
      reason: 'the execution ended early',
      notBefore: restartAt ?? now,
    }
    const { sequence, ...admission } = admissionOf(driven)
    return accept(
      { type: 'ExecutionEnded', data: { ...admission, generation, status, cause, sequence } },
      { type: 'ExecutionStarting', data: { ...admission, ...next, sequence: sequence + 1 } },
    )
  }
}
