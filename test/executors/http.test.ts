import { once } from 'node:events'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../functions/executors/call.ts'
import { openGuard } from '../../functions/executors/guard.ts'
import { openSend } from '../../functions/executors/http.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'
import { answerRaw, closedPort, send, serve, serveRaw } from './servers.ts'

const short = { timeoutSeconds: 0.4 }

/** Calls again what is called after each write, until the connection is gone. */
function endlessly(socket: Socket, write: () => boolean): void {
  const more = () => {
    while (!socket.destroyed && write());
  }
  socket.on('drain', more)
  more()
}

describe('a call that is answered', () => {
  test('returns what was answered, whatever it says, and sent what was asked for', async () => {
    const heard: unknown[] = []
    const port = await serve((request, response) => {
      request.setEncoding('utf8').on('data', (text) => heard.push(text))
      heard.push(request.method, request.url, request.headers)
      response.writeHead(503, {
        'X-Kind': 'Ä'.normalize('NFD').slice(0, 1),
        'Set-Cookie': 'a=b',
        Via: ['1', '2'],
      })
      request.on('end', () => response.end('zu spät'))
    })
    const call = {
      method: 'PATCH',
      url: `http://127.0.0.1:${port}/targets/1?dry=true#part`,
      headers: { 'Content-Type': 'application/json', Accept: 'text/plain' },
      body: '{"ä":1}',
      idempotencyKey: 'upgrade-1/3',
    } as const
    const answer = await send(call)
    expect(answer).toEqual({
      kind: 'answered',
      status: 503,
      headers: expect.objectContaining({ 'x-kind': 'A', via: '1, 2', connection: 'close' }),
      body: 'zu spät',
      milliseconds: expect.any(Number),
    })
    expect(answer).not.toHaveProperty('headers.set-cookie')
    expect(heard).toEqual([
      'PATCH',
      '/targets/1?dry=true',
      {
        'user-agent': 'drydock',
        'content-type': 'application/json',
        accept: 'text/plain',
        'idempotency-key': 'upgrade-1/3',
        host: `127.0.0.1:${port}`,
        'accept-encoding': 'identity',
        connection: 'close',
        'content-length': '8',
      },
      '{"ä":1}',
    ])
  })

  test.each([301, 302, 303, 307, 308])('S20: by a redirect (%i) is not sent on', async (status) => {
    let followed = 0
    const other = await serve((_, response) => {
      followed++
      response.end()
    })
    const port = await serve((_, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${other}/` }).end(),
    )
    const answer = await send({ url: `http://127.0.0.1:${port}/` }, { hosts: `http://127.0.0.1:${other}` })
    expect(answer).toMatchObject({
      kind: 'answered',
      status,
      headers: { location: `http://127.0.0.1:${other}/` },
    })
    expect(followed).toBe(0)
  })

  test('by a body of exactly 64 KB has all of it', async () => {
    const port = await serve((_, response) => response.end('x'.repeat(64 * 1024)))
    const answer = await send({ url: `http://127.0.0.1:${port}/` })
    expect(answer).toMatchObject({ kind: 'answered', body: 'x'.repeat(64 * 1024) })
    expect(answer).not.toHaveProperty('cut')
  })

  test('S20: by a body that never ends is cut off after 64 KB, between two characters, and hung up on', async () => {
    const gone = Promise.withResolvers<void>()
    const port = await serve((_, response) => {
      response.on('close', gone.resolve)
      response.write('x')
      endlessly(response.socket as Socket, () => response.write('ä'.repeat(8192)))
      response.on('drain', () => response.write('ä'.repeat(8192)))
    })
    const answer = await send({ url: `http://127.0.0.1:${port}/` })
    expect(answer).toMatchObject({
      kind: 'answered',
      status: 200,
      cut: 'too-large',
      body: `x${'ä'.repeat(32767)}`,
    })
    await gone.promise
  })

  test('S20: by a bomb of gzip is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
    expect(bomb.length).toBeGreaterThan(64 * 1024)
    const port = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    )
    const answer = await send({ url: `http://127.0.0.1:${port}/` })
    expect(answer).toMatchObject({ kind: 'answered', cut: 'too-large' })
    expect(answer.kind === 'answered' && answer.body.length).toBeLessThanOrEqual(64 * 1024)
  })

  test('may have no length and end with its connection', async () => {
    const port = await answerRaw((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      kind: 'answered',
      body: 'all of it',
    })
  })

  test('may come before the request was read, over a connection that stays half open', async () => {
    const port = await serveRaw(
      (socket) => {
        socket.end('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno')
        socket.resume()
      },
      { allowHalfOpen: true },
    )
    const call = { method: 'POST', url: `http://127.0.0.1:${port}/`, body: 'x'.repeat(200_000) } as const
    expect(await send(call)).toMatchObject({ kind: 'answered', status: 413, body: 'no' })
  })

  test('has a hundred headers at most, by any name', async () => {
    const lines = Array.from({ length: 300 }, (_, at) => `x-${at}: 1\r\n`).join('')
    const port = await answerRaw((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n__proto__: polluted\r\n${lines}content-length: 0\r\n\r\n`),
    )
    const answer = await send({ url: `http://127.0.0.1:${port}/` })
    expect(answer.kind).toBe('answered')
    const headers = answer.kind === 'answered' ? answer.headers : {}
    expect(Object.keys(headers).length).toBeLessThanOrEqual(100)
    expect(Object.getOwnPropertyDescriptor(headers, '__proto__')?.value).toBe('polluted')
  })

  test('to HEAD, and one without a body, is whole', async () => {
    const port = await serve((request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'content-length': '10' }).end()
      else response.writeHead(204).end()
    })
    const url = `http://127.0.0.1:${port}/`
    expect(await send({ method: 'HEAD', url })).toMatchObject({ kind: 'answered', status: 200, body: '' })
    expect(await send({ method: 'DELETE', url })).toMatchObject({ kind: 'answered', status: 204, body: '' })
  })
})

