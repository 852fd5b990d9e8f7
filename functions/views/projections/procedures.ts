import { cut } from '../../../events/cut.ts'
import type { ProcedureEvent } from '../../../events/procedure.ts'
import type { Projection } from '../projection.ts'
import { type ProcedureRow, viewNames } from '../rows.ts'

/** Every procedure by its name, as its last revision has it. */
export const procedures: Projection<ProcedureEvent, ProcedureRow> = {
  name: 'procedures',
  place: (_event, { id, number }) => ({ view: viewNames.procedures, row: id, sequence: number }),
  apply(body, event, { id, at }) {
    if (event.type === 'ProcedureRevised') {
      const { revision, hash, document, by } = event.data
      const { description, steps } = document
      return { name: id, revision, hash, description: cut(description, 256), steps: steps.length, by, at }
    }
    if (!body) throw new Error(`The procedure ${id} has ${event.type} before it was stored.`)
    // Which machines there are is nobody's question that reads a list.
    return body
  },
}
