import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Certified, certify } from '../../infra/local/certificates.ts'
import { send, serve, serveRaw, serveTls } from './servers.ts'

let authority: Certified
let other: Certified
let server: Certified
let client: Certified
beforeAll(() => {
  authority = certify('Authority')
  other = certify('Other')
  server = certify('api.example.com', { by: authority, names: ['api.example.com'], addresses: ['127.0.0.1'] })
  client = certify('drydock', { by: authority })
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const resolve = async () => ['127.0.0.1']

/** Notes whose requests it hears. */
async function https(options: object = {}) {
  const heard: unknown[] = []
  const port = await serveTls({ cert: server.cert, key: server.key, ...options }, (request, response) => {
    const socket = request.socket as TLSSocket // of a server of TLS
    heard.push(socket.getPeerCertificate()?.subject?.CN)
    response.end('here')
  })
  const url = `https://api.example.com:${port}/`
  const asked = (tls: object, where = url) =>
    send({ url: where, tls }, { hosts: `api.example.com:${port}, other.example.com:${port}`, resolve })
  return { heard, port, asked }
}

describe('a call by TLS', () => {
  test('trusts the authority that it names, and tells the server the name that it asked for', async () => {
    const names: unknown[] = []
    const SNICallback = (name: string, done: (error: null) => void) => {
      names.push(name)
      done(null)
    }
    const { heard, asked } = await https({ SNICallback })
    expect(await asked({ ca: authority.cert })).toMatchObject({ kind: 'answered', status: 200, body: 'here' })
    expect(await asked({ ca: `${other.cert}${authority.cert}` })).toMatchObject({ kind: 'answered' })
    expect(heard).toHaveLength(2)
    expect(names).toEqual(['api.example.com', 'api.example.com'])
  })

  test('goes to an address whose certificate names it', async () => {
    const { port, asked } = await https()
    expect(await asked({ ca: authority.cert }, `https://127.0.0.1:${port}/`)).toMatchObject({
      kind: 'answered',
    })
  })

  test.each<[string, () => object, (port: number) => string, RegExp]>([
    [
      'an authority that nobody knows',
      () => ({}),
      (port) => `https://api.example.com:${port}/`,
      /UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/,
    ],
    [
      'another authority than the one named',
      () => ({ ca: other.cert }),
      (port) => `https://api.example.com:${port}/`,
      /UNABLE_TO_VERIFY|UNABLE_TO_GET/,
    ],
    [
      'another name',
      () => ({ ca: authority.cert }),
      (port) => `https://other.example.com:${port}/`,
      /ALTNAME_INVALID/,
    ],
    [
      'another address',
      () => ({ ca: authority.cert }),
      (port) => `https://127.0.0.2:${port}/`,
      /ALTNAME_INVALID|ECONNREFUSED/,
    ],
  ])('is not sent to a certificate of %s, whatever the environment says', async (_, tls, url, why) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const { heard, port, asked } = await https()
    expect(await asked(tls(), url(port))).toEqual({ kind: 'not-sent', why: expect.stringMatching(why) })
    expect(heard).toEqual([])
  })

  test('is not sent to a certificate that is over', async () => {
    const over = certify('api.example.com', {
      by: authority,
      names: ['api.example.com'],
      ends: Date.now() - 60_000,
    })
    const { heard, asked } = await https({ cert: over.cert, key: over.key })
    expect(await asked({ ca: authority.cert })).toMatchObject({
      kind: 'not-sent',
      why: 'TLS with api.example.com was not agreed on (CERT_HAS_EXPIRED).',
    })
    expect(heard).toEqual([])
  })

  test('is not sent by an older TLS than 1.2', async () => {
    const old = await https({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' })
    expect(await old.asked({ ca: authority.cert })).toMatchObject({ kind: 'not-sent' })
    const { heard, asked } = await https({ maxVersion: 'TLSv1.2' })
    expect(await asked({ ca: authority.cert })).toMatchObject({ kind: 'answered' })
    expect(heard).toHaveLength(1)
  })

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ['closes the connection', (socket) => socket.end(), /not agreed on|closed the connection/],
    ['resets it', (socket) => socket.resetAndDestroy(), /ECONNRESET/],
    ['speaks of something else', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'), /not agreed on/],
    ['says nothing', () => {}, /in time/],
  ])('is not sent to who does not answer the handshake: %s', async (_, answer, why) => {
    const reached = Promise.withResolvers<Socket>()
    const port = await serveRaw((socket) => {
      socket.once('data', () => {
        reached.resolve(socket)
        answer(socket)
      })
    })
    const delivery = await send({ url: `https://127.0.0.1:${port}/`, timeoutSeconds: 0.5 })
    expect(delivery).toEqual({ kind: 'not-sent', why: expect.stringMatching(why) })
    const socket = await reached.promise
    if (!socket.destroyed) await once(socket, 'close')
  })

  test('is not sent to who speaks in the clear', async () => {
    let heard = 0
    const port = await serve((_, response) => {
      heard++
      response.end()
    })
    expect(await send({ url: `https://127.0.0.1:${port}/` })).toMatchObject({ kind: 'not-sent' })
    expect(heard).toBe(0)
  })

  test('of which the server hung up after the request is not known', async () => {
    const port = await serveTls({ cert: server.cert, key: server.key }, (request) => request.socket.destroy())
    expect(await send({ url: `https://127.0.0.1:${port}/`, tls: { ca: authority.cert } })).toMatchObject({
      kind: 'unknown',
    })
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'])('a client certificate, by %s', (version) => {
  const demands = () => ({
    ...{ requestCert: true, rejectUnauthorized: true, ca: authority.cert },
    ...{ minVersion: version, maxVersion: version },
  })

  test('is shown to a server that asks for it', async () => {
    const { heard, asked } = await https(demands())
    const tls = { ca: authority.cert, cert: client.cert, key: client.key }
    expect(await asked(tls)).toMatchObject({ kind: 'answered', status: 200 })
    expect(heard).toEqual(['drydock'])
  })

  test('that is missing means that nothing was done', async () => {
    const { heard, asked } = await https(demands())
    expect(await asked({ ca: authority.cert })).toMatchObject({ kind: 'not-sent' })
    expect(heard).toEqual([])
  })

  test('of another authority is never taken for an answer', async () => {
    const foreign = certify('drydock', { by: other })
    const { heard, asked } = await https(demands())
    const delivery = await asked({ ca: authority.cert, cert: foreign.cert, key: foreign.key })
    // Node's server says no by hanging up, which by TLS 1.3 looks like any other end.
    expect(['not-sent', 'unknown']).toContain(delivery.kind)
    expect(heard).toEqual([])
  })
})
