import type { LicenceEvent } from '../../../events/licence.ts'
import { type LicenceState, licenceAggregate } from '../../domain/licence/licence.ts'
import type { Projection } from '../projection.ts'
import { type LicenceRow, viewNames } from '../rows.ts'

function remembered({ components, channels, expires, label, revoked }: LicenceRow): LicenceState {
  return { terms: { components, channels, expires }, label, revoked }
}

/** Every licence, by the hash of its key. */
export const licences: Projection<LicenceEvent, LicenceRow> = {
  name: 'licences',
  place: (_event, { id, number }) => ({ view: viewNames.licences, row: id, sequence: number }),
  apply(body, event, context) {
    const { initial, evolve } = licenceAggregate
    const state = evolve(body ? remembered(body) : initial, event, context)
    // Nobody revokes what was never defined.
    if (!state.terms) return 'deleted'
    return {
      ...{ licence: context.id, label: state.label, ...state.terms, revoked: state.revoked },
      updatedAt: context.at,
    }
  },
}
