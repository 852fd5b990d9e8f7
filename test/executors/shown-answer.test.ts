import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shownAnswer } from '../../functions/executors/call.ts'
import { withoutSecrets } from '../../functions/redact.ts'

const call = { method: 'GET', url: 'https://node.example/' } as const
const shown = (body: string, ...confidential: string[]) =>
  shownAnswer(
    { kind: 'answered', status: 200, headers: {}, body, milliseconds: 1 },
    { ...call, confidential },
  ).body

const inHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&#x3C;')
const allEscaped = (text: string) =>
  text.replace(/./gsu, (sign) =>
    sign.length === 1 ? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}` : sign,
  )

/** How other systems write what they were sent. */
const writings: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in JSON': (secret) => JSON.stringify(secret),
  'in JSON with escaped slashes': (secret) => JSON.stringify(secret).replaceAll('/', '\\/'),
  'in JSON, all of it escaped': (secret) => `"${allEscaped(secret)}"`,
  'in a text of JSON within JSON': (secret) => JSON.stringify({ was: JSON.stringify({ sent: secret }) }),
  'in JSON, cut off in the middle of its text': (secret) => `{"sent":${JSON.stringify(secret)}, "and`,
  'in HTML': (secret) => `<p>${inHtml(secret)}</p>`,
  'in JSON within HTML': (secret) => `<pre>${inHtml(JSON.stringify(secret))}</pre>`,
  'in an address': (secret) => `/login?key=${encodeURIComponent(secret)}`,
  'in Base64': (secret) => `Basic ${Buffer.from(secret).toString('base64')}`,
}

const pem = `-----BEGIN PRIVATE KEY-----\n${'MC4CAQAwBQYDK2Vw/+a'.repeat(3)}\n${'Zm9vYmFyYmF6cXV4'.repeat(4)}\n-----END PRIVATE KEY-----\n`
const secrets = ['swordfish', 'a/b"c\\d<e&f', 'Schlüssel für 鍵 🔑', 'tab\tand\nline', pem]

/** Every text that is in an answer, as whoever reads it finds it. */
function* textsIn(body: string): Generator<string> {
  yield body
  try {
    const inner: unknown = JSON.parse(body)
    for (const value of typeof inner === 'object' && inner ? Object.values(inner) : [inner])
      if (typeof value === 'string') yield* textsIn(value)
  } catch {
    // It is not JSON.
  }
}

describe('S24: a secret that the other side sends back', () => {
  test.each(Object.entries(writings))('%s is taken out', (_, written) => {
    for (const secret of secrets) {
      const body = shown(written(secret), secret)
      expect(body).toContain('[redacted]')
      for (const text of textsIn(body)) expect(text).not.toContain(secret)
      expect(body).not.toContain(written(secret).slice(1, -1).slice(0, 60))
    }
  })

  const visible = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 })

  test('is taken out wherever it stands, however it is written', async () => {
    const written = fc.constantFrom(...Object.values(writings))
    await fc.assert(
      fc.property(visible, fc.string(), fc.string(), written, (secret, before, after, write) => {
        const told = withoutSecrets([secret])(`${before}${write(secret)}${after}`)
        expect(told).not.toContain(write(secret))
      }),
    )
  })

  test('line by line, as a message about a key shows it, is taken out', () => {
    const [, line = ''] = pem.split('\n')
    expect(shown(`no start line: ${line}`, pem)).toBe('no start line: [redacted]')
  })

  test('leaves of JSON what conditions read, a number that is the secret included', () => {
    const body = shown('{ "pin": 1234567, "ready": true, "of": ["1234567"], "n": 12 }', '1234567')
    expect(JSON.parse(body)).toEqual({ pin: '[redacted]', ready: true, of: ['[redacted]'], n: 12 })
  })

  test('changes nothing of an answer in which it is not', () => {
    const body = '{ "a": 1.0, "b": 12345678901234567890 }'
    expect(shown(body, 'swordfish')).toBe(body)
  })

  test('is taken out with another that holds it, or begins in it', () => {
    expect(withoutSecrets(['word', 'swordfish'])('a swordfish')).toBe('a [redacted]')
    expect(withoutSecrets(['sword', 'wordfish'])('a swordfish')).toBe('a [redacted]')
    expect(withoutSecrets(['abab'])('ababab!')).toBe('[redacted]!')
  })
})
