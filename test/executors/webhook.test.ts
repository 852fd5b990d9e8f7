import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  isWebhookSecret,
  signedHeaders,
  verifySigned,
  webhookCall,
} from '../../functions/executors/webhook.ts'
import { send, serve } from './servers.ts'

/** The example of the specification's own tests. */
const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  seconds: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const at = vector.seconds * 1000
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const signed = { id: vector.id, at, body: vector.body }

afterEach(() => {
  vi.useRealTimers()
})

describe('S21: a message that goes out', () => {
  test('is signed as the specification has it', () => {
    expect(signedHeaders(signed, [vector.secret])).toEqual({
      'webhook-id': vector.id,
      'webhook-timestamp': String(vector.seconds),
      'webhook-signature': vector.signature,
    })
  })

  test('is signed as by its words alone, whatever it says, and the reference library takes it', () => {
    vi.useFakeTimers()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 4e12 }), (text, instant) => {
        const key = randomBytes(24 + (instant % 41))
        const secret = `whsec_${key.toString('base64')}`
        // Half a surrogate is no text.
        const body = JSON.stringify({ text: text.toWellFormed() })
        const headers = signedHeaders({ id: 'msg_1', at: instant, body }, [secret])
        const words = `msg_1.${Math.floor(instant / 1000)}.${body}`
        expect(headers['webhook-signature']).toBe(
          `v1,${createHmac('sha256', key).update(words).digest('base64')}`,
        )
        vi.setSystemTime(instant)
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
        expect(verifySigned(headers, body, [secret], instant)).toMatchObject({ kind: 'verified' })
      }),
    )
  })

  test('is signed by both secrets while one is exchanged for the other', () => {
    vi.useFakeTimers({ now: at })
    const headers = signedHeaders(signed, [vector.secret, other])
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2)
    for (const secret of [vector.secret, other]) {
      expect(() => new Webhook(secret).verify(vector.body, headers)).not.toThrow()
      expect(verifySigned(headers, vector.body, [secret], at)).toMatchObject({ kind: 'verified' })
    }
  })

  test('has the same id when it is sent again, and the time of that', () => {
    const again = signedHeaders({ ...signed, at: at + 60_000 }, [vector.secret])
    expect(again).toMatchObject({ 'webhook-id': vector.id, 'webhook-timestamp': String(vector.seconds + 60) })
    expect(again['webhook-signature']).not.toBe(vector.signature)
  })

  test('is brought as it was signed', async () => {
    vi.useFakeTimers({ now: at, toFake: ['Date'] })
    const verdicts: unknown[] = []
    const port = await serve((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      request.on('end', () => {
        const headers = request.headers as Record<string, string> // none of these comes twice
        verdicts.push(new Webhook(vector.secret).verify(body, headers))
        verdicts.push(headers['content-type'], verifySigned(headers, body, [vector.secret], at).kind)
        response.end()
      })
    })
    const delivery = await send(
      webhookCall(`http://127.0.0.1:${port}/hook`, { ...signed, body: '{"ä":1}' }, [vector.secret]),
    )
    expect(delivery).toMatchObject({ kind: 'answered', status: 200 })
    expect(verdicts).toEqual([{ ä: 1 }, 'application/json', 'verified'])
  })

  test.each(['', 'a.b', 'a b', 'ä', 'x'.repeat(201), 'a\r\nb'])('has no id like %j', (id) => {
    expect(() => signedHeaders({ ...signed, id }, [vector.secret])).toThrow(TypeError)
  })

  test.each([
    ...['', 'whsec_', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS', 'whsk_x'],
    ...[`whsec_${Buffer.alloc(23).toString('base64')}`, `whsec_${Buffer.alloc(65).toString('base64')}`],
    ...[`whsec_${Buffer.alloc(32, 255).toString('base64url')}`, `${vector.secret} `],
  ])('is not signed by %j, which the error does not show', (secret) => {
    expect(isWebhookSecret(secret)).toBe(false)
    expect(() => signedHeaders(signed, [secret])).toThrow('A secret of a webhook is whsec_ and')
  })

  test('is not sent unsigned', () => expect(() => signedHeaders(signed, [])).toThrow(TypeError))
})

describe('S22: a message that comes in', () => {
  const headers = signedHeaders(signed, [vector.secret])
  const verify = (change: Record<string, string | undefined>, body = vector.body, now = at) =>
    verifySigned({ ...headers, ...change }, body, [other, vector.secret], now)

  test('is verified by any of the secrets', () => {
    expect(verify({})).toEqual({ kind: 'verified', id: vector.id, at: new Date(at).toISOString() })
    expect(verify({ 'webhook-signature': `v1a,x v2,y v1,wrong ${vector.signature}` })).toMatchObject({
      kind: 'verified',
    })
  })

  test('is taken within 300 seconds, and not a second later', () => {
    const seconds = [-301, -300, 0, 300, 301]
    expect(seconds.map((away) => verify({}, vector.body, at + away * 1000).kind)).toEqual([
      ...['refused', 'verified', 'verified', 'verified', 'refused'],
    ])
  })

  test('is refused with any byte changed', () => {
    for (let place = 0; place < vector.body.length; place++) {
      const body = Buffer.from(vector.body)
      body[place] = (body[place] ?? 0) ^ 1
      expect(verify({}, body.toString()).kind).toBe('refused')
    }
    for (const body of ['', `${vector.body} `, `${vector.body}\n`, '{"test":2432232314}'])
      expect(verify({}, body).kind).toBe('refused')
    // Nor parsed and written anew, were it JSON of the same meaning.
    expect(verify({}, JSON.stringify(JSON.parse(vector.body))).kind).toBe('refused')
  })

  test.each<[string, Record<string, string | undefined>]>([
    ['no signature', { 'webhook-signature': undefined }],
    ['an empty signature', { 'webhook-signature': '' }],
    ['a signature of another version', { 'webhook-signature': vector.signature.replace('v1', 'v1a') }],
    ['a signature without version', { 'webhook-signature': vector.signature.slice(3) }],
    ['half a signature', { 'webhook-signature': vector.signature.slice(0, 20) }],
    ['a longer signature', { 'webhook-signature': `${vector.signature}A` }],
    ['a signature in other letters', { 'webhook-signature': vector.signature.toLowerCase() }],
    [
      'more signatures than there are secrets',
      { 'webhook-signature': Array(21).fill(vector.signature).join(' ') },
    ],
    ['no id', { 'webhook-id': undefined }],
    ['another id', { 'webhook-id': 'msg_other' }],
    ['an id with a dot', { 'webhook-id': `${vector.id}.1` }],
    ['no timestamp', { 'webhook-timestamp': undefined }],
    ['another timestamp', { 'webhook-timestamp': String(vector.seconds + 1) }],
    ['a timestamp with something behind', { 'webhook-timestamp': `${vector.seconds}x` }],
    ['a timestamp with a sign', { 'webhook-timestamp': `+${vector.seconds}` }],
    ['a timestamp in milliseconds', { 'webhook-timestamp': `${vector.seconds}000` }],
    ['a timestamp that is no number', { 'webhook-timestamp': 'NaN' }],
  ])('is refused with %s', (_, change) => expect(verify(change)).toMatchObject({ kind: 'refused' }))

  test('is refused by secrets that are not its own, and by none', () => {
    expect(verifySigned(headers, vector.body, [other], at).kind).toBe('refused')
    expect(verifySigned(headers, vector.body, [], at).kind).toBe('refused')
  })
})
