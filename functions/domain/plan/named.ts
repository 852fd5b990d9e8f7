import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { RefusedField, Rejection } from '../rejection.ts'
import { type Candidate, selects } from './candidate.ts'

type Selection = UpgradeRequest['selection']

/** So many are named where more are refused. */
const namedAtMost = 100
/** So many of them in the sentence too. */
const toldAtMost = 10

/** Returns the targets that a selection names one by one, each once: those to be upgraded, and the canaries. */
export function namesIn({ targets, canaries }: Pick<Selection, 'targets' | 'canaries'>): string[] {
  return [...new Set([...(targets ?? []), ...canaries])]
}

function fieldsOf(
  { targets, canaries }: Pick<Selection, 'targets' | 'canaries'>,
  isRefused: (target: string) => boolean,
  expected: string,
): RefusedField[] {
  const listed = (list: readonly string[], name: string) =>
    list.map((value, place) => ({ field: `targets.${name}.${place}`, value, expected }))
  return [...listed(targets ?? [], 'ids'), ...listed(canaries, 'canaries')].filter(({ value }) =>
    isRefused(value),
  )
}

/** Names are told in words, and all of them as fields; `who` is one of them, and more. */
function rejection(
  code: string,
  who: readonly [string, string],
  what: string,
  fields: readonly RefusedField[],
): Rejection {
  const names = [...new Set(fields.map(({ value }) => value))]
  const more = names.length > toldAtMost ? ` and ${names.length - toldAtMost} more` : ''
  const [name, verb] = names.length === 1 ? [who[0], 'is'] : [who[1], 'are']
  return {
    code,
    detail: `${names.length} named ${name} ${verb} not ${what}: ${names.slice(0, toldAtMost).join(', ')}${more}.`,
    fields: fields.slice(0, namedAtMost),
  }
}

/**
 * Returns why a request cannot be planned for whom it names: targets that are not registered, or canaries that it does not select;
 * undefined when all are there and meant. `registered` are those of the named that are.
 */
export function refuseNamed(
  selection: Selection,
  registered: ReadonlyMap<string, Candidate>,
): Rejection | undefined {
  const isUnknown = (target: string) => !registered.has(target)
  const unknown = fieldsOf(selection, isUnknown, 'a registered target')
  if (unknown.length > 0) {
    return rejection('targets-not-registered', ['target', 'targets'], 'registered', unknown)
  }
  const isOutside = (target: string) => {
    const candidate = registered.get(target)
    return candidate === undefined || !selects(selection, candidate)
  }
  const { canaries } = selection
  const outside = fieldsOf({ targets: null, canaries }, isOutside, 'a target that is selected')
  if (outside.length === 0) return undefined
  return rejection('canary-outside-selection', ['canary', 'canaries'], 'among the targets selected', outside)
}
