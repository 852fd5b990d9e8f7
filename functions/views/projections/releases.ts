import type { ReleaseEvent } from '../../../events/release.ts'
import type { Projection } from '../projection.ts'
import { type ReleaseRow, viewNames } from '../rows.ts'

/** Every release, by component and version. */
export const releases: Projection<ReleaseEvent, ReleaseRow> = {
  name: 'releases',
  place: (_event, { id, number }) => ({ view: viewNames.releases, row: id, sequence: number }),
  apply(body, event, { id, at }) {
    if (event.type === 'ReleaseRegistered')
      return { ...event.data, withdrawn: null, heldBack: null, registeredAt: at }
    if (!body) throw new Error(`The release ${id} has ${event.type} before it was registered.`)
    switch (event.type) {
      case 'ManifestSigned': {
        const { counter, expires, minimumVersion, signatures } = event.data
        return { ...body, signed: { counter, expires, minimumVersion, signatures: signatures.length } }
      }
      case 'SignaturesAdded': {
        const { signed } = body
        const added = event.data.signatures.length
        return signed ? { ...body, signed: { ...signed, signatures: signed.signatures + added } } : body
      }
      case 'ReleasePromoted':
        return { ...body, channel: event.data.channel }
      case 'ReleaseBlocked':
        return { ...body, blocked: { reason: event.data.reason } }
      case 'ReleaseUnblocked': {
        const { blocked: _, ...unblocked } = body
        return unblocked
      }
      case 'ReleaseWithdrawn':
        return { ...body, withdrawn: { reason: event.data.reason } }
      case 'ReleaseHeldBack':
        return { ...body, heldBack: { ...event.data, since: at } }
      case 'ReleaseTested':
      case 'VerdictPosted':
        return body
      case 'ReleaseFreed':
        return { ...body, heldBack: null }
    }
  },
}
