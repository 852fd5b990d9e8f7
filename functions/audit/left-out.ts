import type { TargetEvent } from '../../events/target.ts'
import { after, minute } from '../../events/time.ts'
import type { History, Told } from './history.ts'

/** The reasons for leaving a target out that its own stream shows; the others follow from releases, profiles and rows. */
const shownByTarget = [
  ...(['retired', 'component_missing', 'pinned'] as const),
  ...(['update_in_progress', 'already_at_version', 'moved_on'] as const),
]
type Shown = (typeof shownByTarget)[number]

/** So long before a plan is written its targets may have been looked at, in milliseconds. */
const lookedBefore = minute

/** What is asked of a target that a rollback does not take. */
export interface Asked {
  readonly component: string
  /** When the rollback was planned. */
  readonly at: string
  /** What an upgrade does for the family that is taken back; undefined: it is none of it. */
  readonly inFamily: (upgrade: string) => 'try' | 'rollback' | undefined
}

/** What a target's stream says of one component, as far as a rollback may leave the target out for it. */
class Standing {
  #version: string | undefined
  #pinned = false
  #retired = false
  #drifted = false
  #active: { readonly attempt: string; readonly upgrade: string } | null = null
  #last: { readonly upgrade: string; readonly succeeded: boolean } | null = null
  #putBy: string | null = null
  readonly #asked: Asked

  constructor(asked: Asked) {
    this.#asked = asked
  }

  hear(event: TargetEvent): void {
    const { component } = this.#asked
    switch (event.type) {
      case 'TargetRegistered':
        this.#version = new Map(Object.entries(event.data.components)).get(component)
        return
      case 'TargetPinned':
        this.#pinned = event.data.component === null || event.data.component === component
        return
      case 'TargetUnpinned':
        this.#pinned = false
        return
      case 'TargetRetired':
        this.#retired = true
        return
      case 'VersionReported':
        if (event.data.component === component) this.#version = event.data.version
        return
      case 'DriftFound':
        if (event.data.component === component) this.#drifted = true
        return
      case 'AttemptAssigned':
        this.#active = event.data
        return
      case 'AttemptEnded': {
        const { attempt, upgrade, outcome } = event.data
        // One that was skipped was never assigned: another may be under way all the while.
        if (this.#active?.attempt === attempt) this.#active = null
        if (event.data.component !== component || outcome === 'withdrawn' || outcome === 'skipped') return
        this.#last = { upgrade, succeeded: outcome === 'succeeded' }
        if (outcome !== 'succeeded') return
        this.#putBy = upgrade
        this.#drifted = false
      }
    }
  }

  /** Returns the reasons that it shows now. */
  reasons(): Shown[] {
    const { inFamily } = this.#asked
    const isBack = this.#last?.succeeded === true && inFamily(this.#last.upgrade) === 'rollback'
    const isBusy = this.#active !== null && inFamily(this.#active.upgrade) !== 'try'
    const shown: Readonly<Record<Shown, boolean>> = {
      ...{ retired: this.#retired, component_missing: this.#version === undefined, pinned: this.#pinned },
      update_in_progress: isBusy,
      already_at_version: this.#drifted || isBack,
      moved_on: this.#drifted || (this.#putBy !== null && inFamily(this.#putBy) === undefined),
    }
    return shownByTarget.filter((reason) => shown[reason])
  }
}

/** Returns why a target may have been left out of a rollback, as its own stream shows it in the minute before. */
function shownBy(told: readonly Told<TargetEvent>[], asked: Asked): ReadonlySet<string> {
  const standing = new Standing(asked)
  const since = after(asked.at, -lookedBefore)
  let found = new Set<string>()
  for (const commit of told) {
    if (commit.at > asked.at) break
    for (const event of commit.told) standing.hear(event)
    found = new Set(commit.at > since ? [...found, ...standing.reasons()] : standing.reasons())
  }
  return found
}

/**
 * Returns those of the targets that a rollback does not take for whom its plan has no reason: none that their own streams show, and none of which only
 * releases, profiles and rows tell.
 */
export function unexplained(
  { targets }: Pick<History, 'targets'>,
  overlooked: Iterable<string>,
  leftOut: Readonly<Record<string, number>>,
  asked: Asked,
): string[] {
  const shown: readonly string[] = shownByTarget
  const others = Object.entries(leftOut).filter(([reason]) => !shown.includes(reason))
  const bears = others.reduce((sum, [, count]) => sum + count, 0)
  const without = [...overlooked].filter((target) => {
    const reasons = shownBy(targets.get(target) ?? [], asked)
    return ![...reasons].some((reason) => Object.hasOwn(leftOut, reason))
  })
  return without.slice(bears)
}
