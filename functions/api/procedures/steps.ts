import type { procedureContracts } from '../../../contracts/procedures.ts'
import type { ProcedureDocument, ProcedureReference, StepHold } from '../../../events/procedure.ts'
import { type Direction, type StepEvent, stepEventTypes, type TargetEvent } from '../../../events/target.ts'
import { actionIn } from '../../domain/procedure/steps.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { registeredTarget } from '../targets/registered.ts'

type Contracts = typeof procedureContracts

interface ShownStep {
  readonly step: string
  readonly name: string
  readonly direction: Direction
  readonly status: 'waiting' | 'running' | 'held' | 'done' | 'skipped' | 'failed' | 'unknown'
  readonly tries: number
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly deadline: string | null
  readonly code: string | null
  readonly output: string | null
  readonly why: StepHold | null
  readonly ask: string | null
  readonly by: string | null
}

/** The attempts of a target that procedures drive, as its stream tells of them. */
interface Course {
  readonly attempt: string
  readonly upgrade: string
  readonly procedure: ProcedureReference
  outcome: string | null
  back: readonly string[]
  readonly steps: Map<string, ShownStep>
}

const keyOf = ({ direction, step }: Pick<ShownStep, 'direction' | 'step'>) => `${direction}:${step}`

const unheld = { why: null, ask: null } as const

const untried = {
  ...{ tries: 0, startedAt: null, endedAt: null, deadline: null },
  ...{ code: null, output: null, why: null, ask: null, by: null },
} as const

function hear(
  course: Course,
  event: StepEvent | Extract<TargetEvent, { type: 'AttemptEnded' }>,
  at: string,
): void {
  if (event.type === 'AttemptEnded') {
    course.outcome = event.data.outcome
    // What it was at when its time was over: nobody knows whether that was done.
    for (const [key, step] of course.steps)
      if (step.status === 'running' || step.status === 'held')
        course.steps.set(key, { ...step, status: 'unknown', endedAt: at, ask: null })
    return
  }
  if (event.type === 'WayBackBegan') {
    course.back = event.data.steps
    return
  }
  const { direction, step } = event.data
  const key = keyOf({ direction, step })
  const before = course.steps.get(key) ?? {
    ...untried,
    step,
    name: step,
    direction,
    status: 'running' as const,
  }
  course.steps.set(key, after(before, event, at))
}

function after(
  before: ShownStep,
  event: Exclude<StepEvent, { type: 'WayBackBegan' }>,
  at: string,
): ShownStep {
  switch (event.type) {
    case 'StepStarted': {
      const { name, try: tries, deadline } = event.data
      const startedAt = before.startedAt ?? at
      return { ...before, name, status: 'running', tries, startedAt, deadline, ...unheld }
    }
    case 'StepTried':
      return { ...before, code: event.data.code, output: event.data.output }
    case 'StepHeld':
      return { ...before, status: 'held', why: event.data.why, ask: event.data.ask }
    case 'StepReleased':
      return { ...before, status: 'running', ...unheld, by: event.data.by }
    case 'StepEnded': {
      const { outcome, code, output, by = before.by } = event.data
      return { ...before, status: outcome, code, output, by, endedAt: at, ...unheld }
    }
  }
}

/** Reads the stream of a target for one attempt that a procedure drives, or the last. */
async function courseOf(log: Log, target: string, attempt: string | undefined): Promise<Course | undefined> {
  let found: Course | undefined
  const types = ['AttemptAssigned', ...stepEventTypes, 'AttemptEnded'] as const
  for await (const { event, at } of log.of(targetAggregate, target).events({ consistent: true }, types)) {
    if (event.type === 'AttemptAssigned') {
      const { procedure, upgrade } = event.data
      if (!procedure || (attempt !== undefined && event.data.attempt !== attempt)) continue
      const known = { attempt: event.data.attempt, upgrade, procedure }
      found = { ...known, outcome: null, back: [], steps: new Map() }
    } else if (found?.attempt === event.data.attempt) hear(found, event, at)
  }
  return found
}

/** What comes, if nothing fails: the steps there, or, on the way back, those that are left of it. */
function* comingIn(document: ProcedureDocument, { back, outcome, steps }: Course): Generator<ShownStep> {
  if (outcome !== null) return
  const direction: Direction = back.length > 0 ? 'back' : 'there'
  const ids = direction === 'back' ? back : document.steps.map(({ id }) => id)
  for (const id of ids) {
    const action = actionIn(document, direction, id)
    if (action && !steps.has(keyOf({ direction, step: id })))
      yield { ...untried, step: id, name: action.name, direction, status: 'waiting' }
  }
}

/** Reads how far the procedure of an attempt is. */
export const getSteps: Operate<Contracts['getSteps']> = async ({ params, query }, { log }) => {
  const { commit } = await registeredTarget(log, params.id)
  const course = await courseOf(log, params.id, query.attempt)
  if (!course && query.attempt !== undefined)
    throw new Problem('no-procedure', 'No procedure has driven such an attempt on this target.')
  if (!course) {
    const nothing = { attempt: null, upgradeId: null, procedure: null, revision: null, outcome: null }
    return { status: 200, body: { targetId: params.id, ...nothing, steps: [] }, etag: commit }
  }
  const { attempt, upgrade: upgradeId, procedure, outcome, steps } = course
  const document = await documentOf(log, procedure)
  const named = [...steps.values()].map((step) => ({
    ...step,
    name: actionIn(document, step.direction, step.step)?.name ?? step.name,
  }))
  const { name, revision } = procedure
  return {
    status: 200,
    body: {
      ...{ targetId: params.id, attempt, upgradeId, procedure: name, revision, outcome },
      steps: [...named, ...comingIn(document, course)],
    },
    etag: commit,
  }
}
