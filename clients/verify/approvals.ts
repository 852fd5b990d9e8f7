import { countOf, type JsonObject, listOf, Malformed, memberOf, objectOf, textOf } from './json.ts'
import { limits } from './limits.ts'
import type { Planned } from './plan.ts'
import { Unreadable, type Verdict } from './verdict.ts'

/** An approval that counts, as what its giver had given it. */
export interface Approval {
  readonly by: string
  readonly role: string | undefined
}

/** A policy, as it was defined, that asks for approvals. */
interface Demand {
  readonly policy: string
  readonly revision: number
}

/** A moment at which policies have to have been met: what they asked for, and who had approved by then. */
export interface Beginning {
  readonly where: string
  readonly demands: readonly Demand[]
  readonly approvals: readonly Approval[]
}

const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= limits.name

/** Under this name the control plane acts itself: it shapes nothing that anybody asked for. */
const system = 'drydock'

/** Judges, in the order of an upgrade's stream, whether anything began or went on without the approvals that it needed then. */
export class Approvals {
  /** The first beginning, and each after policies had asked anew or approvals were voided. */
  readonly beginnings: Beginning[] = []
  /** How many people have to approve, by the request and by the plan. */
  needed = 0
  #required = 0
  /** Null: whoever is entitled. */
  #approvers: ReadonlySet<unknown> | null = null
  #planHash: string | undefined
  /** Who asked for it, or shaped what is asked for. */
  readonly #authors = new Set<string>()
  /** Who gave it the window that it has. */
  #windowBy: string | undefined
  /** Those that count for what the request asks for. */
  readonly #counted = new Set<string>()
  readonly #given = new Map<string, Approval>()
  #demands: readonly Demand[] = []
  #isAsked = true
  #lookedAt = 0
  readonly #verdict: Verdict

  constructor(verdict: Verdict) {
    this.#verdict = verdict
  }

  /** How many people have approved what is planned now. */
  get given(): number {
    return this.#given.size
  }

  /** It is asked for: what was approved before was something else. Throws Malformed. */
  request(by: string, request: JsonObject): void {
    const asked = objectOf(memberOf(request, 'approvals'), 'approvals')
    const [approvers, authors] = [memberOf(asked, 'approvers'), memberOf(request, 'authors')]
    this.#required = countOf(asked, 'required')
    this.needed = this.#required
    this.#approvers = Array.isArray(approvers) ? new Set(approvers as readonly unknown[]) : null
    for (const author of [by, ...(Array.isArray(authors) ? (authors as readonly unknown[]) : [])])
      if (isName(author)) this.#authors.add(author)
    this.#bound(this.#authors.size, 'people ask for it')
    this.void()
  }

  /** It is planned: what was approved before was another plan. Throws Malformed. */
  plan({ planHash, data }: Planned): void {
    const exposure = memberOf(data, 'exposure')
    const ofPlan = exposure === undefined ? 0 : countOf(objectOf(exposure, 'exposure'), 'approvals')
    this.needed = Math.max(this.#required, ofPlan)
    this.#planHash = planHash
    this.void()
  }

  /** What was approved counts no more. */
  void(): void {
    this.#counted.clear()
    this.#given.clear()
    this.#isAsked = true
  }

  /** Somebody has given it another window. Throws Malformed. */
  moveWindow(data: JsonObject): void {
    const by = textOf(data, 'by')
    this.#windowBy = by === system ? undefined : by
  }

  /** Policies ask for other approvals than before. Throws Malformed. */
  demand(data: JsonObject, where: string): void {
    const demands = listOf(data, 'demands')
    if (demands.length > limits.demands)
      throw new Unreadable('too-many-demands', `${where}: policies ask for at most ${limits.demands} things.`)
    this.#demands = demands.map((demand) => {
      const asked = objectOf(demand, 'demand')
      const policy = textOf(asked, 'policy')
      if (!isName(policy)) throw new Malformed('policy is no name')
      return { policy, revision: countOf(asked, 'revision') }
    })
    this.#isAsked = true
  }

  /** Somebody approves. Throws Malformed. */
  approve(data: JsonObject, where: string): void {
    const [by, planHash] = [textOf(data, 'by'), textOf(data, 'planHash')]
    // One that policies asked for alone may be of somebody whom the request does not mean.
    const counts = memberOf(data, 'counts')
    const isForRequest = counts === undefined || memberOf(objectOf(counts, 'counts'), 'request') === true
    const wrong = this.#whyNot(by, planHash, isForRequest)
    if (wrong !== undefined) {
      this.#verdict.find('not-approved', where, wrong)
      return
    }
    this.#bound(this.#given.size + 1, `people approve it, as ${where} has it`)
    if (isForRequest) this.#counted.add(by)
    const role = memberOf(data, 'role')
    this.#given.set(by, { by, role: isName(role) ? role : undefined })
  }

  #bound(count: number, words: string): void {
    if (count > limits.approvals)
      throw new Unreadable('too-many-approvals', `At most ${limits.approvals} ${words}.`)
  }

  /** Returns why an approval counts for nothing; undefined: it counts. */
  #whyNot(by: string, planHash: string, isForRequest: boolean): string | undefined {
    if (by.trim() === '' || !isName(by)) return 'Whoever approved has no name.'
    if (planHash !== this.#planHash) return `${by} approved another plan.`
    if (this.#authors.has(by)) return `${by} approved what they had asked for, or shaped.`
    if (by === this.#windowBy) return `${by} approved the window that they had set.`
    if (isForRequest && this.#approvers && !this.#approvers.has(by))
      return `${by} is not among the approvers.`
    return undefined
  }

  /** Something begins, or targets are admitted. */
  begin(where: string): void {
    if (this.#planHash === undefined)
      this.#verdict.find('not-approved', where, 'It went on before anything was planned.')
    if (this.#isAsked && this.#demands.length > 0) {
      this.#lookedAt += this.#demands.length * (1 + this.#given.size)
      this.#bound(this.#lookedAt, 'approvals are looked at for policies')
      this.beginnings.push({ where, demands: this.#demands, approvals: [...this.#given.values()] })
    }
    this.#isAsked = false
    if (this.#counted.size < this.needed)
      this.#verdict.find(
        'not-approved',
        where,
        `It went on with ${this.#counted.size} of ${this.needed} approvals.`,
      )
  }
}
