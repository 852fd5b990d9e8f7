import type { PackCommit, PackEvent } from './commit.ts'
import { countOf, type JsonObject, memberOf, textOf, textOrNull } from './json.ts'
import { limits } from './limits.ts'
import type { Member, Plan } from './plan.ts'
import { attemptOf, outcomeOf, type Upgrade } from './upgrade.ts'
import { Unreadable, type Verdict } from './verdict.ts'

/** Ends that need no attempt under way: the slot was given back before anything began. */
const unbegun: ReadonlySet<unknown> = new Set(['skipped', 'deferred', 'withdrawn'])

/** So many milliseconds the clocks of two functions may differ, as whoever makes a pack takes it. */
const clocksDiffer = 3600_000

/** What a target tells of one attempt: that it was sent, and how it ended, in which commit. */
interface Attempt {
  isSent: boolean
  end: { readonly commit: number; readonly outcome: string } | undefined
}

/** Holds what targets tell of an upgrade against its plan, and keeps the ends that they tell. */
export class Targets {
  readonly #upgrade: Upgrade
  readonly #plan: Plan
  readonly #verdict: Verdict
  /** By attempt. */
  readonly #attempts = new Map<number, Attempt>()
  /** What followed on a success, by attempt and commit. */
  readonly #setbacks = new Map<string, string>()
  /** By target: the last commit that tells of the upgrade. */
  readonly told = new Map<string, number>()
  assigned = 0

  constructor(upgrade: Upgrade, plan: Plan, verdict: Verdict) {
    this.#upgrade = upgrade
    this.#plan = plan
    this.#verdict = verdict
  }

  /** Takes the next commit of a target. Throws Malformed. */
  take({ id, stream, commit, at, events }: PackCommit): void {
    for (const event of events) {
      const { data } = event
      if (memberOf(data, 'upgrade') !== this.#upgrade.id) continue
      this.told.set(id, commit)
      const member = countOf(data, 'member')
      const planned = this.#plan.members[member]
      const where = `${stream}@${commit}`
      if (planned?.target !== id) {
        const words = `It is told of member ${member}, which is ${planned?.target ?? 'none'}.`
        this.#verdict.find('not-as-planned', where, words)
        continue
      }
      this.#judgeTime(event, member, at, where)
      this.#hear(event, { member, planned, commit, where })
    }
  }

  #hear(
    { type, data }: PackEvent,
    told: {
      readonly member: number
      readonly planned: Member
      readonly commit: number
      readonly where: string
    },
  ): void {
    const { member, commit, where } = told
    const n = countOf(data, 'n')
    const attempt = attemptOf(member, n)
    const known = this.#attempts.get(attempt) ?? { isSent: false, end: undefined }
    this.#attempts.set(attempt, known)
    if (this.#attempts.size + this.#setbacks.size > limits.attempts)
      throw new Unreadable('too-many-attempts', `${where}: at most ${limits.attempts} attempts are told of.`)
    if (type === 'AttemptAssigned') {
      if (known.isSent || known.end)
        this.#verdict.find('told-twice', where, `It was sent by attempt ${n} before.`)
      else {
        known.isSent = true
        this.assigned++
      }
      this.#judgeSent(data, n, told)
      return
    }
    if (!known.isSent && !unbegun.has(memberOf(data, 'outcome')))
      this.#verdict.find('commit-dropped', where, 'It tells of an attempt whose beginning is missing.')
    if (type === 'AttemptRegressed') this.#setbacks.set(`${attempt} ${commit}`, outcomeOf(data))
    if (type !== 'AttemptEnded') return
    if (known.end) this.#verdict.find('told-twice', where, `Attempt ${n} had ended before.`)
    else known.end = { commit, outcome: outcomeOf(data) }
  }

  /** Was it sent to what the plan says, when the upgrade had admitted it so often? Throws Malformed. */
  #judgeSent(
    data: JsonObject,
    n: number,
    { member, planned, where }: { readonly member: number; readonly planned: Member; readonly where: string },
  ): void {
    const digest = planned.digest === undefined ? (this.#upgrade.planned?.digest ?? null) : planned.digest
    const as = [textOf(data, 'from'), textOf(data, 'to'), textOrNull(data, 'digest')]
    const meant = [planned.from, planned.to, digest]
    if (as.some((one, place) => one !== meant[place]))
      this.#verdict.find(
        'not-as-planned',
        where,
        `It was sent ${as.join(', ')}, and planned was ${meant.join(', ')}.`,
      )
    const { admitted, ended } = this.#upgrade
    const times = admitted.get(member)?.n ?? 0
    // While it goes on, a target may have been sent once more since its stream was read.
    if (times === 0 || (ended && n > times))
      this.#verdict.find('not-as-planned', where, `It was sent by attempt ${n}, and admitted ${times} times.`)
  }

  /** Clocks differ, and setbacks may come when all is over; beside that nothing happens before its admission, or after the end. */
  #judgeTime({ type }: PackEvent, member: number, at: string, where: string): void {
    const time = Date.parse(at)
    const { ended, admitted } = this.#upgrade
    const since = admitted.get(member)?.at
    if (since !== undefined && time < since - clocksDiffer)
      this.#verdict.find(
        'out-of-time',
        where,
        `It is of ${at}, and it was admitted at ${new Date(since).toISOString()}.`,
      )
    const isBound = type === 'AttemptAssigned' || type === 'AttemptEnded'
    if (isBound && ended && time > Date.parse(ended.at) + clocksDiffer)
      this.#verdict.find('out-of-time', where, `It is of ${at}, and the upgrade was over at ${ended.at}.`)
  }

  /** Every end that the upgrade counts has to be told by its target. */
  end(): void {
    for (const { where, member, n, commit, outcome, type } of this.#upgrade.cited) {
      const attempt = attemptOf(member, n)
      const end = this.#attempts.get(attempt)?.end
      const told =
        type === 'AttemptRegressed'
          ? this.#setbacks.get(`${attempt} ${commit}`)
          : end?.commit === commit
            ? end.outcome
            : undefined
      if (told !== outcome)
        this.#verdict.find(
          'outcome-not-told',
          where,
          `Commit ${commit} of target ${this.#plan.members[member]?.target} does not tell that member ${member} ${outcome}.`,
        )
    }
  }
}
