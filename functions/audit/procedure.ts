import type { ProcedureDocument } from '../../events/procedure.ts'
import type { StepEvent, TargetEvent } from '../../events/target.ts'
import type { Findings } from './finding.ts'
import type { Told } from './history.ts'

type Commit = Told<TargetEvent>
type Event<Type extends TargetEvent['type']> = Extract<TargetEvent, { type: Type }>['data']
type Step = ProcedureDocument['steps'][number]
type Action = Omit<Step, 'id' | 'onFailure' | 'backup' | 'inverse' | 'state' | 'failedState'>

/** The step that an attempt is at. */
interface Running {
  readonly step: string
  tries: number
  /** The last try is known to have failed; the next may begin then. */
  next: string | null
  held: boolean
  released: boolean
}

/** How far one attempt is in its procedure, as its events alone say. */
interface Course {
  direction: 'there' | 'back'
  passed: number
  back: readonly string[]
  running: Running | null
  /** The steps there that were not passed over, in their order. */
  readonly begun: string[]
  failed: boolean
  over: boolean
}

/** Holds the steps of one attempt against I19 and I20, by the document that its plan binds. */
export class AuditedProcedure {
  readonly #document: ProcedureDocument
  readonly #attempt: string
  readonly #kind: string
  readonly #findings: Findings
  readonly #course: Course = {
    ...{ direction: 'there', passed: 0, back: [], running: null },
    ...{ begun: [], failed: false, over: false },
  }

  constructor(document: ProcedureDocument, { attempt, kind }: Event<'AttemptAssigned'>, findings: Findings) {
    this.#document = document
    this.#attempt = attempt
    this.#kind = kind
    this.#findings = findings
  }

  hear(commit: Commit, event: StepEvent): void {
    if (event.type === 'WayBackBegan') {
      this.#turn(commit, event.data)
      return
    }
    const { direction, place, step } = event.data
    const course = this.#course
    const expected = direction === 'there' ? this.#document.steps[place]?.id : course.back[place]
    const isNext =
      !course.over && direction === course.direction && place === course.passed && step === expected
    this.#order(
      isNext,
      commit,
      `${event.type} of ${direction} ${place}, ${step}, where ${this.#place} was next.`,
    )
    const { running } = course
    switch (event.type) {
      case 'StepStarted':
        this.#start(commit, event.data)
        return
      case 'StepTried':
        this.#once(running !== null, commit, `${step} was tried before it had begun.`)
        if (running) running.next = event.data.next
        return
      case 'StepHeld':
        this.#once(running !== null, commit, `${step} is held before it had begun.`)
        if (running) running.held = true
        return
      case 'StepReleased':
        this.#once(running?.held === true, commit, `${step} was released, and had not been held.`)
        if (running) Object.assign(running, { held: false, released: true })
        return
      case 'StepEnded':
        this.#end(commit, event.data)
    }
  }

  /** A success is one of every step, and what was taken back was undone to its beginning. */
  end(commit: Commit, outcome: string): void {
    const { direction, passed, back, failed } = this.#course
    const isThrough = direction === 'there' && passed === this.#document.steps.length && !failed
    const isBack = direction === 'back' && passed === back.length
    const right = this.#kind === 'rollback' ? isBack : isThrough
    if (outcome === 'succeeded')
      this.#order(right, commit, `Attempt ${this.#attempt} succeeded at ${this.#place}.`)
    if (outcome === 'rolled_back')
      this.#order(isBack, commit, `Attempt ${this.#attempt} was taken back, and stood at ${this.#place}.`)
  }

  #start(commit: Commit, { step, try: tries, again, direction }: Event<'StepStarted'>): void {
    const { running } = this.#course
    const before = running?.tries ?? 0
    this.#once(tries === before + 1, commit, `${step} was tried as number ${tries} after ${before}.`)
    if (running) {
      const why = this.#mayAgain(running, direction, again, commit.at)
      this.#once(why === undefined, commit, `${step} was begun again as "${again}", ${why}.`)
    } else this.#once(again === null, commit, `${step} was begun again as "${again}" before it had begun.`)
    this.#course.running = { step, tries, next: null, held: false, released: false }
  }

  /** Why a step must not be done once more; undefined: it may. */
  #mayAgain(running: Running, direction: string, again: string | null, at: string): string | undefined {
    if (running.held) return 'though it is held'
    const action = this.#actionOf(direction, running.step)
    const acts = action?.http
      ? !['GET', 'HEAD'].includes(action.http.request.method)
      : action?.helm?.chart !== undefined ||
        [action?.ssm, action?.webhook, action?.agent].some((done) => done !== undefined)
    switch (again) {
      case 'person':
        return running.released ? undefined : 'which no person has said'
      case 'failed':
        if (running.next === null) return 'though nobody knows that it has failed'
        return running.next <= at ? undefined : `which it may not before ${running.next}`
      case 'not-done':
        // The history of helm, and the list of commands, say what was done.
        return action?.check || action?.helm || action?.ssm ? undefined : 'though it has no check'
      case 'repeatable':
        // Whoever gets a message again knows it by its id.
        return action?.repeatable || action?.webhook || !acts ? undefined : 'which its procedure does not say'
      default:
        return 'without a reason'
    }
  }

  #actionOf(direction: string, id: string): Action | undefined {
    const step = this.#document.steps.find((one) => one.id === id)
    if (direction === 'there') return step
    const inverse = step?.inverse === 'none' ? undefined : step?.inverse
    if (inverse || !step?.helm || step.inverse !== undefined)
      return inverse ?? this.#document.verifyWayBack.find((one) => one.id === id)
    // What helm did it takes back itself.
    const { chart: _, ...helm } = step.helm
    return { ...step, helm }
  }

  #end(commit: Commit, { step, outcome, direction, holding }: Event<'StepEnded'>): void {
    const course = this.#course
    const begun = course.running !== null
    const isTold = holding !== undefined
    this.#once(
      isTold === (course.running?.held ?? false),
      commit,
      `${step} is ${isTold ? '' : 'not '}said to have waited for a person.`,
    )
    this.#once(begun || outcome !== 'done', commit, `${step} was done, and had not begun.`)
    this.#once(!begun || outcome !== 'skipped', commit, `${step} was passed over after it had begun.`)
    if (direction === 'there' && begun) course.begun.push(step)
    const goesOn = this.#document.steps.find(({ id }) => id === step)?.onFailure === 'continue'
    if (outcome === 'failed' && !(direction === 'there' && goesOn)) course.failed = true
    course.passed++
    course.running = null
  }

  #turn(commit: Commit, { steps, code }: Event<'WayBackBegan'>): void {
    const course = this.#course
    const due = code !== null && course.failed
    this.#order(due || this.#kind === 'rollback', commit, 'The way back began though nothing had failed.')
    if (steps.length === 0 && code !== null) {
      course.over = true
      return
    }
    const ids = this.#document.steps.map(({ id }) => id)
    const places = steps.filter((step) => ids.includes(step)).map((step) => ids.indexOf(step))
    const isReverse = places.every((place, index) => index === 0 || place < (places[index - 1] ?? 0))
    this.#order(isReverse, commit, `The way back is ${steps.join(', ')}, not the reverse of the way there.`)
    if (this.#kind !== 'rollback') {
      const undone = course.begun.filter((id) => this.#actionOf('back', id))
      const lacking = undone.filter((id) => !steps.includes(id))
      const words = `The way back leaves out ${lacking.join(', ')}, which had begun.`
      this.#order(lacking.length === 0, commit, words)
      const others = steps.filter((id) => ids.includes(id) && !course.begun.includes(id))
      this.#order(
        others.length === 0,
        commit,
        `The way back undoes ${others.join(', ')}, which had not begun.`,
      )
    }
    Object.assign(course, { direction: 'back', passed: 0, back: steps, running: null })
  }

  get #place(): string {
    const { direction, passed, over } = this.#course
    return over ? 'nothing' : `${direction} ${passed}`
  }

  #once(holds: boolean, commit: Commit, words: string): void {
    this.#findings.expect(holds, 'I19', commit, words)
  }

  #order(holds: boolean, commit: Commit, words: string): void {
    this.#findings.expect(holds, 'I20', commit, words)
  }
}
