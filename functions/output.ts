import { Buffer } from 'node:buffer'
import { redact } from './redact.ts'

/** Bytes of output that are kept: a success needs few words, a try that is followed by another more, a failure most (design: #output). */
export const outputBytes = { done: 256, tried: 1000, failed: 4096 } as const

/** So much of the end of a text is looked at: what is kept of it, and a secret that begins well before that. */
const lookedAt = 64 * 1024

/** Returns what was said as it may be kept: without what looks like a secret, and by its end, which is what tells why something failed. */
export function outputOf(text: string, most: number): string {
  const redacted = redact(text.slice(-lookedAt))
  const bytes = Buffer.from(redacted)
  if (bytes.byteLength <= most) return redacted
  const mark = '…'
  let start = bytes.byteLength - most + Buffer.byteLength(mark)
  // A byte 10xxxxxx continues a character that began before it.
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++
  return mark + bytes.subarray(start).toString('utf8')
}
