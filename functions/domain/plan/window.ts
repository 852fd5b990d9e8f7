import { between, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Rejection } from '../rejection.ts'

/** Returns why the window of a request has no room for a single attempt; undefined when it has, or there is none. */
export function refuseWindow(
  { window, deadlines }: Pick<UpgradeRequest, 'window' | 'deadlines'>,
  now: string,
): Rejection | undefined {
  if (!window) return undefined
  if (window.end <= now) return { code: 'window-over', detail: `The window ended at ${window.end}.` }
  const seconds = between(window.start, window.end) / second
  if (seconds > deadlines.expected) return undefined
  const detail = `One attempt is expected to take ${deadlines.expected} seconds, the window has ${seconds}.`
  return { code: 'window-too-short', detail }
}
