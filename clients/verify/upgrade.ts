import { Approvals } from './approvals.ts'
import type { PackCommit, PackEvent } from './commit.ts'
import { countOf, type JsonObject, listOf, Malformed, memberOf, objectOf, textOf } from './json.ts'
import { limits } from './limits.ts'
import { admittedAgain, membersIn, type Planned, plannedOf } from './plan.ts'
import { Unreadable, type Verdict } from './verdict.ts'

/** An end that the upgrade counts, with the commit of the target that it cites. */
export interface Cited {
  readonly where: string
  readonly member: number
  readonly n: number
  readonly outcome: string
  readonly commit: number
  readonly type: 'AttemptEnded' | 'AttemptRegressed'
}

/** A member that was admitted: when for the first time, in milliseconds since the epoch; how often; and how many of these attempts have an end that counts. */
interface Admitted {
  readonly at: number
  n: number
  ends: number
}

/** So often is one member admitted at most, which the log bounds too. */
const admissionsAtMost = 1000

/** Returns the one number of an attempt: of a member, the so manieth. Throws Malformed. */
export function attemptOf(member: number, n: number): number {
  if (n < 1 || n >= admissionsAtMost) throw new Malformed(`n is none from 1 to ${admissionsAtMost - 1}`)
  return member * admissionsAtMost + n
}

/** Returns how an attempt ended. Throws Malformed. */
export function outcomeOf(data: JsonObject): string {
  const outcome = textOf(data, 'outcome')
  if (outcome.length > 32) throw new Malformed('outcome is none')
  return outcome
}

/** How an upgrade ends. */
const ends: ReadonlySet<string> = new Set([
  ...['UpgradeCompleted', 'UpgradeAborted', 'UpgradeRejected', 'UpgradeExpired', 'PlanningFailed'],
])

/** What is told of an upgrade while it is at work, and never when it is over. */
const work: ReadonlySet<string> = new Set([
  ...['UpgradePlanned', 'ApprovalGiven', 'ApprovalsVoided', 'ApprovalsDemanded', 'WindowSet', 'WaveStarted'],
  ...['TargetsAdmitted', 'OutcomesRecorded', 'MembersRegressed', 'MeasurementTaken'],
])

/** Reads the stream of an upgrade: what was asked for, planned, approved, admitted, measured and counted. */
export class Upgrade {
  readonly id: string
  readonly approvals: Approvals
  request: JsonObject | undefined
  planned: Planned | undefined
  /** When the first targets were admitted; undefined: none were. */
  began: string | undefined
  /** How it ended, and when; undefined: it goes on. */
  ended: { readonly as: string; readonly at: string } | undefined
  /** When the last of it was told, as far as the pack goes. */
  last = ''
  measurements = 0
  outcomes = 0
  /** By member. */
  readonly admitted = new Map<number, Admitted>()
  readonly cited: Cited[] = []
  /** Ends that are counted, by attempt; and setbacks, by attempt and commit. */
  readonly #counted = new Set<number | string>()
  #admissions = 0
  #readmissions = 0
  readonly #verdict: Verdict

  constructor(id: string, verdict: Verdict) {
    this.id = id
    this.#verdict = verdict
    this.approvals = new Approvals(verdict)
  }

  /** Takes the next commit of its stream. Throws Malformed. */
  take({ commit, stream, at, events }: PackCommit): void {
    this.last = at
    for (const event of events) this.#hear(event, `${stream}@${commit}`, at)
  }

  #hear({ type, data }: PackEvent, where: string, at: string): void {
    if (this.ended && work.has(type))
      this.#verdict.find('told-after-end', where, `${type} follows ${this.ended.as}.`)
    if (ends.has(type)) {
      if (this.ended) this.#verdict.find('told-twice', where, `${type} follows ${this.ended.as}.`)
      this.ended ??= { as: type, at }
    }
    switch (type) {
      case 'UpgradeRequested': {
        if (this.request) this.#verdict.find('told-twice', where, 'It was asked for before.')
        const request = objectOf(memberOf(data, 'request'), 'request')
        this.approvals.request(textOf(data, 'by'), request)
        this.request = request
        return
      }
      case 'UpgradePlanned':
        if (this.planned) this.#verdict.find('told-twice', where, 'It was planned before.')
        this.planned = plannedOf(data)
        this.approvals.plan(this.planned)
        return
      case 'ApprovalGiven':
        this.approvals.approve(data, where)
        return
      case 'ApprovalsVoided':
        this.approvals.void()
        return
      case 'ApprovalsDemanded':
        this.approvals.demand(data, where)
        return
      case 'WindowSet':
        this.approvals.moveWindow(data)
        return
      case 'WaveStarted':
        this.#begin(where, at)
        return
      case 'TargetsAdmitted':
        this.#begin(where, at)
        this.#admit(data, where, Date.parse(at))
        return
      case 'OutcomesRecorded':
        for (const outcome of listOf(data, 'outcomes'))
          this.#cite(objectOf(outcome, 'outcome'), where, 'AttemptEnded')
        return
      case 'MembersRegressed':
        for (const member of listOf(data, 'members'))
          this.#cite(objectOf(member, 'member'), where, 'AttemptRegressed')
        return
      case 'MeasurementTaken':
        this.measurements++
    }
  }

  #begin(where: string, at: string): void {
    this.began ??= at
    this.approvals.begin(where)
  }

  #admit(data: JsonObject, where: string, at: number): void {
    const bounded = (count: number, most: number) => {
      if (count > most)
        throw new Unreadable('too-many-members', `${where}: at most ${most} members are admitted.`)
    }
    for (const member of membersIn(listOf(data, 'members'), this.planned?.members ?? 0)) {
      bounded(++this.#admissions, limits.members)
      if (!this.admitted.has(member)) this.admitted.set(member, { at, n: 1, ends: 0 })
    }
    for (const [member, n] of admittedAgain(data, this.planned?.members ?? 0)) {
      bounded(++this.#readmissions, limits.readmitted)
      const known = this.admitted.get(member)
      if (known) known.n = Math.max(known.n, n)
      else this.#verdict.find('not-as-planned', where, `Member ${member} is admitted again, and never was.`)
    }
  }

  #cite(data: JsonObject, where: string, type: Cited['type']): void {
    const [member, n, commit] = [countOf(data, 'member'), countOf(data, 'n'), countOf(data, 'commit')]
    // Most have succeeded, which is not written.
    const outcome = memberOf(data, 'outcome') === undefined ? 'succeeded' : outcomeOf(data)
    const attempt = attemptOf(member, n)
    const counted = type === 'AttemptEnded' ? attempt : `${attempt} ${commit}`
    if (this.#counted.has(counted)) {
      this.#verdict.find(
        'told-twice',
        where,
        `The end of attempt ${n} of member ${member} was counted before.`,
      )
      return
    }
    this.#counted.add(counted)
    if (this.cited.length >= limits.attempts)
      throw new Unreadable('too-many-ends', `${where}: at most ${limits.attempts} ends are counted.`)
    this.cited.push({ where, member, n, commit, outcome, type })
    if (type !== 'AttemptEnded') return
    this.outcomes++
    const admitted = this.admitted.get(member)
    if (admitted) admitted.ends++
  }

  /** Yields the members that were admitted oftener than ends of theirs are counted. */
  *unended(): Generator<number> {
    for (const [member, { n, ends }] of this.admitted) if (ends < n) yield member
  }
}
