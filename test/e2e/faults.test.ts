import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'
import { mayMount, type Program, SmallDisk } from './small-disk.ts'

const commands = fileURLToPath(new URL('../../infra/local/', import.meta.url))
const component = 'api'
const megabytes = 256

/** Takes a port of the loopback, as another program would. */
async function occupy(port: number): Promise<{ readonly port: number; leave(): Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    leave: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Drydock on the small disk, started and used as a person would. */
class Machine {
  readonly disk: SmallDisk
  readonly port: number
  token = ''

  constructor(disk: SmallDisk, port: number) {
    this.disk = disk
    this.port = port
  }

  /** `npm start` on the small disk. */
  start(): Program {
    return this.disk.start(
      ...[process.execPath, `${commands}start.ts`, '--data', this.disk.directory],
      ...['--port', String(this.port), '--unsigned-releases', 'allowed'],
    )
  }

  /** Starts, waits for the first answer, and asks for a token as a person would. */
  async up(): Promise<Program> {
    const program = this.start()
    await Promise.race([
      eventually(() => fetch(`http://127.0.0.1:${this.port}/health`)),
      program.ended.then(({ said }) => {
        throw new Error(`Drydock did not start: ${said}`)
      }),
    ])
    const words = ['--data', this.disk.directory, '--user', 'operator-1', '--role', 'operator']
    this.token = (await this.disk.run(process.execPath, `${commands}token.ts`, ...words)).said.trim()
    return program
  }

  async send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }

  register(id: string): Promise<{ status: number }> {
    return this.send('POST', '/api/v1/targets', {
      targets: [{ id, type: 'customer', components: { [component]: 'v1.0.0' } }],
    })
  }
}

describe.skipIf(!mayMount)('a disk that fills while Drydock works', () => {
  const acknowledged: string[] = []
  let machine: Machine
  let upgrade = ''
  let full: Program

  beforeAll(async () => {
    const { data, template } = runtimeOfFile()
    const directory = mkdtempSync(join(tmpdir(), 'drydock-disk-'))
    const disk = await SmallDisk.mount(directory, megabytes, [template, join(data, 'cdk.out.sources')])
    const { port, leave } = await occupy(0)
    await leave()
    machine = new Machine(disk, port)
  })

  afterAll(async () => {
    await machine.disk.unmount()
    rmSync(machine.disk.directory, { recursive: true, force: true })
  })

  it('ends Drydock, which says what to do', async () => {
    full = await machine.up()
    const digest = `sha256:${'2e'.repeat(32)}`
    await machine.send('POST', '/api/v1/releases', {
      component,
      version: 'v1.1.0',
      channel: 'stable',
      digest,
    })
    await machine.register('first')
    const asked = await machine.send('POST', '/api/upgrades/deploy', {
      component,
      version: 'v1.1.0',
      strategy: 'all',
    })
    expect(asked).toMatchObject({ status: 202, body: { upgradeId: expect.any(String) } })
    upgrade = (asked.body as { upgradeId: string }).upgradeId

    let ended = false
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let number = 0; !ended; number += 1) {
        const id = `target-${writer}-${number}`
        const status = await machine.register(id).then(
          (answer) => answer.status,
          () => 0,
        )
        if (status === 200) acknowledged.push(id)
      }
    })
    await eventually(async () => expect(acknowledged.length).toBeGreaterThan(20))
    await machine.disk.fill()
    const { code, said } = await full.ended
    ended = true
    await Promise.all(writers)
    expect(code).toBe(1)
    expect(said).toMatch(
      /disk.* is full.*Nothing acknowledged is lost: free .* and start again on the same data/,
    )
    expect(said).not.toMatch(/ {4}at /)
  })

  it('keeps it from starting, with how much is missing', async () => {
    const { code, said } = await machine.start().ended
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(/^The disk of \S+ has 0 MB left, a start needs 128 MB: free some/),
    ])
  })

  it('is followed by the port that somebody took meanwhile, which is named', async () => {
    await machine.disk.free()
    const occupant = await occupy(machine.port)
    const { code, said } = await machine.start().ended
    await occupant.leave()
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^Port ${machine.port} .*is taken: stop the program`)),
    ])
  })

  it('has lost nothing that was acknowledged once there is space again', async () => {
    const program = await machine.up()
    for (const id of ['first', ...acknowledged]) {
      const { status } = await machine.send('GET', `/api/v1/targets/${id}`)
      expect([id, status]).toEqual([id, 200])
    }
    // The upgrade that was under way goes on: its one target is offered the release.
    await eventually(
      () => machine.send('GET', `/api/upgrades/${upgrade}/logs`),
      ({ body }) =>
        expect(body).toMatchObject({ count: 1, logs: [{ customer_id: 'first', status: 'pending' }] }),
    )
    program.child.kill('SIGINT')
    expect(await program.ended).toMatchObject({ code: 0 })
    const audit = await machine.disk.run(
      process.execPath,
      `${commands}audit.ts`,
      '--data',
      machine.disk.directory,
    )
    expect(audit).toMatchObject({ code: 0 })
  })
})
