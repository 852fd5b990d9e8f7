import { backPhrase, counted } from '../events/phrases.ts'

/** Returns what is said of a rollout in a list before the id of its rollback: how that stands, and how many phases it is about where they are not all. */
export function rolloutBackPhrase(
  { phases, status }: { readonly phases: number; readonly status: string },
  phaseCount: number,
): string {
  const part = phases < phaseCount ? `${phases} of ${counted(phaseCount, 'phase')} ` : ''
  return `${part}${backPhrase(status)}`
}
