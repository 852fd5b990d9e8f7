import { StateFailed } from './errors.ts'

/** AWS's hard limits of a standard workflow. Source: Visit Functions service quotas. */
const PAYLOAD_BYTES = 256 * 1024
export const HISTORY_EVENTS = 25_000
export const EXECUTION_MILLISECONDS = 365 * 24 * 3600 * 1000
/** After this a closed execution's name may be used again. */
export const NAME_MILLISECONDS = 90 * 24 * 3600 * 1000
/** An inline Map runs at most this many iterations at a time, whatever it asks for. */
export const INLINE_MAP_CONCURRENCY = 40

/** Whether a JSON text is over AWS's payload limit, in UTF-8 bytes. */
export function isTooLarge(json: string): boolean {
  return (
    json.length > PAYLOAD_BYTES ||
    (json.length * 3 > PAYLOAD_BYTES && Buffer.byteLength(json) > PAYLOAD_BYTES)
  )
}

/**
 * The JSON text of a payload.
 * @throws StateFailed with States.DataLimitExceeded above 256 KiB
 */
export function payloadText(value: unknown, producer: string): string {
  const text = JSON.stringify(value ?? null)
  if (!isTooLarge(text)) return text
  throw new StateFailed(
    'States.DataLimitExceeded',
    `The state/task '${producer}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  )
}
