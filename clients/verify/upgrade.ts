import type { PackCommit, PackEvent } from './commit.ts'
import { countOf, type JsonObject, listOf, memberOf, objectOf, textOf } from './json.ts'
import { limits } from './limits.ts'
import { approvalsAsked, membersIn, type Planned, plannedOf } from './plan.ts'
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

/** An approval that counts, as what its giver had given it. */
export interface Approval {
  readonly by: string
  readonly role: string | undefined
}

/** A moment at which policies have to have been met: what they asked for, and who had approved by then. */
export interface Beginning {
  readonly where: string
  readonly demands: readonly JsonObject[]
  readonly approvals: readonly Approval[]
}

/** Reads the stream of an upgrade: what was asked for, planned, approved, admitted, measured and counted. */
export class Upgrade {
  readonly id: string
  request: JsonObject | undefined
  planned: Planned | undefined
  /** When the first targets were admitted; undefined: none were. */
  began: string | undefined
  ended: string | undefined
  approvals = 0
  measurements = 0
  outcomes = 0
  readonly admitted = new Set<number>()
  readonly cited: Cited[] = []
  /** The first wave, and each that began after approvals had been voided. */
  readonly beginnings: Beginning[] = []
  /** Those that count for what the request asks for. */
  readonly #approvers = new Set<string>()
  #given: Approval[] = []
  #demands: readonly JsonObject[] = []
  #isAsked = true
  #requestedBy = ''
  #admissions = 0
  readonly #verdict: Verdict

  constructor(id: string, verdict: Verdict) {
    this.id = id
    this.#verdict = verdict
  }

  /** Takes the next commit of its stream. Throws Malformed. */
  take({ commit, stream, at, events }: PackCommit): void {
    for (const event of events) this.#hear(event, `${stream}@${commit}`, at)
  }

  #hear({ type, data }: PackEvent, where: string, at: string): void {
    switch (type) {
      case 'UpgradeRequested':
        this.request = objectOf(memberOf(data, 'request'), 'request')
        this.#requestedBy = textOf(data, 'by')
        return
      case 'UpgradePlanned':
        this.planned = plannedOf(data)
        return
      case 'ApprovalGiven':
        this.#approve(data, where)
        return
      case 'ApprovalsVoided':
        this.#approvers.clear()
        this.#given = []
        this.#isAsked = true
        return
      case 'ApprovalsDemanded':
        this.#demands = listOf(data, 'demands').map((demand) => objectOf(demand, 'demand'))
        return
      case 'WaveStarted':
        this.#begin(where, at)
        return
      case 'TargetsAdmitted':
        this.began ??= at
        for (const member of membersIn(listOf(data, 'members'), this.planned?.members ?? 0)) {
          if (++this.#admissions > limits.members)
            throw new Unreadable(
              'too-many-members',
              `${where}: at most ${limits.members} members are admitted.`,
            )
          this.admitted.add(member)
        }
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
        return
      case 'UpgradeCompleted':
      case 'UpgradeAborted':
      case 'UpgradeRejected':
      case 'UpgradeExpired':
      case 'PlanningFailed':
        this.ended = type
    }
  }

  #approve(data: JsonObject, where: string): void {
    const [by, planHash] = [textOf(data, 'by'), textOf(data, 'planHash')]
    // One that policies asked for alone may be of somebody whom the request does not mean.
    const counts = memberOf(data, 'counts')
    const isForRequest = counts === undefined || memberOf(objectOf(counts, 'counts'), 'request') === true
    const approvers = this.request && isForRequest ? approvalsAsked(this.request).approvers : null
    const authors = this.request ? memberOf(this.request, 'authors') : undefined
    const wrong =
      planHash !== this.planned?.planHash
        ? 'approved another plan'
        : by === this.#requestedBy
          ? 'approved what they had asked for'
          : Array.isArray(authors) && (authors as readonly unknown[]).includes(by)
            ? 'approved what they had edited'
            : approvers && !approvers.includes(by)
              ? 'is not among the approvers'
              : undefined
    if (wrong !== undefined) {
      this.#verdict.find('not-approved', where, `${by} ${wrong}.`)
      return
    }
    if (isForRequest) this.#approvers.add(by)
    const role = memberOf(data, 'role')
    this.#given.push({ by, role: typeof role === 'string' ? role : undefined })
    this.approvals++
  }

  /** Returns how many people have to approve the plan. Throws Malformed. */
  needed(): number {
    const exposure = this.planned ? memberOf(this.planned.data, 'exposure') : undefined
    return Math.max(
      this.request ? approvalsAsked(this.request).required : 0,
      exposure === undefined ? 0 : countOf(objectOf(exposure, 'exposure'), 'approvals'),
    )
  }

  #begin(where: string, at: string): void {
    this.began ??= at
    if (this.#isAsked && this.#demands.length > 0)
      this.beginnings.push({ where, demands: this.#demands, approvals: [...this.#given] })
    this.#isAsked = false
    const needed = this.needed()
    if (this.#approvers.size < needed)
      this.#verdict.find(
        'not-approved',
        where,
        `It went on with ${this.#approvers.size} of ${needed} approvals.`,
      )
  }

  #cite(data: JsonObject, where: string, type: Cited['type']): void {
    if (type === 'AttemptEnded') this.outcomes++
    const [member, n, commit] = [countOf(data, 'member'), countOf(data, 'n'), countOf(data, 'commit')]
    // Most have succeeded, which is not written.
    const outcome = memberOf(data, 'outcome') === undefined ? 'succeeded' : textOf(data, 'outcome')
    this.cited.push({ where, member, n, commit, outcome, type })
  }
}