describe('a call of which surely nothing was sent', () => {
  test('met nobody', async () => {
    const port = await closedPort()
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toEqual({
      kind: 'not-sent',
      why: '127.0.0.1 could not be reached (ECONNREFUSED).',
    })
  })

  test('found no address, or none in time', async () => {
    const hosts = 'http://gone.example.com'
    const url = 'http://gone.example.com/'
    const failed = async () => {
      throw Object.assign(new Error('no'), { code: 'EAI_AGAIN' })
    }
    expect(await send({ url }, { hosts, resolve: failed })).toMatchObject({
      kind: 'not-sent',
      why: expect.stringContaining('EAI_AGAIN'),
    })
    const never = () => new Promise<never>(() => {})
    expect(await send({ url, ...short }, { hosts, resolve: never })).toMatchObject({ kind: 'not-sent' })
  })

  test.each([
    ['host', (port: number) => `http://evil.example.com:${port}/`],
    ['scheme', (port: number) => `https://api.example.com:${port}/`],
    ['port', () => 'http://api.example.com/'],
    ['host-form', (port: number) => `http://0x7f.1:${port}/`],
    ['userinfo', (port: number) => `http://a:b@api.example.com:${port}/`],
  ] as const)('was refused by its %s, and nobody heard of it', async (code, urlAt) => {
    let connections = 0
    const port = await serveRaw((socket) => {
      connections++
      socket.end()
    })
    const asked: string[] = []
    const guard = openGuard(
      readOutboundHosts(`http://api.example.com:${port}, 127.0.0.0/8`),
      async (host) => {
        asked.push(host)
        return ['127.0.0.1']
      },
    )
    const sendTo = (url: string) => openSend(guard)({ method: 'GET', url, timeoutSeconds: 5 })
    expect(await sendTo(urlAt(port))).toMatchObject({ kind: 'refused', code })
    expect([connections, asked]).toEqual([0, []])
    // The same list lets another one reach it.
    expect(await sendTo(`http://api.example.com:${port}/`)).toMatchObject({ kind: 'unknown' })
    expect([connections, asked]).toEqual([1, ['api.example.com']])
  })
})

