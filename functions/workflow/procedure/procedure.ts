import * as z from 'zod'
import { instantOf } from '../../../events/time.ts'
import { systemActor } from '../../domain/actor.ts'
import { nextIn, wayBackOf } from '../../domain/procedure/course.ts'
import { evaluate, NoValue } from '../../domain/procedure/expression.ts'
import { endKeys, placeKey } from '../../domain/procedure/machine.ts'
import { acts } from '../../domain/procedure/steps.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { withholdAttempt } from '../../domain/target/attempt.ts'
import { beginWayBack, drivenBy, finishProcedure } from '../../domain/target/procedure.ts'
import { acceptAttempt } from '../../domain/target/report.ts'
import { familyOf, idsOf } from '../../facts/family.ts'
import { handOverFacts } from '../../facts/hand-over.ts'
import { valuesOf } from '../../facts/procedure-values.ts'
import { documentOf, stepsStanding } from '../../facts/procedures.ts'
import type { Metadata } from '../../log/log.ts'
import type { Redemption } from '../../work/redemption.ts'
import type { Tokens } from '../../work/tokens.ts'
import { beginWait } from '../waits.ts'
import { notYet, stepFailed, superseded } from './errors.ts'
import { procedureWorkflow } from './position.ts'
import { doStep, Resting, type StepServices } from './step.ts'

const input = z.strictObject({
  action: z.enum(['locate', 'step', 'await', 'end']),
  place: z.string().optional(),
  target: z.string(),
  attempt: z.string(),
  generation: z.int().positive(),
  token: z.string().optional(),
})
type Input = z.output<typeof input>

/** What the task of procedures needs. */
export interface ProcedureServices extends StepServices {
  readonly tokens: Tokens
  readonly redemption: Redemption
}

/** What a task answers: of the first state where the attempt stands, of a wait how long it still is. */
export interface TaskAnswer {
  readonly place?: string
  readonly seconds?: number
}

/** Returns where the attempt stands. An execution speaks for it only while the log says that it is the one. */
async function present({ log }: StepServices, asked: Input) {
  const { state } = await log.load(targetAggregate, asked.target)
  const active = drivenBy(state, asked)
  if (!active) throw superseded()
  const document = await documentOf(log, active.procedure)
  return { state, active, document, next: nextIn(document, active.procedure) }
}

type Present = Awaited<ReturnType<typeof present>>

/** Takes the attempt over, as an agent does by its first report: until then nothing is touched. */
async function takeOver(
  services: ProcedureServices,
  asked: Input,
  { state, active }: Present,
  cause: Metadata,
): Promise<void> {
  const facts = await handOverFacts(services, active, state.licence)
  const said = { attempt: asked.attempt, byProcedure: true, facts }
  const outcome = await services.log.of(targetAggregate, asked.target).carryOut(acceptAttempt(said), cause)
  if (outcome.kind !== 'rejected') return
  const { code, detail } = outcome.rejection
  if (code === 'attempt-over') throw superseded()
  const { compatibility, licence } = facts
  const unentitled = licence && !licence.entitles ? licence.asked : undefined
  const withheld = withholdAttempt({ attempt: asked.attempt, compatibility, unentitled })
  const given = await services.log.of(targetAggregate, asked.target).carryOut(withheld, cause)
  if (given.kind === 'committed') throw superseded()
  throw notYet(detail)
}

const noWayBack = {
  code: 'NO_WAY_BACK',
  output: 'None of the steps that have begun says how it is undone.',
}

/** What takes an upgrade back undoes what its attempts have done, and begins on the way back. */
async function turnBack(
  { log }: ProcedureServices,
  { target, attempt, generation }: Input,
  { active, document }: Present,
  cause: Metadata,
): Promise<void> {
  const family = await familyOf(log, active.upgrade)
  const ids = family && idsOf(family)
  const upgrades = new Set([...(ids?.tries ?? []), ...(ids?.rollbacks ?? [])])
  const standing = await stepsStanding(log, target, upgrades)
  const undone = wayBackOf(document, standing.steps)
  // What nobody has said how to undo is not undone by doing nothing; who has only looked has nothing to undo.
  const acted = document.steps.some((step) => standing.steps.includes(step.id) && acts(step))
  const failure = undone.length === 0 && acted ? noWayBack : null
  const steps = undone.length > 0 || failure ? undone : document.verifyWayBack.map(({ id }) => id)
  const turn = beginWayBack({ attempt, generation, steps, saved: standing.saved, failure })
  await log.of(targetAggregate, target).carryOut(turn, cause)
}

