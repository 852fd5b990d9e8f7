import { Buffer } from 'node:buffer'
import { redact } from '../../redact.ts'

/** Bytes of output that are kept: a success needs few words, a failure needs its last ones (design: #output). */
const kept = { success: 256, failure: 4096 } as const

/** So much of the end of a text is looked at: what is kept of it, and a secret that begins well before that. */
const lookedAt = 64 * 1024

/**
 * Returns what a target said about its attempt as it may be kept: without what looks like a secret, and short. Null when it said
 * nothing. The end of a long text is what tells why something failed, so that is kept.
 */
export function outputOf(
  details: string | Readonly<Record<string, unknown>>,
  succeeded: boolean,
): string | null {
  const text = typeof details === 'string' ? details : JSON.stringify(details)
  if (text === '' || text === '{}') return null
  const redacted = redact(text.slice(-lookedAt))
  const most = succeeded ? kept.success : kept.failure
  const bytes = Buffer.from(redacted)
  if (bytes.byteLength <= most) return redacted
  const mark = '…'
  let start = bytes.byteLength - most + Buffer.byteLength(mark)
  // A byte 10xxxxxx continues a character that began before it.
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++
  return mark + bytes.subarray(start).toString('utf8')
}