describe('a call of which nobody knows whether it was done', () => {
  const resets = (socket: Socket) => socket.resetAndDestroy()
  const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'
  const drip = (socket: Socket, text: string) => {
    const timer = setInterval(() => socket.write(text), 20)
    socket.on('close', () => clearInterval(timer))
  }

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ['reset its connection', resets, /ended the connection unanswered/],
    ['closed its connection', (socket) => socket.end(), /ended the connection unanswered/],
    ['was cut off', (socket) => socket.end(half), /answered 200, and the rest was cut off/],
    [
      'was reset in the middle',
      (socket) => socket.write(half, () => setImmediate(resets, socket)),
      /cut off|unanswered/,
    ],
    ['was cut off in its headers', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'), /unanswered/],
    [
      'was cut off between two chunks',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
      /cut off/,
    ],
    [
      'came in chunks that are none',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhalf\r\n'),
      /no answer of HTTP/,
    ],
    ['is of another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'), /no answer of HTTP/],
    [
      'has two lengths',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc'),
      /no answer of HTTP/,
    ],
    [
      'has a length and chunks',
      (socket) =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
      /no answer of HTTP/,
    ],
    [
      'has headers without end',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n')
        endlessly(socket, () => socket.write(`x: ${'y'.repeat(1000)}\r\n`))
      },
      /headers exceed 16384 bytes/,
    ],
    [
      'is another protocol that was switched to',
      (socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      /unanswered/,
    ],
  ])('when the answer %s', async (_, answer, why) => {
    const port = await answerRaw(answer)
    const call = { method: 'POST', url: `http://127.0.0.1:${port}/`, body: '{}' } as const
    expect(await send(call)).toEqual({ kind: 'unknown', why: expect.stringMatching(why) })
  })

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ['does not come', () => {}, /did not answer in time/],
    [
      'stops in the middle',
      (socket) => socket.write(half),
      /answered 200, and the rest did not come in time/,
    ],
    ['stops in its headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nx: '), /did not answer in time/],
    ['only says that it will come', (socket) => drip(socket, 'HTTP/1.1 100 Continue\r\n\r\n'), /in time/],
    [
      'drips',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        drip(socket, '1\r\nx\r\n')
      },
      /answered 200, and the rest did not come in time/,
    ],
  ])('S20: when the answer %s, within the time of the call', async (_, answer, why) => {
    const hung = Promise.withResolvers<Socket>()
    const port = await answerRaw((socket) => {
      hung.resolve(socket)
      answer(socket)
    })
    const started = performance.now()
    const delivery = await send({ url: `http://127.0.0.1:${port}/`, ...short })
    expect(delivery).toEqual({ kind: 'unknown', why: expect.stringMatching(why) })
    expect(performance.now() - started).toBeLessThan(5000)
    // And the connection is not kept.
    const socket = await hung.promise
    if (!socket.destroyed) await once(socket, 'close')
  })

  test('when the other side accepts the connection, and closes it', async () => {
    const port = await serveRaw((socket) => socket.end())
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ kind: 'unknown' })
  })
})

describe('the address of a call', () => {
  test('S20: is the one that was looked at, however the name changes', async () => {
    const hosts: string[] = []
    const port = await serve((request, response) => {
      hosts.push(request.headers.host ?? '')
      response.end('the right one')
    })
    const answers = [['127.0.0.1'], ['127.0.0.2'], ['169.254.169.254']]
    let asked = 0
    const resolve = async () => answers[asked++] ?? ['169.254.169.254']
    const call = { url: `http://api.example.com:${port}/` }
    const list = { hosts: `http://api.example.com:${port}`, resolve }
    expect(await send(call, list)).toMatchObject({ kind: 'answered', body: 'the right one' })
    expect([asked, hosts]).toEqual([1, [`api.example.com:${port}`]])
    // What it leads to next is looked at as well, and there nobody listens.
    expect(await send(call, list)).toMatchObject({ kind: 'not-sent' })
    expect(await send(call, list)).toMatchObject({ kind: 'refused', code: 'address' })
    expect(hosts).toHaveLength(1)
  })

  test('is the next that was looked at, where one does not answer', async () => {
    const port = await serve((_, response) => response.end('here'))
    const resolve = async () => ['127.0.0.3', '127.0.0.1']
    const answer = await send(
      { url: `http://api.example.com:${port}/` },
      { hosts: `http://api.example.com:${port}`, resolve },
    )
    expect(answer).toMatchObject({ kind: 'answered', body: 'here' })
  })

  test('is found by the resolver of the machine', async () => {
    const port = await serve((_, response) => response.end('here'))
    const hosts = `http://localhost:${port}, ::1`
    expect(await send({ url: `http://localhost:${port}/` }, { hosts })).toMatchObject({ kind: 'answered' })
    expect(
      await send({ url: `https://localhost:${port}/` }, { hosts: `localhost:${port}, ::1` }),
    ).toMatchObject({
      kind: 'not-sent',
    })
  })
})

