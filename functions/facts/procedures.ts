import type { ProcedureDocument, ProcedureReference } from '../../events/procedure.ts'
import type { SavedValues, TargetEvent } from '../../events/target.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { boundedMapsBy } from '../bounded-map.ts'
import { type ProcedureState, procedureAggregate } from '../domain/procedure/aggregate.ts'
import { longestCourse } from '../domain/procedure/steps.ts'
import type { Rejection } from '../domain/rejection.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { NotInTheLog } from '../errors.ts'
import type { Log } from '../log/log.ts'

/** Revisions never change: those that an instance of a function has read are kept, so many at most. */
const keptBy = boundedMapsBy<Log, ProcedureDocument>(50)

/** Returns the document of a revision. Throws NotInTheLog where there is none of that content. */
export async function documentOf(
  log: Log,
  { name, revision, hash }: ProcedureReference,
): Promise<ProcedureDocument> {
  const kept = keptBy(log)
  const known = kept.get(hash)
  if (known) return known
  for await (const { event } of log
    .of(procedureAggregate, name)
    .events({ consistent: true }, ['ProcedureRevised'])) {
    if (event.data.revision !== revision || event.data.hash !== hash) continue
    kept.set(hash, event.data.document)
    return event.data.document
  }
  throw new NotInTheLog(`Revision ${revision} of the procedure ${name}`)
}

/** A procedure that an upgrade may bind, and how long it may take on one target, in seconds. */
export interface BoundProcedure {
  readonly reference: ProcedureReference
  readonly seconds: number
}

function referenceIn({ latest, revisions }: ProcedureState, name: string, revision: number | null) {
  if (revision === null) return latest ? { name, revision: latest.revision, hash: latest.hash } : undefined
  const found = revisions[revision - 1]
  return found && { name, revision, hash: found.hash }
}

/** Returns what a request binds that names a procedure: the revision that it names, or the last. */
export async function procedureFor(
  log: Log,
  { name, revision }: { readonly name: string; readonly revision: number | null },
): Promise<BoundProcedure | { readonly rejected: Rejection }> {
  const { state } = await log.load(procedureAggregate, name)
  const reference = referenceIn(state, name, revision)
  if (!reference) {
    const which = revision === null ? 'procedure' : `revision ${revision} of the procedure`
    const detail = `There is no ${which} ${name}. PUT /api/v1/procedures/{name} stores one.`
    const field = { field: 'procedure', value: name, expected: 'a procedure that is stored' }
    return { rejected: { code: 'procedure-not-registered', detail, fields: [field] } }
  }
  return { reference, seconds: longestCourse(await documentOf(log, reference)) }
}

/** Returns a request that is bound to a procedure: an attempt may then take as long as all of its steps may, the way back included. */
export function withProcedure(
  request: UpgradeRequest,
  { reference, seconds }: BoundProcedure,
): UpgradeRequest {
  const { deadlines } = request
  const attempt = Math.max(deadlines.attempt, seconds)
  return { ...request, procedure: reference, deadlines: { ...deadlines, attempt } }
}

type Told = Extract<TargetEvent, { type: 'AttemptAssigned' | 'StepStarted' | 'StepEnded' }>

/** What is known of the steps that attempts of a family have begun on a target and not undone: what each has saved, in their order. */
class Standing {
  readonly #begun = new Map<string, SavedValues | undefined>()
  readonly #counted = new Set<string>()
  readonly #upgrades: ReadonlySet<string>

  constructor(upgrades: ReadonlySet<string>) {
    this.#upgrades = upgrades
  }

  hear({ type, data }: Told): void {
    if (type === 'AttemptAssigned' && data.procedure && this.#upgrades.has(data.upgrade))
      this.#counted.add(data.attempt)
    if (type === 'AttemptAssigned' || !this.#counted.has(data.attempt)) return
    const { direction, step } = data
    const known = this.#begun.get(step)
    if (type === 'StepStarted') {
      // Whatever became of it: an attempt may have ended before anybody knew.
      if (direction === 'there') this.#begun.set(step, known)
    } else if (direction === 'back') {
      if (data.outcome !== 'failed') this.#begun.delete(step)
    } else if (this.#begun.has(step)) {
      // What an earlier attempt saved is older, and was not undone: that is what there was before all of them.
      this.#begun.set(step, known ?? data.saved)
    }
  }

  get steps(): readonly string[] {
    return [...this.#begun.keys()]
  }

  get saved(): Readonly<Record<string, SavedValues>> {
    return Object.fromEntries([...this.#begun].map(([step, saved]) => [step, saved ?? {}]))
  }
}

/** Returns which steps upgrades of a family have begun on a target and not undone, and what these saved: what a rollback undoes. */
export async function stepsStanding(
  log: Log,
  target: string,
  upgrades: ReadonlySet<string>,
): Promise<{ readonly steps: readonly string[]; readonly saved: Readonly<Record<string, SavedValues>> }> {
  const standing = new Standing(upgrades)
  const types = ['AttemptAssigned', 'StepStarted', 'StepEnded'] as const
  const told = log.of(targetAggregate, target).events({ consistent: true }, types)
  for await (const { event } of told) standing.hear(event)
  return { steps: standing.steps, saved: standing.saved }
}
