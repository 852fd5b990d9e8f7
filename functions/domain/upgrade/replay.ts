import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import type { CommitContext } from '../aggregate.ts'
import { evolve } from './evolve.ts'
import { judgedAnew, verdictOn } from './gate.ts'
import { exceeds, limitKinds, limitOf, unacknowledged } from './limits.ts'
import { sizeOf } from './members.ts'
import { exists, hasBegun, initialUpgrade, type LimitKind, type UpgradeState } from './state.ts'

/** The rules that a replay may have otherwise; left out: as they were. */
export type ReplayPolicy = Partial<Pick<UpgradeRequest, 'failures' | 'unreachable' | 'budget' | 'gate'>>

/** Where an upgrade would have stopped for the first time, and what had come of it by then. */
export interface ReplayStop {
  readonly kind: LimitKind | 'gate'
  readonly wave: number
  /** Of a limit: how many there were, and how many may be. Of a gate null. */
  readonly count: number | null
  readonly allowed: number | null
  readonly reason: string
  readonly at: string
  readonly commit: number
}

/** How many members stood where. */
export interface ReplayFigures {
  readonly succeeded: number
  readonly failed: number
  readonly unreachable: number
  readonly inFlight: number
}

const nothing: ReplayFigures = { succeeded: 0, failed: 0, unreachable: 0, inFlight: 0 }

function figuresOf(state: UpgradeState): ReplayFigures {
  if (!exists(state)) return nothing
  const { succeeded, failed, unreachable, inFlight } = state.standing.counts
  return { succeeded, failed, unreachable, inFlight }
}

const followsFromLimits = new Set<string>(['ThresholdBreached', 'UpgradePaused', 'AbortRequested'])

/** Returns a request with other rules: a gate is that of each of its percentages. */
export function withPolicy(request: UpgradeRequest, policy: ReplayPolicy): UpgradeRequest {
  const { gate } = policy
  const percentages = gate !== undefined && request.percentages?.map((stage) => ({ ...stage, gate }))
  return { ...request, ...policy, ...(percentages && { percentages }) }
}

/**
 * An upgrade as its log tells it, judged by other rules, up to where these would have stopped it. What people did is what they did: nobody is asked again.
 */
export class Replay {
  readonly #policy: ReplayPolicy
  #state: UpgradeState = initialUpgrade
  /** The wave is over, and its gate has not been judged yet. */
  #isUnjudged = false
  #last: CommitContext = { commit: 0, at: '', actor: '' }
  #begunAt: string | null = null
  #stop: ReplayStop | null = null
  #exposed = 0

  constructor(policy: ReplayPolicy) {
    this.#policy = policy
  }

  /** Hears one event after the other, each with its commit, until it has stopped. */
  hear(event: UpgradeEvent, context: CommitContext): void {
    // What follows from a limit in the same commit is told after what exceeds it.
    if (context.commit !== this.#last.commit || followsFromLimits.has(event.type)) this.#judgeLimits()
    if (this.#stop) return
    this.#last = context
    if (event.type === 'WaveStarted' || event.type === 'ContinueAwaited' || event.type === 'UpgradeCompleted')
      this.#judgeWave(0)
    if (this.#stop) return
    if (event.type === 'GateEvaluated') this.#judgeWave(event.data.silent ?? 0)
    if (this.#stop) return
    this.#state = evolve(this.#state, this.#asked(event), context)
    if (event.type === 'TargetsAdmitted') this.#exposed += sizeOf(event.data.members)
    if (event.type === 'WaveStarted') this.#begunAt ??= context.at
    if (event.type === 'WaveEnded') this.#isUnjudged = true
    if (event.type === 'MembersRegressed') this.#judgeAgain()
  }

  #asked(event: UpgradeEvent): UpgradeEvent {
    if (event.type !== 'UpgradeRequested') return event
    return { ...event, data: { ...event.data, request: withPolicy(event.data.request, this.#policy) } }
  }

  #judgeLimits(): void {
    const state = this.#state
    if (this.#stop || !hasBegun(state) || state.abort) return
    const kind = limitKinds.find((one) => exceeds(state, one))
    if (kind === undefined) return
    const [count, allowed] = [unacknowledged(state, kind), limitOf(state, kind)]
    this.#stopAt({ kind, wave: state.wave.number, count, allowed, reason: `${count}, ${allowed} allowed` })
  }

  #judgeWave(silent: number): void {
    const state = this.#state
    if (!this.#isUnjudged) return
    this.#isUnjudged = false
    if (this.#stop || !hasBegun(state) || state.abort) return
    const { result, reason } = verdictOn(state, Math.min(silent, state.wave.counts.succeeded))
    if (result === 'passed') return
    this.#stopAt({ kind: 'gate', wave: state.wave.number, count: null, allowed: null, reason })
  }

  /** What had passed has to pass still, before it is asked how many have failed. */
  #judgeAgain(): void {
    const verdict = judgedAnew(this.#state)
    if (!hasBegun(this.#state) || !verdict || verdict.result === 'passed') return
    const { number: wave } = this.#state.wave
    this.#stopAt({ kind: 'gate', wave, count: null, allowed: null, reason: verdict.reason })
  }

  #stopAt(found: Omit<ReplayStop, 'at' | 'commit'>): void {
    const { at, commit } = this.#last
    this.#stop = { ...found, at, commit }
  }

  /** Returns what came of it, once everything was told. */
  end(): {
    readonly stop: ReplayStop | null
    readonly figures: ReplayFigures
    /** Everybody who was ever admitted by then. */
    readonly exposed: number
    /** From its first wave to there, in seconds; null: it had none. */
    readonly seconds: number | null
    /** Did it stop, or come to its end with everybody who was planned? If not, nobody knows how it would have gone on. */
    readonly isKnown: boolean
  } {
    this.#judgeLimits()
    const seconds =
      this.#begunAt === null ? null : (Date.parse(this.#last.at) - Date.parse(this.#begunAt)) / 1000
    const state = this.#state
    const isThrough = exists(state) && state.standing.status.startsWith('completed')
    const [stop, exposed] = [this.#stop, this.#exposed]
    return { stop, figures: figuresOf(state), exposed, seconds, isKnown: stop !== null || isThrough }
  }
}
