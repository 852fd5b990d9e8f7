import { type ComponentEvent, componentEvents } from '../../../events/component.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { defaultScheme, isVersionIn, schemeWords, type VersionScheme } from '../version/scheme.ts'

/** What is said of a component once for all of its releases. */
export interface ComponentState {
  /** As it was set; null: nobody said, so it is the default. */
  readonly scheme: VersionScheme | null
  /** How many releases were numbered. */
  readonly releases: number
}

/** A decision about a component. */
export type ComponentDecision = (state: ComponentState, now: string) => Decision<ComponentEvent, Rejection>

/** How versions of a component are ordered: one stream a component, which numbers its releases. */
export const componentAggregate: Aggregate<ComponentState, ComponentEvent> = {
  name: 'component',
  stateSchema: 1,
  initial: { scheme: null, releases: 0 },
  evolve(state, event) {
    switch (event.type) {
      case 'SchemeSet':
        return { ...state, scheme: event.data.scheme }
      case 'ReleaseNumbered':
        return { ...state, releases: event.data.number }
    }
  },
  decode: (type, schema, data) => componentEvents.decode(type, schema, data),
  schemaOf: (type) => componentEvents.schemaOf(type),
}

/** Returns the scheme of a component. */
export function schemeOf({ scheme }: ComponentState): VersionScheme {
  return scheme ?? defaultScheme
}

/** Says how versions of a component are ordered: once, and before its first release, or releases would change places. */
export function setScheme({ scheme }: { readonly scheme: VersionScheme }): ComponentDecision {
  return (state) => {
    const untouched = state.scheme === null && state.releases === 0
    if (untouched) return accept({ type: 'SchemeSet', data: { scheme } })
    const present = schemeOf(state)
    if (present === scheme) return accept()
    return reject({
      code: 'scheme-fixed',
      detail:
        state.releases === 0
          ? `The scheme is ${present}: it is set once.`
          : `The scheme is ${present}, and releases are ordered by it: it is set once, before the first release.`,
    })
  }
}

/** Gives a release that is about to be registered its number, if its version is one in the scheme of the component. */
export function numberRelease({ version }: { readonly version: string }): ComponentDecision {
  return (state) => {
    const scheme = schemeOf(state)
    if (!isVersionIn(scheme, version)) {
      const other =
        state.releases === 0 && state.scheme === null
          ? ' For other versions set another scheme before the first release, with PUT /api/v1/components/{component}.'
          : ''
      return reject({
        code: 'version-invalid',
        detail: `"${version}" is no version in the scheme ${scheme}: write ${schemeWords[scheme]}.${other}`,
      })
    }
    return accept({ type: 'ReleaseNumbered', data: { version, number: state.releases + 1 } })
  }
}
