import { request } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { openGuard } from '../../functions/executors/guard.ts'
import { openWayOut, type WayOut } from '../../functions/executors/helm/way-out.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'
import { serve, serveRaw } from './servers.ts'

let wayOut: WayOut | undefined
afterEach(() => wayOut?.close())

async function opened(hosts: string, resolve?: (host: string) => Promise<readonly string[]>) {
  wayOut = await openWayOut(openGuard(readOutboundHosts(hosts), resolve))
  const { hostname, port, username, password } = new URL(wayOut.url)
  const credentials = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const ask = (method: string, path: string, authorization: string | undefined) =>
    new Promise<{ status: number | undefined; socket: Socket }>((settle, reject) => {
      const headers = {
        host: 'x',
        ...(authorization !== undefined && { 'proxy-authorization': authorization }),
      }
      const asked = request({ host: hostname, port, method, path, headers })
      asked.on('connect', ({ statusCode: status }, socket, head) => {
        socket.unshift(head)
        settle({ status, socket })
      })
      asked.on('response', (answer) => {
        answer.resume()
        settle({ status: answer.statusCode, socket: answer.socket })
      })
      asked.on('error', reject)
      asked.end()
    })
  return { wayOut, credentials, ask }
}

describe('the way out of a program', () => {
  test('leads to what the guard admits, at the address that was looked at, and to nothing else', async () => {
    let reached = 0
    const port = await serveRaw((socket) => {
      reached++
      socket.end('hello')
    })
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    const {
      ask,
      credentials,
      wayOut: out,
    } = await opened(`cluster.example:${port}, 127.0.0.0/8:${port}`, async () => answers.shift() ?? [])
    const first = await ask('CONNECT', `cluster.example:${port}`, credentials)
    expect(first.status).toBe(200)
    expect(String((await first.socket.toArray()).join(''))).toBe('hello')
    // The name leads elsewhere by now.
    expect((await ask('CONNECT', `cluster.example:${port}`, credentials)).status).toBe(403)
    expect((await ask('CONNECT', 'other.example:443', credentials)).status).toBe(403)
    expect(reached).toBe(1)
    expect([...out.refused].join(' ')).toMatch(/169\.254\.169\.254.*other\.example is not among/)
  })

  test('is for its one user alone', async () => {
    let reached = 0
    const port = await serve((_, response) => {
      reached++
      response.end()
    })
    const { ask, credentials } = await opened(`http://127.0.0.0/8:${port}`)
    for (const wrong of [undefined, 'Basic eDp5', `${credentials}x`]) {
      expect((await ask('GET', `http://127.0.0.1:${port}/`, wrong)).status).toBe(407)
      expect((await ask('CONNECT', `127.0.0.1:${port}`, wrong)).status).toBe(407)
    }
    expect(reached).toBe(0)
    expect((await ask('GET', `http://127.0.0.1:${port}/`, credentials)).status).toBe(200)
    expect(reached).toBe(1)
  })

  test('hands on no credentials of its own', async () => {
    let heard: object = {}
    const port = await serve(({ headers }, response) => {
      heard = headers
      response.end()
    })
    const { ask, credentials } = await opened(`http://127.0.0.0/8:${port}`)
    await ask('GET', `http://127.0.0.1:${port}/`, credentials)
    expect(heard).not.toHaveProperty('proxy-authorization')
  })
})
