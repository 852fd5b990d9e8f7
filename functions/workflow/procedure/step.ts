import { cut } from '../../../events/cut.ts'
import { counted } from '../../../events/phrases.ts'
import type {
  ProcedureDocument,
  SsmCommand,
  StepExpectation,
  StepRequest,
  StepWebhook,
} from '../../../events/procedure.ts'
import type { SavedValues } from '../../../events/target.ts'
import { after, instantOf, second } from '../../../events/time.ts'
import { afterFailure } from '../../domain/procedure/course.ts'
import { holds, NoValue, type Values } from '../../domain/procedure/expression.ts'
import { kindOf, limitOf, longestCall, mayRepeat, type NamedAction } from '../../domain/procedure/steps.ts'
import { renderAgentCommand } from '../../domain/procedure/template.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import {
  type Driven,
  endStep,
  failTry,
  holdStep,
  type StepCommand,
  startStep,
} from '../../domain/target/procedure.ts'
import type { RunningStep, TargetDecision, TargetState } from '../../domain/target/state.ts'
import { answerOf, savedFrom, valuesOf } from '../../facts/procedure-values.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { outputBytes, outputOf } from '../../output.ts'
import type { Callbacks } from '../../work/procedure-callbacks.ts'
import { type Answered, type Calling, idempotencyKeyOf, makeCall } from './call.ts'
import { type Commands, type CommandTry, codeOf, commentOf, lookAtCommand, sendCommand } from './command.ts'
import { held, notYet, stepFailed, superseded } from './errors.ts'
import {
  type Helm,
  type HelmEnd,
  type HelmStep,
  keptIn,
  lookAtRelease,
  savedOf,
  takeReleaseBack,
  upgradeRelease,
} from './helm.ts'
import { type Messaging, sendMessage, type Webhooks } from './webhook.ts'

/** One step of an attempt, as its task is to look after it. */
export interface StepAt {
  readonly target: string
  readonly active: Driven
  readonly document: ProcedureDocument
  readonly action: NamedAction
  readonly place: number
  readonly cause: Metadata
}

/** What doing steps needs. */
export interface StepServices extends Calling {
  readonly log: Log
  /** Only where steps of helm are looked after. */
  readonly helm?: Helm
  /** Only where those of Run Command are. */
  readonly commands?: Commands
  /** Only where messages are sent: what signs them, what keeps who may call back, and the address for that. */
  readonly webhooks?: Webhooks
  readonly callbacks?: Pick<Callbacks, 'keep'>
  readonly apiUrl?: string
  /** A number from 0 to 1, for pauses that are spread. */
  random(): number
}

/** A call that has not left so long after its try was written is not made any more, in milliseconds: another may ask about it by then. */
const leavesWithin = 5 * second

/** So often a step is tried at once that was cut off: functions and their machines end now and then, and rarely in one step. */
const cutOffAtMost = 5

/**
 * Looks after one step once: begins it, makes its call, or looks whether it is over. Returns when it is over and the next may begin. Throws the error
 * by which the state machine looks again, asks a person, or takes the way back.
 */
export function doStep(services: StepServices, at: StepAt): Promise<void> {
  return new Step(services, at).do()
}

class Step {
  readonly #services: StepServices
  readonly #at: StepAt
  readonly #command: StepCommand
  readonly #values: Partial<Values>
  #hasBegun: boolean

  constructor(services: StepServices, at: StepAt) {
    this.#services = services
    this.#at = at
    const { active, action, place } = at
    const { attempt, procedure } = active
    const { generation } = procedure
    this.#command = { attempt, generation, direction: action.direction, place, step: action.id }
    this.#values = valuesOf(at.target, active)
    this.#hasBegun = procedure.running !== null
  }

