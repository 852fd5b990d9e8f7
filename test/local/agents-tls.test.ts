import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrol, openAgent } from '../../clients/agent/agent.ts'
import { configIn } from '../../clients/agent/config.ts'
import { type Certified, certify } from '../../infra/local/certificates.ts'
import { openExistingIssuer } from '../../infra/local/http/issuer.ts'
import { newSigner } from '../domain/trust/signing.ts'
import { laySynthesized } from '../infra/synthesized.ts'
import { scratch } from './fixture.ts'
import { freePort } from './free-port.ts'

const start = fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url))
const authority = certify('Authority of agents')
const stranger = certify('Authority of others')
const server = certify('localhost', { by: authority, names: ['localhost'] })
/** Certificates of agents: one that is for a target alone, one that says nothing of targets, and one of another authority. */
const certificates = {
  own: certify('target:one', { by: authority }),
  any: certify('machines of customer 17', { by: authority }),
  others: certify('target:one', { by: stranger }),
}

let [folder, url, agentsUrl, token] = ['', '', '', '']
let stop: () => Promise<unknown> = async () => {}

const wall = {
  speed: 1,
  now: () => Date.now(),
  at: () => {
    throw new Error('A token needs no timers.')
  },
}

beforeAll(async () => {
  folder = scratch()
  const [tls, data, port] = [join(folder, 'tls'), join(folder, 'data'), await freePort()]
  mkdirSync(tls)
  laySynthesized(data)
  for (const [name, text] of Object.entries({
    'certificate.pem': server.cert,
    'key.pem': server.key,
    'authorities.pem': authority.cert,
  }))
    writeFileSync(join(tls, name), text)
  const options = ['--port', `${port}`, '--data', data, '--agents-tls', tls]
  const child = spawn(process.execPath, [start, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  stop = () => {
    child.kill()
    return ended
  }
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  while (!said.includes('A token for the API')) {
    if (child.exitCode !== null) throw new Error(`The runtime has ended: ${said}`)
    await pause(50)
  }
  url = `http://127.0.0.1:${port}`
  agentsUrl = /Agents ask at (\S+),/.exec(said)?.[1] ?? ''
  const issuer = await openExistingIssuer(data, wall)
  token = (await issuer?.token({ user: 'operator-1', roles: ['operator'], claims: {} })) ?? ''
}, 120_000)
afterAll(() => stop())

async function write(method: string, path: string, body: object): Promise<Record<string, string>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) })
  return (await answer.json()) as Record<string, string>
}

/** Asks for an update as the agent with a credential would; returns the status, or that nobody spoke to it. */
function ask(credential: string, certificate?: Certified): Promise<number | 'no connection'> {
  return new Promise((resolve) => {
    const asked = request(new URL('/api/v1/updates/check', agentsUrl), {
      ...{ ca: authority.cert, agent: false, headers: { authorization: `Bearer ${credential}` } },
      ...(certificate && { cert: certificate.cert, key: certificate.key }),
    })
    asked.once('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.once('error', () => resolve('no connection'))
    asked.end()
  })
}

/** Writes the configuration of an agent that shows a certificate, and enrols it; returns both. */
async function enrolled(target: string, certificate: Certified, server = agentsUrl) {
  const place = join(folder, `${target}-${certificate.name.length}`)
  mkdirSync(join(place, 'agent'), { recursive: true })
  const file = (name: string, text: string) => {
    writeFileSync(join(place, name), text)
    return join(place, name)
  }
  const config = configIn(
    {
      ...{ component: 'service', version: '1.0.0', directory: join(place, 'agent') },
      server: {
        ...{ url: server, credential: join(place, 'credential'), ca: file('ca.pem', authority.cert) },
        ...{ certificate: file('own.pem', certificate.cert), key: file('own.key', certificate.key) },
      },
      trust: { keys: [newSigner().publicKey] },
      parts: { backend: {} },
    },
    place,
  )
  const { enrolmentToken = '' } = await write('POST', `/api/v1/targets/${target}/enrolment`, {})
  const who = await enrol(config, enrolmentToken)
  return { who, config, credential: readFileSync(join(place, 'credential'), 'utf8').trim() }
}

describe('M18: where a domain is for agents', () => {
  it('they enrol and ask there, with a certificate of their own, and nowhere else', async () => {
    for (const id of ['one', 'two'])
      await write('POST', '/api/v1/targets', { id, components: { service: '1.0.0' } })
    const { who, config, credential } = await enrolled('one', certificates.own)
    expect(who).toBe('one')
    const agent = openAgent(config, () => {})
    expect((await agent.round()).waits).toBeNull()
    agent.close()

    expect(await ask(credential, certificates.own)).toBe(200)
    expect(await ask(credential, certificates.any)).toBe(200)
    expect(await ask(credential)).toBe('no connection')
    expect(await ask(credential, certificates.others)).toBe('no connection')
    // What the authorizer has found is remembered by now: the address of the API lets it in all the same to nothing.
    const headers = { authorization: `Bearer ${credential}`, host: 'localhost' }
    expect((await fetch(`${url}/api/v1/updates/check`, { headers })).status).toBe(403)
  }, 60_000)

  it('a certificate that is for one target lets in no other, whoever has been let in before', async () => {
    await expect(enrolled('two', certificates.own)).rejects.toThrow('403')
    const { credential } = await enrolled('two', certificates.any)
    expect(await ask(credential, certificates.any)).toBe(200)
    expect(await ask(credential, certificates.own)).toBe(403)
  }, 60_000)

  it('people go on by the address of the API', async () => {
    const headers = { authorization: `Bearer ${token}` }
    expect((await fetch(`${url}/api/v1/targets`, { headers })).status).toBe(200)
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })
})
