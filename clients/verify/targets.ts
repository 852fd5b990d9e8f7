import type { PackCommit } from './commit.ts'
import { countOf, memberOf, textOf, textOrNull } from './json.ts'
import type { Plan } from './plan.ts'
import type { Upgrade } from './upgrade.ts'
import type { Verdict } from './verdict.ts'

/** Ends that need no attempt under way: the slot was given back before anything began. */
const unbegun: ReadonlySet<unknown> = new Set(['skipped', 'deferred', 'withdrawn'])

/** Holds what targets tell of an upgrade against its plan, and keeps the ends that they tell. */
export class Targets {
  readonly #upgrade: Upgrade
  readonly #plan: Plan
  readonly #verdict: Verdict
  /** What is told of an end, by target, commit and place. */
  readonly #ends = new Set<string>()
  /** Attempts that were assigned, by upgrade's member and number. */
  readonly #assigned = new Set<string>()
  /** By target: the last commit that tells of the upgrade. */
  readonly told = new Map<string, number>()
  assigned = 0

  constructor(upgrade: Upgrade, plan: Plan, verdict: Verdict) {
    this.#upgrade = upgrade
    this.#plan = plan
    this.#verdict = verdict
  }

  /** Takes the next commit of a target. Throws Malformed. */
  take({ id, stream, commit, events }: PackCommit): void {
    for (const { type, data } of events) {
      if (memberOf(data, 'upgrade') !== this.#upgrade.id) continue
      this.told.set(id, commit)
      const [member, n] = [countOf(data, 'member'), countOf(data, 'n')]
      const planned = this.#plan.members[member]
      const where = `${stream}@${commit}`
      if (planned?.target !== id)
        this.#verdict.find(
          'not-as-planned',
          where,
          `It is told of member ${member}, which is ${planned?.target ?? 'none'}.`,
        )
      if (type === 'AttemptEnded' || type === 'AttemptRegressed')
        this.#ends.add([id, commit, type, member, n, textOf(data, 'outcome')].join(' '))
      if (type === 'AttemptAssigned') this.#assigned.add(`${member} ${n}`)
      else if (!this.#assigned.has(`${member} ${n}`) && !unbegun.has(memberOf(data, 'outcome')))
        this.#verdict.find('commit-dropped', where, 'It tells of an attempt whose beginning is missing.')
      if (type !== 'AttemptAssigned' || !planned) continue
      this.assigned++
      const digest = planned.digest === undefined ? (this.#upgrade.planned?.digest ?? null) : planned.digest
      const as = [textOf(data, 'from'), textOf(data, 'to'), textOrNull(data, 'digest')]
      if (as.join() !== [planned.from, planned.to, digest].join())
        this.#verdict.find(
          'not-as-planned',
          where,
          `It was sent ${as.join(', ')}, and planned was ${[planned.from, planned.to, digest].join(', ')}.`,
        )
      if (!this.#upgrade.admitted.has(member))
        this.#verdict.find('not-as-planned', where, 'It was sent before the upgrade had admitted it.')
    }
  }

  /** Every end that the upgrade counts has to be told by its target. */
  end(): void {
    for (const { where, member, n, commit, outcome, type } of this.#upgrade.cited) {
      const target = this.#plan.members[member]?.target
      if (target === undefined || !this.#ends.has([target, commit, type, member, n, outcome].join(' ')))
        this.#verdict.find(
          'outcome-not-told',
          where,
          `Commit ${commit} of target ${target} does not tell that member ${member} ${outcome}.`,
        )
    }
  }
}
