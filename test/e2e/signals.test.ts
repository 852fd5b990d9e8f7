import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openExistingIssuer } from '../../infra/local/http/issuer.ts'
import { laySynthesized } from '../infra/synthesized.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const patience = { timeout: 30_000, interval: 50 }

/** A runtime that was started as a person does, with what it says. */
interface Started {
  readonly child: ChildProcess
  readonly data: string
  readonly url: string
  said(): string
  readonly code: Promise<number | null>
}

const started: { readonly child: ChildProcess; readonly data: string }[] = []

afterEach(() => {
  for (const { child, data } of started.splice(0)) {
    try {
      // The whole group: a shell's job is npm, what npm starts, and what that starts.
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    } catch {
      // It has ended.
    }
    rmSync(data, { recursive: true, force: true })
  }
})

/** Starts the runtime by a command line in a process group of its own, as a shell does, on a template that is there already. */
async function start(commandLine: (options: string) => string): Promise<Started> {
  const data = mkdtempSync(join(tmpdir(), 'drydock-signals-'))
  laySynthesized(data)
  const child = spawn('sh', ['-c', commandLine(`--port 0 --data ${data} --unsigned-releases allowed`)], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push({ child, data })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  const code = once(child, 'close').then(([ended]) => ended as number | null) // Node's own form
  const url = await vi.waitFor(() => {
    const address = /answers on (http:\S+)/.exec(text)?.[1]
    if (address === undefined) throw new Error(`It has not started: ${text}`)
    return address
  }, patience)
  return { child, data, url, said: () => text, code }
}

/** A request whose head has been taken, while its body is not there yet. */
async function underWay({ url, data }: Started): Promise<{ finish(): Promise<number | undefined> }> {
  const at = () => {
    throw new Error('A token needs no timers.')
  }
  const issuer = await openExistingIssuer(data, { speed: 1, now: () => Date.now(), at })
  const token = await issuer?.token({ user: 'operator-1', roles: ['operator'] })
  const body = JSON.stringify({ component: 'api', version: 'v1.0.0', digest: `sha256:${'4b'.repeat(32)}` })
  const sent: ClientRequest = request(`${url}/api/v1/releases`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': body.length,
      // The answer to this says that the server has read the head.
      expect: '100-continue',
    },
  })
  const answered = once(sent, 'response').then(([response]) => {
    response.resume()
    return Number(response.statusCode)
  })
  const failed = once(sent, 'error').then(([error]) => Promise.reject(error))
  failed.catch(() => {})
  await Promise.race([once(sent, 'continue'), failed])
  sent.write(body.slice(0, 10))
  answered.catch(() => {})
  return {
    finish() {
      sent.end(body.slice(10))
      return Promise.race([answered, failed])
    },
  }
}

const stopping = (runtime: Started) =>
  vi.waitFor(() => expect(runtime.said()).toMatch(/SIG(TERM|INT): stopping/), patience)

const direct = (options: string) => `exec '${process.execPath}' infra/local/start.ts ${options}`

describe('a runtime that is asked to stop', () => {
  it('answers what is under way, and ends without an error', async () => {
    const runtime = await start(direct)
    const waiting = await underWay(runtime)
    runtime.child.kill('SIGTERM')
    await stopping(runtime)
    expect(await waiting.finish()).toBe(201)
    expect(await runtime.code).toBe(0)
  })

  it.each([
    ['Ctrl+C in a terminal, which reaches npm and everything below it', 'SIGINT'],
    ['the end of a job in the background of a shell', 'SIGTERM'],
  ] as const)('takes %s as one wish, not as two', async (_, signal) => {
    const runtime = await start((options) => `npm start -- ${options}`)
    const waiting = await underWay(runtime)
    process.kill(-(runtime.child.pid ?? 0), signal)
    await stopping(runtime)
    expect(await waiting.finish()).toBe(201)
    await vi.waitFor(() => expect(runtime.said()).toContain('Stopped.'), patience)
    await runtime.code
    // Its database is there until the last answer has been given.
    expect(runtime.said()).not.toContain('ended by itself')
  })

  it('hears it where the shell has told its jobs to ignore interrupts', async () => {
    const runtime = await start((options) => `trap '' INT; ${direct(options)}`)
    runtime.child.kill('SIGINT')
    await stopping(runtime)
    expect(await runtime.code).toBe(0)
  })

  it('ends at once when it is asked again', async () => {
    const runtime = await start(direct)
    await underWay(runtime)
    runtime.child.kill('SIGTERM')
    await stopping(runtime)
    // The request is never finished: without the second wish it would be waited for.
    const ended = await vi.waitFor(async () => {
      runtime.child.kill('SIGTERM')
      return Promise.race([runtime.code, Promise.reject(new Error('It has not ended.'))])
    }, patience)
    expect(ended).toBe(1)
    expect(runtime.said()).not.toContain('Stopped.')
  })
})
