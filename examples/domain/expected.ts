import type { Options } from './options.ts'

/** What the upgrade goes through, by what goes wrong: as `upgrade-status` names it. */
const begins = ['targeting_new_vcf_version', 'downloading_bundle', 'precheck_running'] as const
const whole = [
  ...begins,
  ...['upgrade_in_progress', 'waiting_for_acknowledgment', 'upgrade_in_progress', 'upgrade_completed'],
]
export const states: Readonly<Record<Options['fault'], readonly string[]>> = {
  none: whole,
  killed: whole,
  precheck: [...begins, 'precheck_failed'],
  upgrade: [
    ...begins,
    ...['upgrade_in_progress', 'waiting_for_acknowledgment', 'upgrade_in_progress', 'upgrade_failed'],
  ],
  'no-updates': [],
}

/** And what the manager is to have begun, each once; the first download fails, and is asked for again. */
const downloads = ['download', 'download']
const everything = [...downloads, 'precheck', 'upgrade', 'acknowledge']
export const begun: Readonly<Record<Options['fault'], readonly string[]>> = {
  none: everything,
  killed: everything,
  upgrade: everything,
  precheck: [...downloads, 'precheck'],
  'no-updates': [],
}

/** Is everything of a list found in another, in its order? Who looks now and then may miss what passed meanwhile. */
export function isWithin(seen: readonly string[], all: readonly string[]): boolean {
  let place = 0
  for (const one of seen) {
    const found = all.indexOf(one, place)
    if (found < 0) return false
    place = found + 1
  }
  return true
}