  get #running(): RunningStep | null {
    return this.#at.active.procedure.running
  }

  async do(): Promise<void> {
    const { action } = this.#at
    const running = this.#running
    if (running?.held) {
      const { why, ask } = running.held
      if (why === 'acknowledgement' && this.#isLate(running))
        return this.#fail('NOT_ACKNOWLEDGED', 'Nobody has acknowledged it in time.')
      if (why === 'callback' && this.#isLate(running)) return this.#failUncalled()
      if (why === 'agent' && this.#isLate(running))
        return this.#fail('NO_WORD', 'Its agent has not said in time how it ended.')
      throw held(ask)
    }
    if (!running && !(await this.#isWanted())) return
    switch (kindOf(action)) {
      case 'wait':
        return this.#wait(running)
      case 'acknowledge':
        return this.#askPerson(running)
      case 'agent':
        return this.#askAgent(running)
      case 'http':
      case 'helm':
      case 'ssm':
      case 'webhook':
        return running ? this.#goOn(running) : this.#try(0, 'failed')
      default:
        return this.#look(running ?? (await this.#begin()))
    }
  }

  /** Is it done at all? What need not be is passed over. */
  async #isWanted(): Promise<boolean> {
    const { when } = this.#at.action
    if (when === null) return true
    try {
      if (holds(when, this.#values)) return true
    } catch (error) {
      if (!(error instanceof NoValue)) throw error
      await this.#fail('NO_VALUE', `${when}: ${error.message}`)
      return false
    }
    await this.#decide(endStep({ ...this.#command, outcome: 'skipped', code: null, output: null, saved: {} }))
    return false
  }

  async #decide(decision: TargetDecision): Promise<TargetState> {
    const { log } = this.#services
    const { target, cause } = this.#at
    const outcome = await log.of(targetAggregate, target).carryOut(decision, cause)
    if (outcome.kind !== 'rejected') return outcome.loaded.state
    // Another execution, or another call of this task, has gone on: the log is asked anew.
    if (outcome.rejection.code === 'attempt-over') throw superseded()
    throw notYet('Another call of this step is at work.')
  }

  async #begin(seen = 0, again: 'failed' | 'not-done' | 'repeatable' = 'failed'): Promise<RunningStep> {
    const { action } = this.#at
    const { name } = action
    const state = await this.#decide(
      startStep({ ...this.#command, name, seconds: limitOf(action), again, seen }),
    )
    const running = state.active?.procedure?.running
    if (!running || running.tries !== seen + 1) throw notYet('Another call of this step is at work.')
    this.#hasBegun = true
    return running
  }

  #isLate({ deadline }: RunningStep): boolean {
    return instantOf(this.#services.now()) >= deadline
  }

  async #wait(running: RunningStep | null): Promise<void> {
    const { startedAt } = running ?? (await this.#begin())
    const end = after(startedAt, (this.#at.action.wait?.seconds ?? 0) * second)
    const rest = Date.parse(end) - this.#services.now()
    if (rest > 0) throw new Resting(Math.ceil(rest / second))
    await this.#done({}, null)
  }

  async #askPerson(running: RunningStep | null): Promise<void> {
    if (!running) await this.#begin()
    const ask = this.#at.action.acknowledge?.ask ?? ''
    await this.#decide(holdStep({ ...this.#command, why: 'acknowledgement', ask }))
    throw held(ask)
  }

  /** The agent asks for itself what it is to run: it is shown as soon as the step is held for it. */
  async #askAgent(running: RunningStep | null): Promise<void> {
    const begun = !running || running.released ? await this.#begin(running?.tries) : running
    const missing = this.#whyUntold()
    if (missing !== undefined) return this.#fail('NO_VALUE', missing)
    const ask = `Its agent runs ${this.#at.action.agent?.command}, and says by ${begun.deadline} how it ended.`
    await this.#decide(holdStep({ ...this.#command, why: 'agent', ask }))
    throw held(ask)
  }

  /** Returns why its agent cannot be told what to run; undefined: it can. */
  #whyUntold(): string | undefined {
    const { agent } = this.#at.action
    try {
      if (agent) renderAgentCommand(agent, this.#values)
      return undefined
    } catch (error) {
      if (error instanceof NoValue) return error.message
      throw error
    }
  }

  /** A step with a call that has begun: its try has failed, or nobody knows what became of it. */
  async #goOn(running: RunningStep): Promise<void> {
    const now = instantOf(this.#services.now())
    const { action } = this.#at
    const { tries, next, released, triedAt } = running
    if (released) return this.#try(tries, 'failed')
    if (next !== null) {
      if (now < next) throw notYet(`Try ${tries} has failed; the next is at ${next}.`)
      return this.#try(tries, 'failed')
    }
    // The call that was to be made then, if it was, is over by now.
    const settled = after(triedAt, leavesWithin + (longestCall(action) + 5) * second)
    if (action.ssm) return this.#followCommand(running, action.ssm, now >= settled)
    if (now < settled)
      throw notYet('The call is under way, or was cut off: asked about when it must be over.')
    await this.#findOut(running)
  }

  get #commands(): Commands {
    const { commands } = this.#services
    if (!commands) throw new RangeError(`${this.#at.action.name} is for the function that sends commands.`)
    return commands
  }

  #commandOf(running: RunningStep, ssm: SsmCommand): CommandTry {
    const comment = commentOf(this.#keyOf(this.#at.action.direction), running.tries)
    return { ssm, values: this.#values, comment }
  }

  async #sendCommand(running: RunningStep, ssm: SsmCommand): Promise<void> {
    const left = Math.floor((Date.parse(running.deadline) - this.#services.now()) / second)
    const sent = await sendCommand(this.#commands, this.#commandOf(running, ssm), left)
    switch (sent.kind) {
      case 'sent':
        throw notYet(`Sent as command ${sent.command}.`)
      case 'turned-away':
        return sent.lasting ? this.#fail(sent.code, sent.why) : this.#tried(running, sent.code, sent.why)
      case 'unknown':
        throw notYet(`It may have been sent: ${sent.why}`)
    }
  }

  /** A command has been sent, or nobody knows whether it has: SSM is asked. `settled`: one that was sent is listed by now. */
  async #followCommand(running: RunningStep, ssm: SsmCommand, settled: boolean): Promise<void> {
    const looked = await lookAtCommand(this.#commands, this.#commandOf(running, ssm), running.triedAt)
    switch (looked.kind) {
      case 'absent':
        if (!settled) throw notYet('No such command is listed yet.')
        return this.#again(running, 'not-done')
      case 'running': {
        const words = `Command ${looked.command}: ${looked.status}`
        if (this.#isLate(running)) return this.#fail('DEADLINE', `${words} when its time was over.`)
        throw notYet(words)
      }
      case 'done': {
        const { command, code, output: body } = looked
        const answer = answerOf({ status: code, headers: {}, body })
        return this.#done({ ...this.#values, answer }, `Command ${command}: Success. ${body}`)
      }
      case 'failed': {
        const [code, words] = [codeOf(looked.details), `Command ${looked.command}: ${looked.why}`]
        const again = !looked.lasting && (!looked.ran || mayRepeat(this.#at.action))
        return again ? this.#tried(running, code, words) : this.#fail(code, words)
      }
      case 'unknown':
        if (!this.#isLate(running)) throw notYet(`Nobody says how far the command is: ${looked.why}`)
        return mayRepeat(this.#at.action) ? this.#failLate(running) : this.#askWhetherDone(running)
    }
  }

  /** Nobody knows whether it was done: it is asked about, repeated where it may be, or a person is asked. */
  async #findOut(running: RunningStep): Promise<void> {
    const { check, helm } = this.#at.action
    if (helm?.chart) {
      const looked = await lookAtRelease(this.#serving, this.#release(helm))
      if (looked.kind === 'done') return this.#released(looked, 'Found to be done in its history.')
      if (looked.kind === 'not-done') return this.#again(running, 'not-done')
      if (!this.#isLate(running)) throw notYet(`It may have been done; nobody says yet: ${looked.why}`)
    }
    if (check) {
      const answered = await this.#call(check.request, { status: null, where: null }, true)
      const found = answered.kind === 'good' ? this.#conditionOf(check.done, answered.values) : answered.words
      if (found === true && answered.kind === 'good')
        return this.#done(answered.values, 'Found to be done by its check.')
      if (found === false) return this.#again(running, 'not-done')
      if (!this.#isLate(running)) throw notYet(`It may have been done; its check says nothing yet: ${found}`)
    }
    if (mayRepeat(this.#at.action)) return this.#again(running, 'repeatable')
    await this.#askWhetherDone(running)
  }

  /**
   * Tries again what is known not to have been done, or may be repeated: at once, since whoever was cut off is not to blame. But what is cut off
   * again and again is at fault itself: then its tries are counted, and there are pauses between them, as between others that have failed.
   */
  async #again(running: RunningStep, why: 'not-done' | 'repeatable'): Promise<void> {
    if (this.#isLate(running)) return this.#failLate(running)
    if (running.tries <= cutOffAtMost) return this.#try(running.tries, why)
    await this.#tried(running, 'CUT_OFF', `Cut off in ${running.tries} tries, and not done.`)
  }

  async #askWhetherDone({ triedAt }: RunningStep): Promise<void> {
    const ask = `Nobody knows whether "${this.#at.action.name}" was done: its call was cut off at ${triedAt}. Look, then say done, failed or again.`
    await this.#decide(holdStep({ ...this.#command, why: 'unknown', ask }))
    throw held(ask)
  }

  /** Does a condition hold of an answer? Else in words why nobody can say. */
  #conditionOf(text: string, values: Partial<Values>): boolean | string {
    try {
      return holds(text, values)
    } catch (error) {
      if (error instanceof NoValue) return `${text}: ${error.message}`
      throw error
    }
  }

  /** `reads`: more is asked of its answer than what is expected. */
  #call(request: StepRequest, expect: StepExpectation, reads: boolean): Promise<Answered> {
    const { active, document, action } = this.#at
    const { credentials } = document
    const idempotencyKey = idempotencyKeyOf(active.attempt, action.direction, action.id)
    const call = { request, values: this.#values, credentials, reads, idempotencyKey }
    return makeCall(this.#services, call, expect)
  }

  /** Writes down that the step is tried, then makes its call. */
  async #try(seen: number, again: 'failed' | 'not-done' | 'repeatable'): Promise<void> {
    const { http, helm, ssm, webhook } = this.#at.action
    if (!http && !helm && !ssm && !webhook) throw new RangeError(`${this.#at.action.name} makes no call.`)
    const running = await this.#begin(seen, again)
    if (this.#services.now() - Date.parse(running.triedAt) > leavesWithin)
      throw notYet('The call was held up before it left, and was not made.')
    if (ssm) return this.#sendCommand(running, ssm)
    if (helm) return this.#helmEnded(running, await this.#callHelm(helm))
    const reads = Object.keys(this.#at.action.save).length > 0
    const answered = webhook
      ? await this.#deliver(running, webhook, reads)
      : http && (await this.#call(http.request, http.expect, reads))
    if (!answered) return
    switch (answered.kind) {
      case 'good':
        return webhook?.callback ? this.#awaitCallback(running) : this.#doneWith(answered)
      case 'impossible':
        return this.#fail(answered.code, answered.words)
      case 'not-sent':
        return this.#tried(running, 'NOT_SENT', answered.words)
      case 'bad':
        // A receiver that is gone wants no more messages (Standard Webhooks).
        if (webhook && answered.code === 'HTTP_410') return this.#fail(answered.code, answered.words)
        if (mayRepeat(this.#at.action) || answered.reached === 'turned-away')
          return this.#tried(running, answered.code, answered.words, answered.retryAfter)
        // It would be done twice.
        if (answered.reached === 'taken') return this.#fail(answered.code, answered.words)
        throw notYet(`It may have been done: ${answered.words}`)
      case 'unknown':
        if (mayRepeat(this.#at.action)) return this.#tried(running, 'NO_ANSWER', answered.words)
        throw notYet(`It may have been done: ${answered.words}`)
    }
  }

  #deliver({ deadline }: RunningStep, webhook: StepWebhook, reads: boolean): Promise<Answered> {
    const { target, active, action, place } = this.#at
    const { direction, id: step } = action
    return sendMessage(this.#messaging, {
      ...{ webhook, values: this.#values, id: this.#keyOf(direction), deadline },
      step: { target, attempt: active.attempt, direction, place, step },
      reads: reads && !webhook.callback,
    })
  }

  get #messaging(): Messaging {
    const { outbound, secrets, now, webhooks, callbacks, apiUrl } = this.#services
    if (!webhooks || !callbacks || apiUrl === undefined)
      throw new RangeError(`${this.#at.action.name} is for the function that sends messages.`)
    return { outbound, secrets, now, webhooks, callbacks, apiUrl }
  }

  /** Its message was taken. Who was called back before that was heard has ended the step, which the log then says. */
  async #awaitCallback(running: RunningStep): Promise<void> {
    if (this.#isLate(running)) return this.#failUncalled()
    const ask = `Its receiver has the message, and calls back by ${running.deadline}.`
    await this.#decide(holdStep({ ...this.#command, why: 'callback', ask }))
    throw held(ask)
  }

  #failUncalled(): Promise<void> {
    return this.#fail('NO_CALLBACK', 'Its receiver has not called back in time.')
  }

  get #serving() {
    const { helm, secrets } = this.#services
    if (!helm) throw new RangeError(`${this.#at.action.name} is for the function that has helm.`)
    return { helm, secrets }
  }

  #keyOf(direction: 'there' | 'back'): string {
    return idempotencyKeyOf(this.#at.active.attempt, direction, this.#at.action.id)
  }

  #release(helm: HelmStep['helm']): HelmStep {
    return { helm, values: this.#values, key: this.#keyOf(this.#at.action.direction) }
  }

  async #callHelm(helm: HelmStep['helm']): Promise<HelmEnd> {
    const { active, action } = this.#at
    if (helm.chart) return upgradeRelease(this.#serving, this.#release(helm))
    const kept = keptIn(active.procedure.saved[action.id])
    if (!kept && active.kind === 'rollback')
      return {
        kind: 'refused',
        code: 'HELM_NO_REVISION',
        why: 'Nobody has kept what was in force before it.',
      }
    const own = { key: this.#keyOf('there'), before: undefined }
    return takeReleaseBack(this.#serving, this.#release(helm), kept ?? own)
  }

  #helmEnded(running: RunningStep, end: HelmEnd): Promise<void> {
    switch (end.kind) {
      case 'done':
        return this.#released(end, `Revision ${end.revision} is in force, after ${end.before}`)
      case 'failed':
        return this.#fail(end.code, end.why, savedOf(end, this.#keyOf('there')))
      case 'refused':
        return this.#fail(end.code, end.why)
      case 'not-sent':
        return this.#tried(running, 'NOT_SENT', end.why)
      case 'unknown':
        throw notYet(`It may have been done: ${end.why}`)
    }
  }

  /** A release is at what it was to be: what was before it is kept for the way back. */
  async #released(end: { readonly before: number; readonly revision: number }, words: string): Promise<void> {
    const saved = this.#at.action.helm?.chart ? savedOf(end, this.#keyOf('there')) : {}
    const output = outputOf(words, outputBytes.done)
    await this.#decide(endStep({ ...this.#command, outcome: 'done', code: null, output, saved }))
  }

  /** A try is known to have failed, or may be repeated: the next follows, while tries and time are left. */
  async #tried(running: RunningStep, code: string, words: string, retryAfter?: number): Promise<void> {
    const { attempts, delaySeconds } = this.#at.action.retries
    const doubled = Math.min(3600, delaySeconds * 2 ** (running.tries - 1))
    const spread = Math.ceil(doubled * (0.5 + this.#services.random() / 2))
    const pauseSeconds = Math.max(retryAfter ?? 0, spread)
    const next = after(instantOf(this.#services.now()), pauseSeconds * second)
    if (running.tries > attempts || next >= running.deadline) return this.#fail(code, words)
    const output = outputOf(words, outputBytes.tried)
    await this.#decide(failTry({ ...this.#command, code, output, pauseSeconds }))
    throw notYet(`Try ${running.tries} has failed, ${code}; the next is at ${next}. ${cut(output, 200)}`)
  }

  /** Looks whether what a step waits for has come. */
  async #look(running: RunningStep): Promise<void> {
    const { next } = running
    if (next !== null && instantOf(this.#services.now()) < next)
      throw notYet(`The other side asks to be left alone until ${next}.`)
    const { poll, health } = this.#at.action
    const looked = poll ? await this.#poll(poll) : await this.#checkAll(health?.checks ?? [])
    if (looked.over) return looked.answered ? this.#doneWith(looked.answered) : this.#done({}, looked.words)
    if (looked.failed) return this.#fail(looked.failed, looked.words)
    if (this.#isLate(running)) return this.#fail('DEADLINE', looked.words)
    await this.#leaveAlone(running, looked)
    throw notYet(cut(looked.words, 300))
  }

  /** Who asks for a longer pause than the next look would make gets it, but for the last look, at the end of the step's time. */
  async #leaveAlone({ deadline }: RunningStep, { retryAfter = 0, words }: Looked): Promise<void> {
    const { poll, health } = this.#at.action
    if (retryAfter <= ((poll ?? health)?.everySeconds ?? 0)) return
    const left = Math.ceil((Date.parse(deadline) - this.#services.now()) / second)
    const output = outputOf(words, outputBytes.tried)
    const pauseSeconds = Math.min(retryAfter, left)
    await this.#decide(failTry({ ...this.#command, code: 'ASKED_TO_WAIT', output, pauseSeconds }))
  }

  async #poll({ request, expect, until, failWhen }: NonNullable<NamedAction['poll']>): Promise<Looked> {
    const answered = await this.#call(request, expect, true)
    if (answered.kind === 'impossible') return { over: false, failed: answered.code, words: answered.words }
    if (answered.kind !== 'good')
      return { over: false, words: wordsOf(answered), retryAfter: pauseAskedIn(answered) }
    if (failWhen !== null && this.#conditionOf(failWhen, answered.values) === true)
      return { over: false, failed: 'ENDED_BADLY', words: `${failWhen}: ${bodyIn(answered)}` }
    const found = this.#conditionOf(until, answered.values)
    if (found === true) return { over: true, answered, words: until }
    return { over: false, words: `Not yet: ${found || until}` }
  }

  async #checkAll(checks: NonNullable<NamedAction['health']>['checks']): Promise<Looked> {
    const looked = await Promise.all(
      checks.map(async ({ name, request, expect }) => ({
        name,
        answered: await this.#call(request, expect, false),
      })),
    )
    const unwell = looked.flatMap(({ name, answered }) =>
      answered.kind === 'good' ? [] : [`${name}: ${wordsOf(answered)}`],
    )
    const words = unwell.length === 0 ? `${looked.length} of ${looked.length} are well` : unwell.join('; ')
    const retryAfter = Math.max(0, ...looked.map(({ answered }) => pauseAskedIn(answered) ?? 0))
    return { over: unwell.length === 0, words, retryAfter }
  }

  #failLate({ tries }: RunningStep): Promise<void> {
    return this.#fail('DEADLINE', `Its time is over after ${counted(tries, 'try', 'tries')}.`)
  }

  async #doneWith({ values, status }: Extract<Answered, { kind: 'good' }>): Promise<void> {
    return this.#done(values, `Answered ${status}`)
  }

  async #done(values: Partial<Values>, words: string | null): Promise<void> {
    const { save } = this.#at.action
    try {
      const { [this.#at.action.id]: _, ...others } = this.#at.active.procedure.saved
      const saved = savedFrom(save, values, others)
      const output = words && outputOf(words, outputBytes.done)
      await this.#decide(endStep({ ...this.#command, outcome: 'done', code: null, output, saved }))
    } catch (error) {
      if (!(error instanceof NoValue)) throw error
      await this.#fail(
        'NO_VALUE',
        `It was done, and what is to be saved is not in its answer: ${error.message}`,
      )
    }
  }

  /** Ends the step as failed. Returns where the attempt goes on all the same; else throws what the state machine follows. */
  async #fail(code: string, words: string, saved: SavedValues = {}): Promise<void> {
    const output = outputOf(words, outputBytes.failed)
    const { document, active, action } = this.#at
    const then = afterFailure(document, active.procedure, action, this.#hasBegun)
    const state = await this.#decide(
      endStep({ ...this.#command, outcome: 'failed', code, output, saved, then }),
    )
    if (then === 'continue') return
    throw stepFailed(`${code}: ${cut(words, 300)}`, state.active?.procedure?.stopped ?? true)
  }
}

/** A step does nothing for so many seconds. */
export class Resting extends Error {
  override readonly name = 'Resting'
  readonly seconds: number
  constructor(seconds: number) {
    super(`Rests for ${seconds} seconds.`)
    this.seconds = seconds
  }
}

interface Looked {
  readonly over: boolean
  readonly answered?: Extract<Answered, { kind: 'good' }>
  /** The code of a failure: there is nothing left to wait for. */
  readonly failed?: string
  readonly words: string
  /** For how many seconds the other side asks to be left alone. */
  readonly retryAfter?: number | undefined
}

function pauseAskedIn(answered: Answered): number | undefined {
  return answered.kind === 'bad' ? answered.retryAfter : undefined
}

/** Returns what was answered, as text. */
function bodyIn({ values }: Extract<Answered, { kind: 'good' }>): string {
  const answer = values.answer as { readonly body: unknown } // as answerOf makes it
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
}

function wordsOf(answered: Answered): string {
  return answered.kind === 'good' ? `answered ${answered.status}` : answered.words
}