describe('a request that is none', () => {
  test.each<[string, Partial<Call>]>([
    ['another method', { method: 'TRACE' as 'GET' }],
    ['a line break in a value', { headers: { 'x-a': 'b\r\nx-c: d' } }],
    ['a line break in a name', { headers: { 'x-a\r\nx-c': 'd' } }],
    ['a value outside of ASCII', { headers: { 'x-a': 'ä' } }],
    ['a NUL', { headers: { 'x-a': '\0' } }],
    ['a name without letters', { headers: { '': 'a' } }],
    ['a host of its own', { headers: { Host: 'evil.example.com' } }],
    ['a length of its own', { headers: { 'content-length': '1' } }],
    ['chunks', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a compressed answer', { headers: { 'accept-encoding': 'gzip' } }],
    ['credentials for a proxy', { headers: { 'Proxy-Authorization': 'x' } }],
    ['a header twice', { headers: { 'x-a': '1', 'X-A': '2' } }],
    [
      'too many headers',
      { headers: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`x-${at}`, ''])) },
    ],
    ['too large headers', { headers: { 'x-a': 'a'.repeat(9000) } }],
    ['too large a body', { body: 'a'.repeat(256 * 1024 + 1) }],
    ['an idempotency key with a space', { idempotencyKey: 'a b' }],
    ['no time', { timeoutSeconds: 0 }],
    ['a time that is no number', { timeoutSeconds: Number.NaN }],
    ['too much time', { timeoutSeconds: 301 }],
    ['a certificate without a key', { tls: { cert: 'x' } }],
    ['a key that is none', { tls: { cert: 'x', key: 'y' } }],
    [
      'an authority that is none',
      { tls: { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' } },
    ],
  ])('with %s is refused, and not sent', async (_, call) => {
    let connections = 0
    const port = await serveRaw(() => connections++)
    expect(await send({ url: `http://127.0.0.1:${port}/`, ...call })).toMatchObject({
      kind: 'refused',
      code: 'request',
    })
    expect(connections).toBe(0)
  })
})

describe('S24: the secrets of a call', () => {
  const secret = 'canary-4f1d7c0b9e'
  const call = (port: number): Call => ({
    method: 'POST',
    url: `http://127.0.0.1:${port}/?key=${secret}`,
    headers: { authorization: `Bearer ${secret}`, 'x-key': secret },
    body: `{"password":"${secret}"}`,
    confidential: [secret],
    ...short,
  })

  test.each<[string, (socket: Socket) => void]>([
    ['that nobody answers', () => {}],
    ['that is reset', (socket) => socket.resetAndDestroy()],
    ['that is answered by nonsense', (socket) => socket.end(`${secret}\r\n`)],
    [
      'that is cut off',
      (socket) =>
        socket.end(`HTTP/1.1 200 ${secret}\r\ncontent-length: 99\r\nx-a: ${secret}\r\n\r\n${secret}`),
    ],
    [
      'that is answered with what was sent',
      (socket) =>
        socket.end(
          `HTTP/1.1 401 No\r\nwww-authenticate: ${secret}\r\n\r\nnot by ${secret}, nor by Bearer ${secret}`,
        ),
    ],
  ])('are not told of a call %s', async (_, answer) => {
    const port = await answerRaw(answer)
    expect(JSON.stringify(await send(call(port)))).not.toContain(secret)
  })

  test('are not told of a request that is refused', async () => {
    const wrong = { ...call(1), headers: { [`x-${secret} `]: secret, 'x-b': `${secret}\r\n` } }
    expect(JSON.stringify(await send(wrong))).not.toContain(secret)
    const tls = { cert: secret, key: secret }
    expect(JSON.stringify(await send({ ...call(1), tls }))).not.toContain(secret)
  })

  test('in Authorization are taken out of the answer without being asked for', async () => {
    const port = await answerRaw((socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n{"you": "${secret}"}`))
    const { confidential: _, headers: __, ...plain } = call(port)
    const answer = await send({ ...plain, headers: { Authorization: `Bearer ${secret}` } })
    expect(answer).toMatchObject({ kind: 'answered', body: '{"you":"[redacted]"}' })
  })
})
