import { Buffer } from 'node:buffer'

/** Bytes of output that are kept: a success needs few words, a failure needs its last ones (design: #output). */
const kept = { success: 256, failure: 4096 } as const

const secrets: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [redacted]'],
  [/\bdrydock-(agent|enrol)\.[A-Za-z0-9._:-]+/g, '[redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, '[redacted]'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '[redacted]'],
  [
    /("?\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|license[_-]?key)\b"?\s*[:=]\s*)("[^"]*"|[^\s,;}&]+)/gi,
    '$1[redacted]',
  ],
  [/(:\/\/[^\s/:@]+:)[^\s/@]+@/g, '$1[redacted]@'],
]

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
  const redacted = secrets.reduce((shown, [secret, instead]) => shown.replace(secret, instead), text)
  const most = succeeded ? kept.success : kept.failure
  const bytes = Buffer.from(redacted)
  if (bytes.byteLength <= most) return redacted
  const mark = '…'
  let start = bytes.byteLength - most + Buffer.byteLength(mark)
  // A byte 10xxxxxx continues a character that began before it.
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++
  return mark + bytes.subarray(start).toString('utf8')
}
