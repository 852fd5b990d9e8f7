import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { BadConfig, configIn, readConfig } from '../../../clients/agent/config.ts'
import { download } from '../../../clients/agent/download.ts'
import { asking, NoAnswer, textOf } from '../../../clients/agent/exchange.ts'
import { type Certified, certify } from '../../../infra/local/certificates.ts'
import { newSigner } from '../../domain/trust/signing.ts'
import { serving } from './place.ts'

it('names the setting and the file that is not there', () => {
  const certificate = { certificate: '/nowhere/agent.crt', key: '/nowhere/agent.key' }
  expect(() => asking({ ca: '/nowhere/ca.crt' })).toThrow('server.ca: there is no /nowhere/ca.crt')
  expect(() => asking(certificate)).toThrow('server.certificate: there is no /nowhere/agent.crt')
})

it('names a configuration that is not there', async () => {
  await expect(readConfig('/nowhere/agent.json')).rejects.toThrow('--config: there is no /nowhere/agent.json')
})

let authority: Certified
let stranger: Certified
let server: Certified
let client: Certified
beforeAll(() => {
  authority = certify('Authority')
  stranger = certify('Stranger')
  server = certify('control plane', { by: authority, addresses: ['127.0.0.1'] })
  client = certify('agent', { by: authority })
})

/** Serves by TLS as the test wants; answers with the name on the caller's certificate. */
async function secured(options: object = {}): Promise<URL> {
  const { cert, key } = server
  const served = createServer({ cert, key, ...options }, (request, response) => {
    response.end((request.socket as TLSSocket).getPeerCertificate()?.subject?.CN ?? 'nobody')
  })
  await new Promise<void>((resolve) => served.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    served.closeAllConnections()
    served.close()
  })
  return new URL(`https://127.0.0.1:${(served.address() as AddressInfo).port}/`)
}

/** Writes what a configuration names, and returns what asks by it. */
function asker(trusted: Certified, own?: Certified) {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return asking({
    ca: file('ca.pem', trusted.cert),
    ...(own && { certificate: file('own.pem', own.cert), key: file('own.key', own.key) }),
  })
}

describe('an exchange by TLS (M18)', () => {
  it('is 1.3, with the authority that is given', async () => {
    const url = await secured()
    expect(await textOf(await asker(authority)(url), 100)).toBe('nobody')
    await expect(asker(stranger)(url)).rejects.toThrow(NoAnswer)
    const older = await secured({ maxVersion: 'TLSv1.2' })
    await expect(asker(authority)(older)).rejects.toThrow(NoAnswer)
  })

  it('shows who asks, where the other side wants to know', async () => {
    const url = await secured({ requestCert: true, ca: authority.cert })
    expect(await textOf(await asker(authority, client)(url), 100)).toBe('agent')
    await expect(asker(authority)(url)).rejects.toThrow(NoAnswer)
  })
})

describe('an answer', () => {
  it('that is too long, or breaks off, is none', async () => {
    const url = new URL(await serving((_, response) => response.end('x'.repeat(1000))))
    const ask = asking({})
    await expect(textOf(await ask(url), 999)).rejects.toThrow(NoAnswer)
    expect(await textOf(await ask(url), 1000)).toHaveLength(1000)
    const short = await serving((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy())
    })
    await expect(textOf(await ask(new URL(short)), 100)).rejects.toThrow(NoAnswer)
  })
})

describe('an artifact that is let through slowly', () => {
  it('comes whole, however long the other side has to wait to go on', async () => {
    const artifact = randomBytes(400_000)
    const url = new URL(await serving((_, response) => response.end(artifact)))
    const folder = mkdtempSync(join(tmpdir(), 'drydock-slow-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const [file, sha256] = [join(folder, 'artifact'), createHash('sha256').update(artifact).digest('hex')]
    const part = { sha256, length: artifact.length, required: true }
    // A piece of 64 KB takes longer than the other side may be silent.
    await download(asking({}, 500), url, part, file, 80_000)
    expect(readFileSync(file).equals(artifact)).toBe(true)
  })

  it('of whoever falls silent is given up', async () => {
    const url = new URL(
      await serving((_, response) => {
        response.writeHead(200, { 'content-length': 10 }).write('x')
      }),
    )
    await expect(textOf(await asking({}, 500)(url), 100)).rejects.toThrow(NoAnswer)
  })
})

describe('a configuration', () => {
  const key = newSigner().publicKey
  const least = {
    ...{ component: 'service', version: '1.0.0', directory: 'agent', parts: { backend: {} } },
    server: { url: 'https://drydock.example.com', credential: 'credential' },
    trust: { keys: [key] },
  }

  it('has the defaults of update clients (M4), and paths from where it lies', () => {
    expect(configIn(least, '/etc/drydock')).toMatchObject({
      ...{ enabled: true, channel: 'stable', checkInterval: 360, autoInstall: false },
      maintenanceWindow: {
        ...{
          enabled: true,
          days: ['saturday', 'sunday'],
          startTime: '02:00',
          endTime: '06:00',
          timezone: 'UTC',
        },
      },
      notifications: { email: [], slack: '', teams: '' },
      rollback: { automatic: true, healthCheckTimeout: 300, keepVersions: 3 },
      ...{ directory: '/etc/drydock/agent', server: { credential: '/etc/drydock/credential' } },
    })
  })

  it.each<[string, object, string]>([
    [
      'sends its credential without encryption',
      { server: { ...least.server, url: 'http://drydock.example.com' } },
      'server.url',
    ],
    ['has fewer keys than have to sign', { trust: { keys: [key, key], threshold: 2 } }, 'trust.threshold'],
    [
      'has a certificate without its key',
      { server: { ...least.server, certificate: 'own.pem' } },
      'server.key',
    ],
    ['has a field that nobody knows', { autoinstall: true }, 'autoinstall'],
    ['has no time zone', { maintenanceWindow: { timezone: 'Mars' } }, 'maintenanceWindow.timezone'],
    ['has a part that is a path', { parts: { '../backend': {} } }, 'parts'],
  ])('that %s is refused with its place', (_, changes, place) => {
    const read = () => configIn({ ...least, ...changes }, '/')
    expect(read).toThrow(BadConfig)
    expect(read).toThrow(place)
  })
})