async function locate(services: ProcedureServices, asked: Input, cause: Metadata): Promise<TaskAnswer> {
  const found = await present(services, asked)
  const { active } = found
  const now = instantOf(services.now())
  if (now < active.procedure.notBefore)
    throw notYet(`The execution before this one came to nothing: not before ${active.procedure.notBefore}.`)
  if (active.acceptedAt === null) await takeOver(services, asked, found, cause)
  if (active.kind === 'rollback' && active.procedure.direction === 'there')
    await turnBack(services, asked, found, cause)
  return { place: placeOf(await present(services, asked)) }
}

/** Returns the place of an attempt, as its state machine names it. */
function placeOf({ next }: Present): string {
  if (next.kind === 'step') return placeKey(next.action.direction, next.action.id)
  if (next.as === 'succeeded') return endKeys.succeeded
  return next.as === 'rolled_back' ? endKeys.back : endKeys.stopped
}

/** Returns where the attempt is, after a wait that has been waited for: the state of a wait does not come back to end it. */
async function rested(services: StepServices, asked: Input, cause: Metadata): Promise<Present> {
  for (;;) {
    const found = await present(services, asked)
    const { next } = found
    const waits = next.kind === 'step' && next.action.wait && found.active.procedure.running
    if (!waits || placeOf(found) === asked.place) return found
    const { action, place } = next
    try {
      await doStep(services, { ...found, target: asked.target, action, place, cause })
    } catch (error) {
      if (error instanceof Resting) throw notYet(`${action.name}: ${error.seconds} more seconds.`)
      throw error
    }
  }
}

/** Looks after the step of a state. One that the log is not at has nothing to do: it is behind, or left out of the way back. */
async function step(services: StepServices, asked: Input, cause: Metadata): Promise<TaskAnswer> {
  const found = await rested(services, asked, cause)
  const { next } = found
  const { direction, stopped } = found.active.procedure
  // A call before this one has ended the step, and was cut off before it could say so.
  if (asked.place?.startsWith('there:') && (direction === 'back' || stopped))
    throw stepFailed('It has failed, as the log says.', stopped)
  if (next.kind !== 'step' || placeOf(found) !== asked.place) return {}
  const { action, place } = next
  try {
    await doStep(services, { ...found, target: asked.target, action, place, cause })
    return { seconds: 0 }
  } catch (error) {
    if (error instanceof Resting) return { seconds: error.seconds }
    throw error
  }
}

/** Keeps the token of a wait for a person; where the person was faster, the wait is over. */
async function wait(
  services: ProcedureServices,
  { target, generation, token = '' }: Input,
): Promise<TaskAnswer> {
  const { state } = await services.log.load(targetAggregate, target)
  const position = procedureWorkflow.position(state, instantOf(services.now()))
  if (position.move === 'held')
    await beginWait(procedureWorkflow, services, { token, id: target, generation, position })
  else await services.redemption.succeed(token, {})
  return {}
}

/** What the component runs at the end, by what steps have saved; null: what it was to run. */
function versionOf(target: string, { active, document }: Present): string | null {
  if (document.version === null) return null
  try {
    return String(evaluate(document.version, valuesOf(target, active)))
  } catch (error) {
    if (error instanceof NoValue) return null
    throw error
  }
}

async function end(services: ProcedureServices, asked: Input, cause: Metadata): Promise<TaskAnswer> {
  const { target, attempt, generation } = asked
  const found = await rested(services, asked, cause)
  const { next } = found
  if (next.kind !== 'end')
    throw new Error(`The log has ${next.action.name} next, and not the end: the next execution asks it.`)
  const version = next.as === 'succeeded' ? versionOf(target, found) : null
  const finish = finishProcedure({ attempt, generation, as: next.as, version })
  const outcome = await services.log.of(targetAggregate, target).carryOut(finish, cause)
  if (outcome.kind === 'rejected') throw superseded()
  return {}
}

function causeOf({ attempt, generation }: Input): Metadata {
  return { actor: systemActor, correlation: attempt, causation: `execution:${attempt}-${generation}` }
}

/** The task of those states alone that have a function of their own: it looks after their step once. */
export async function runStep(services: StepServices, event: unknown): Promise<TaskAnswer> {
  const asked = input.extend({ action: z.literal('step') }).parse(event)
  return step(services, asked, causeOf(asked))
}

/** The task of every other state of a procedure: it asks the log where the attempt is, and looks after it once. Being called twice does nothing twice. */
export async function runProcedure(services: ProcedureServices, event: unknown): Promise<TaskAnswer> {
  const asked = input.parse(event)
  const cause = causeOf(asked)
  switch (asked.action) {
    case 'locate':
      return locate(services, asked, cause)
    case 'step':
      return step(services, asked, cause)
    case 'await':
      return wait(services, asked)
    case 'end':
      return end(services, asked, cause)
  }
}
