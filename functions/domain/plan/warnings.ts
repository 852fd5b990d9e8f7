import { counted } from '../../../events/phrases.ts'
import type { PlanTold, UpgradeRequest } from '../../../events/upgrade.ts'
import type { Candidate } from './candidate.ts'
import { emptyGroups } from './groups.ts'
import type { PlannedWaves } from './waves.ts'

/** Something about a request that is allowed and may not be meant. */
export type PlanWarning = PlanTold['warnings'][number]

/** So many warnings are told. */
const warningsAtMost = 50

type Selection = UpgradeRequest['selection']
type Shown = Pick<Candidate, 'type' | 'region' | 'tags'>

/** Values of a selection by which nobody was found yet, among all the targets that it is shown. */
export class Unmatched {
  readonly #types: Set<string>
  readonly #regions: Set<string>
  readonly #tags: Map<string, string>
  readonly #selection: Selection

  constructor(selection: Selection) {
    this.#selection = selection
    this.#types = new Set(selection.types)
    this.#regions = new Set(selection.regions)
    this.#tags = new Map(Object.entries(selection.tags ?? {}))
  }

  show({ type, region, tags }: Shown): void {
    this.#types.delete(type)
    if (region !== null) this.#regions.delete(region)
    for (const [name, value] of this.#tags) if (tags[name] === value) this.#tags.delete(name)
  }

  get warnings(): PlanWarning[] {
    const { targets, types, regions } = this.#selection
    const who = targets ? 'None of the targets named' : 'No target'
    const listed = (list: readonly string[] | null, left: ReadonlySet<string>, name: string, words: string) =>
      (list ?? []).flatMap((value, place) =>
        left.has(value)
          ? [
              {
                code: `no_such_${words.split(' ').at(-1)}`,
                detail: `${who} is ${words} ${value}.`,
                field: `targets.${name}.${place}`,
                value,
              },
            ]
          : [],
      )
    return [
      ...listed(types, this.#types, 'types', 'of the type'),
      ...listed(regions, this.#regions, 'regions', 'in the region'),
      ...[...this.#tags].map(([name, value]) => ({
        code: 'no_such_tag',
        detail: `${who} has the tag ${name} with the value ${value}.`.slice(0, 512),
        field: `targets.tags.${name}`,
        value,
      })),
    ]
  }
}

/** Returns what can be said of a request by itself. */
export function warningsOfRequest({ selection, component }: UpgradeRequest): PlanWarning[] {
  const { targets, types, regions, tags } = selection
  if (targets || types || regions || Object.keys(tags ?? {}).length > 0) return []
  const detail = `No targets are chosen: every one that runs ${component} is taken.`
  return [{ code: 'whole_fleet', detail, field: 'targets', value: null }]
}

/** Returns which groups of a request no target of its plan is in: a value may be misspelt. */
export function warningsOfGroups(
  request: Pick<UpgradeRequest, 'groups'>,
  plan: Pick<PlannedWaves, 'entries'>,
): PlanWarning[] {
  const { by = '', order = [] } = request.groups ?? {}
  return emptyGroups(request, plan).map((value) => ({
    code: 'empty_group',
    detail: `No target to be upgraded has the ${by} ${value}: it has no wave.`.slice(0, 512),
    field: `groups.order.${order.indexOf(value)}`,
    value,
  }))
}

/** Returns which canaries of a request will not be the first, since they are critical. */
export function warningsOfCanaries(
  { strategy, selection: { canaries } }: UpgradeRequest,
  candidates: Iterable<Pick<Candidate, 'target' | 'critical'>>,
): PlanWarning[] {
  if (strategy !== 'canary' || canaries.length === 0) return []
  const named = new Set(canaries)
  const critical = new Set<string>()
  for (const one of candidates) if (one.critical && named.has(one.target)) critical.add(one.target)
  return canaries.flatMap((value, place) =>
    critical.has(value)
      ? [
          {
            code: 'critical_canary',
            detail: `${value} is critical: it is upgraded last, and is no canary.`,
            field: `targets.canaries.${place}`,
            value,
          },
        ]
      : [],
  )
}

/** So many parts are named. */
const partsNamed = 3

/** Returns which parts of a release agents cannot install that have no mirror; a procedure downloads nothing. */
export function warningsOfParts(
  { procedure, component }: Pick<UpgradeRequest, 'procedure' | 'component'>,
  release: { readonly version: string; readonly withoutUrl: readonly string[] } | null,
): PlanWarning[] {
  const { version = '', withoutUrl = [] } = release ?? {}
  if (procedure || withoutUrl.length === 0) return []
  const named = withoutUrl.slice(0, partsNamed).join(', ')
  const more = withoutUrl.length > partsNamed ? ` and ${withoutUrl.length - partsNamed} more` : ''
  const detail = `The manifest of ${component} ${version} does not say where ${named}${more} can be downloaded (url): agents without a mirror (download.mirror) cannot install it.`
  return [{ code: 'url_missing', detail, field: 'version', value: version }]
}

/** Returns as many warnings as are told; the last one counts those that are not. */
export function toldWarnings(warnings: readonly PlanWarning[]): PlanWarning[] {
  if (warnings.length <= warningsAtMost) return [...warnings]
  const told = warnings.slice(0, warningsAtMost - 1)
  const detail = `${counted(warnings.length - told.length, 'more warning')} not told.`
  return [...told, { code: 'more_warnings', detail, field: null, value: null }]
}

/** Returns how many targets of a plan have not said what its release asks for: they are upgraded, unless their agents find that it does not fit. */
export function warningsOfEnvironments({ unsaid }: { readonly unsaid: number }): PlanWarning[] {
  if (unsaid === 0) return []
  const who = unsaid === 1 ? 'one target has' : `${unsaid} targets have`
  const detail = `Of what the release asks for ${who} not said what is there (environment): their agents judge it.`
  return [{ code: 'environment_unknown', detail, field: 'targets', value: null }]
}
