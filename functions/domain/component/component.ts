import { canonicalJson } from '../../../events/canonical.ts'
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
  /** By channel, the highest counter of a signed release, and which one bears it. */
  readonly counters: Readonly<Record<string, Counter>>
  /** On which channels its releases need a licence (null: on any); null: on none. */
  readonly licensing: { readonly channels: readonly string[] | null } | null
}

/** Where a signed release stands among those of its component on its channel. */
export interface Counter {
  readonly counter: number
  readonly version: string
  /** Of the release. */
  readonly digest: string
}

/** A decision about a component. */
export type ComponentDecision = (state: ComponentState, now: string) => Decision<ComponentEvent, Rejection>

/** How versions of a component are ordered: one stream a component, which numbers its releases. */
export const componentAggregate: Aggregate<ComponentState, ComponentEvent> = {
  name: 'component',
  stateSchema: 3,
  initial: { scheme: null, releases: 0, counters: {}, licensing: null },
  evolve(state, event) {
    switch (event.type) {
      case 'SchemeSet':
        return { ...state, scheme: event.data.scheme }
      case 'ReleaseNumbered':
        return { ...state, releases: event.data.number }
      case 'CounterRaised': {
        const { channel, ...counter } = event.data
        return { ...state, counters: { ...state.counters, [channel]: counter } }
      }
      case 'LicensingSet': {
        const { required, channels } = event.data
        return { ...state, licensing: required ? { channels } : null }
      }
    }
  },
  decode: (type, schema, data) => componentEvents.decode(type, schema, data),
  encode: componentEvents.encode,
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

/** Says whether releases of the component need a licence, and on which channels (null: on any); the same again changes nothing. */
export function setLicensing(licensing: {
  readonly required: boolean
  readonly channels: readonly string[] | null
}): ComponentDecision {
  return (state) => {
    const { required } = licensing
    const channels = required && licensing.channels ? licensing.channels.toSorted() : null
    const same = canonicalJson(state.licensing) === canonicalJson(required ? { channels } : null)
    return same ? accept() : accept({ type: 'LicensingSet', data: { required, channels } })
  }
}

/** A counter rises by no more at once: whoever could sign once could otherwise end all counting. */
const leapAtMost = 100_000_000

/** Where a counter may begin at most: by seconds or by dates, with room above. */
const firstAtMost = 2 ** 52

/** So many channels of a component are counted. */
const channelsAtMost = 100

/** Returns why a signed release must not follow those before it on its channel; undefined: it may, or is the last one itself. */
function refuseCounter(
  { counters }: ComponentState,
  { channel, counter, digest }: Counter & { readonly channel: string },
): { readonly rejected: Rejection } | undefined {
  const last = Object.hasOwn(counters, channel) ? counters[channel] : undefined
  const refuse = (code: string, detail: string, expected: string) =>
    reject({ code, detail, fields: [{ field: 'manifest.counter', value: `${counter}`, expected }] })
  const highest = last?.counter ?? 0
  if (last && (counter < highest || (counter === highest && digest !== last.digest))) {
    const detail = `The counter on ${channel} is at ${highest}, by ${last.version}: an older release is not published after a newer one. Count on from ${highest + 1}, and sign that.`
    return refuse('counter-not-newer', detail, `more than ${highest}`)
  }
  const most = last ? highest + leapAtMost : firstAtMost
  if (counter > most) {
    const detail = `The counter on ${channel} would leap from ${highest} to ${counter}, and hardly anything could follow it. It may be ${most} now.`
    return refuse('counter-leaps', detail, `at most ${most}`)
  }
  if (!last && Object.keys(counters).length >= channelsAtMost) {
    const detail = `The component has releases on ${channelsAtMost} channels already.`
    return reject({ code: 'too-many-channels', detail })
  }
  return undefined
}

/**
 * Gives a release that is about to be registered its number, if its version is one in the scheme of the component. A signed one raises the
 * counter of its channel in the same commit: a crash before it is there leaves the counter to the very same manifest.
 */
export function numberRelease({
  version,
  counter,
}: {
  readonly version: string
  readonly counter?: Omit<Counter, 'version'> & { readonly channel: string }
}): ComponentDecision {
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
    const numbered = { type: 'ReleaseNumbered', data: { version, number: state.releases + 1 } } as const
    if (!counter) return accept(numbered)
    const refused = refuseCounter(state, { ...counter, version })
    if (refused) return refused
    const raised = { type: 'CounterRaised', data: { ...counter, version } } as const
    const taken = state.counters[counter.channel]?.digest === counter.digest
    return { events: taken ? [numbered] : [raised, numbered] }
  }
}
