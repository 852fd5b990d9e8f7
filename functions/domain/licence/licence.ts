import { canonicalJson } from '../../../events/canonical.ts'
import { type LicenceEvent, type LicenceTerms, licenceEvents } from '../../../events/licence.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { ComponentState } from '../component/component.ts'
import type { Rejection } from '../rejection.ts'

/** What a licence entitles to, and whether it still does. */
export interface LicenceState {
  /** Null: no such licence was ever defined. */
  readonly terms: LicenceTerms | null
  readonly label: string
  readonly revoked: { readonly reason: string; readonly since: string } | null
}

/** A decision about a licence. */
export type LicenceDecision = (state: LicenceState, now: string) => Decision<LicenceEvent, Rejection>

/** What entitles targets to releases: one stream a licence, under the hash of its key, so that whoever presents the key has named the stream. */
export const licenceAggregate: Aggregate<LicenceState, LicenceEvent> = {
  name: 'licence',
  stateSchema: 1,
  initial: { terms: null, label: '', revoked: null },
  evolve(state, event, { at }) {
    switch (event.type) {
      case 'LicenceDefined': {
        const { label, ...terms } = event.data
        return { ...state, label, terms }
      }
      case 'LicenceRevoked':
        return { ...state, revoked: { reason: event.data.reason, since: at } }
    }
  },
  decode: (type, schema, data) => licenceEvents.decode(type, schema, data),
  encode: licenceEvents.encode,
}

/** What has to be entitled to. */
export interface Licensed {
  readonly component: string
  /** Null: nobody says which, so it is asked for any. */
  readonly channel: string | null
}

/** Do releases of a component need a licence on this channel? `null`: on any that it may be. */
export function needsLicence(
  { licensing }: Pick<ComponentState, 'licensing'>,
  channel: Licensed['channel'],
): boolean {
  if (!licensing) return false
  return licensing.channels === null || channel === null || licensing.channels.includes(channel)
}

/** Do these terms entitle to a release at an instant? */
export function termsEntitle(
  { components, channels, expires }: LicenceTerms,
  { component, channel }: Licensed,
  now: string,
): boolean {
  if (expires !== null && expires <= now) return false
  if (components !== null && !components.includes(component)) return false
  return channels === null || channel === null || channels.includes(channel)
}

/** Does a licence entitle to a release at an instant? One that was never defined entitles to nothing, and so does one that was revoked. */
export function entitles({ terms, revoked }: LicenceState, licensed: Licensed, now: string): boolean {
  return terms !== null && revoked === null && termsEntitle(terms, licensed, now)
}

/** Defines a licence, or what it entitles to from now on; the same again changes nothing. A revoked one never comes back. */
export function defineLicence(definition: LicenceTerms & { readonly label: string }): LicenceDecision {
  return ({ terms, label, revoked }) => {
    if (revoked) {
      const detail = `The licence was revoked: ${revoked.reason} Make another key.`
      return reject({ code: 'licence-revoked', detail })
    }
    if (terms && canonicalJson({ ...terms, label }) === canonicalJson(definition)) return accept()
    return accept({ type: 'LicenceDefined', data: definition })
  }
}

/** Revokes a licence for good. The first reason stays. */
export function revokeLicence({ reason }: { readonly reason: string }): LicenceDecision {
  return ({ terms, revoked }) => {
    if (!terms) {
      const detail = 'No such licence is defined. GET /api/v1/licences lists those that are.'
      return reject({ code: 'licence-not-found', detail })
    }
    return revoked ? accept() : accept({ type: 'LicenceRevoked', data: { reason } })
  }
}
