import { expect } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { targetAggregate } from '../../../functions/domain/target/aggregate.ts'
import type { AttemptPlan, TargetDecision, TargetState } from '../../../functions/domain/target/state.ts'
import { confirmedBefore } from '../../../functions/domain/target/state.ts'
import { start } from '../given.ts'
import { assignment, registered } from './stories.ts'

type Ended = Extract<TargetEvent, { type: 'AttemptEnded' }>['data']

/** What a reader of the story alone, without the fold, knows of one attempt. */
interface Told {
  assigned: number
  accepted: number
  ended: Ended | null
  events: number
  well: boolean
  turns: number
}

/** One target under commands in any order, with a clock, judged by its story and not by its own state. */
export class TargetWorld {
  state: TargetState = targetAggregate.initial
  now = start
  /** Every assignment ever sent, by its key: those who send twice send the same. */
  readonly sent = new Map<string, ReturnType<typeof assignment>>()
  readonly #told = new Map<string, Told>()
  readonly #components = new Map<string, string>()
  /** By upgrade and component: what ran when it first touched it. */
  readonly #confirmed = new Map<string, string>()
  #revision = 0
  #barred = { pinned: new Set<string>(), retired: false }
  readonly seen = new Map<string, number>()

  constructor() {
    this.#append([registered])
  }

  /** Returns the assignment of this key, as it was first sent. */
  assignmentOf(upgrade: string, n: number, changes: Partial<AttemptPlan>): ReturnType<typeof assignment> {
    const key = `${upgrade}/${n}`
    const known = this.sent.get(key)
    if (known) return known
    const acceptBy = new Date(Date.parse(this.now) + 600_000).toISOString()
    const made = { ...assignment({ upgrade, n, ...changes }), acceptBy }
    this.sent.set(key, made)
    return made
  }

  /** Decides a command twice: the repetition must change nothing that the first time did not. */
  do(decision: TargetDecision): void {
    const first = decision(this.state, this.now)
    if ('rejected' in first) {
      this.#count(first.rejected.code)
      return
    }
    this.#append(first.events)
    const again = decision(this.state, this.now)
    if (first.events.length > 0) expect(again).toEqual({ events: [] })
    this.#check()
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  #append(events: readonly TargetEvent[]): void {
    for (const event of events) {
      this.#judge(event)
      this.state = targetAggregate.evolve(this.state, event, { commit: 1, at: this.now, actor: 'a' })
    }
  }

  #untold(): Told {
    return { assigned: 0, accepted: 0, ended: null, events: 0, well: false, turns: 0 }
  }

  #tellOf(attempt: string): Told {
    const told = this.#told.get(attempt) ?? this.#untold()
    this.#told.set(attempt, told)
    return told
  }

  /** Every event by itself against all that was told before. */
  #judge(event: TargetEvent): void {
    this.#count(event.type === 'AttemptEnded' ? event.data.outcome : event.type)
    if ('revision' in event.data) expect(event.data.revision).toBe(++this.#revision)
    switch (event.type) {
      case 'TargetRegistered':
        for (const [name, version] of Object.entries(event.data.components))
          this.#components.set(name, version)
        return
      case 'TargetPinned':
        this.#barred.pinned = new Set([event.data.component ?? '*'])
        return
      case 'TargetUnpinned':
        this.#barred.pinned = new Set()
        return
      case 'TargetRetired':
        this.#barred.retired = true
        return
      case 'VersionReported':
        this.#components.set(event.data.component, event.data.version)
        return
      case 'DriftFound':
        expect(this.#components.get(event.data.component)).toBe(event.data.from)
        this.#components.set(event.data.component, event.data.to)
        return
      case 'AttemptAssigned':
        this.#judgeAssigned(event.data)
        return
      case 'AttemptAccepted': {
        const told = this.#tellOf(event.data.attempt)
        expect([told.assigned, told.ended]).toEqual([1, null])
        expect(++told.accepted).toBe(1)
        expect(event.data.sequence).toBe(++told.events)
        const { component } = this.#planOf(event.data.attempt)
        const key = `${event.data.upgrade} ${component}`
        if (!this.#confirmed.has(key)) this.#confirmed.set(key, this.#components.get(component) ?? '')
        return
      }
      case 'AttemptRegressed':
      case 'AttemptRecovered': {
        const told = this.#tellOf(event.data.attempt)
        expect(told.ended?.outcome).toBe('succeeded') // only what had succeeded may regress
        expect(told.well).toBe(event.type === 'AttemptRegressed')
        told.well = event.type === 'AttemptRecovered'
        expect(event.data.sequence).toBe(++told.events)
        expect(++told.turns).toBeLessThanOrEqual(3)
        this.#components.set(event.data.component, event.data.version)
        return
      }
      case 'AttemptEnded': {
        const told = this.#tellOf(event.data.attempt)
        expect(told.ended).toBeNull()
        told.well = event.data.outcome === 'succeeded'
        told.ended = event.data
        expect(event.data.sequence).toBe(++told.events)
        if (event.data.outcome === 'succeeded') expect(event.data.version).toBe(event.data.to)
        if (event.data.version !== null) this.#components.set(event.data.component, event.data.version)
        return
      }
    }
  }

  #judgeAssigned(data: Extract<TargetEvent, { type: 'AttemptAssigned' }>['data']): void {
    const told = this.#tellOf(data.attempt)
    expect(told.ended).toBeNull() // what was withdrawn before it came never begins
    expect(++told.assigned).toBe(1) // an attempt never begins twice
    expect(data.sequence).toBe(++told.events)
    expect(this.#underWay()).toEqual([data.attempt]) // I1
    expect(this.#components.get(data.component)).toBe(data.from)
    expect([...this.#barred.pinned].some((name) => name === '*' || name === data.component)).toBe(false) // I15
    expect(this.#barred.retired).toBe(false)
  }

  #planOf(attempt: string): AttemptPlan {
    const plan = [...this.sent.values()].find((each) => each.attempt === attempt)
    if (!plan) throw new Error(`${attempt} was never sent`)
    return plan
  }

  #underWay(): string[] {
    return [...this.#told]
      .filter(([, { assigned, ended }]) => assigned > 0 && !ended)
      .map(([attempt]) => attempt)
  }

  /** The fold against the story. */
  #check(): void {
    const [active = null] = this.#underWay()
    expect(this.state.active?.attempt ?? null).toBe(active)
    expect(this.state.components).toEqual(Object.fromEntries(this.#components))
    expect(this.state.revision).toBe(this.#revision)
    expect(this.state.attempts.length).toBeLessThanOrEqual(20)
    for (const { attempt, outcome, code, version } of this.state.attempts) {
      expect(this.#told.get(attempt)?.ended).toMatchObject({ outcome, code, version }) // ends never change
    }
    for (const [key, version] of this.#confirmed) {
      const [upgrade = '', component = ''] = key.split(' ')
      expect(confirmedBefore(this.state, new Set([upgrade]), component)).toBe(version) // I10
    }
    expect(JSON.parse(JSON.stringify(this.state))).toEqual(this.state)
  }
}
