import { instantOf } from '../../../events/time.ts'
import { noteMachine, type ProcedureState, procedureAggregate } from '../../domain/procedure/aggregate.ts'
import { machineOf } from '../../domain/procedure/machine.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { machineUnused } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import type { ProcedureMachines } from '../../work/procedure-machines.ts'
import { duty } from '../duty.ts'
import type { Healer } from '../healer.ts'

/** What machines of procedures are kept with. */
export interface KeepsMachines {
  readonly log: Log
  readonly procedureMachines: ProcedureMachines
}

/** Names a revision in words. */
function revisionName({ name, revision }: { readonly name: string; readonly revision: number }): string {
  return `${name} ${revision}`
}

/** Makes the state machine of a revision, and notes that it is there. Twice is once. */
export async function makeMachine(
  { log, procedureMachines }: KeepsMachines,
  reference: { readonly name: string; readonly revision: number; readonly hash: string },
  cause: Metadata,
): Promise<void> {
  const { name, revision } = reference
  const document = await documentOf(log, reference)
  await procedureMachines.make({ name, revision }, (tasks) => machineOf(name, revision, document, tasks))
  await log.of(procedureAggregate, name).carryOut(noteMachine({ revision, made: true }), cause)
}

/** A procedure was revised: its state machine is made from the document, so that people find it before anything runs. */
export const makeMachines = duty(
  'make-machines',
  procedureAggregate,
  ['ProcedureRevised'],
  async ({ events, cause }, services: KeepsMachines) => {
    const each = new OnTheirOwn()
    await each.each(
      events,
      1,
      ({ data }) => makeMachine(services, data, cause),
      ({ data }) => revisionName(data),
    )
    each.end()
  },
)

/** Returns the revisions whose machines nobody has needed for long: a later one has been there since. */
function unusedIn({ revisions }: ProcedureState, now: number): readonly number[] {
  const since = instantOf(now - machineUnused)
  return revisions.flatMap(({ machine }, place) => {
    const later = revisions[place + 1]
    return machine && later && later.at < since ? [place + 1] : []
  })
}

/**
 * Makes the machine of the last revision where it is missing, and removes those that nobody has needed for long: who needs one makes it again. One that fails
 * keeps no other from it.
 */
export const keepsMachines: Healer = {
  aggregate: procedureAggregate.name,
  async heal(services, { id, cause }) {
    const { log, now, procedureMachines } = services
    const { state } = await log.load(procedureAggregate, id)
    const { latest, revisions } = state
    const missing = latest !== null && revisions[latest.revision - 1]?.machine === false
    const each = new OnTheirOwn()
    if (missing)
      await each.one(revisionName({ ...latest, name: id }), () =>
        makeMachine(services, { ...latest, name: id }, cause),
      )
    const remove = async (revision: number) => {
      await procedureMachines.remove({ name: id, revision })
      await log.of(procedureAggregate, id).carryOut(noteMachine({ revision, made: false }), cause)
    }
    await each.each(unusedIn(state, now()), 1, remove, (revision) => revisionName({ name: id, revision }))
    each.end()
    return missing ? 1 : 0
  },
}
