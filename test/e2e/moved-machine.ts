import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn'
import { type Issuer, openExistingIssuer } from '../../infra/local/http/issuer.ts'
import { Client } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'
import type { RunningRuntime } from './setup.ts'

const minute = 60_000

/** A runtime of its own, on the same template, whose clock stands in the future and goes where a test moves it. */
export class MovedMachine {
  readonly url: string
  /** Its data directory. */
  readonly data: string
  /** Where its services are, by the names that the AWS SDK knows. */
  readonly endpoints: RunningRuntime['endpoints']
  readonly administrator: RunningRuntime['administrator']
  readonly logTable: string
  readonly machineArn: string
  readonly #child: ChildProcess
  readonly #issuer: Issuer
  #now: number

  private constructor(
    { url, data, endpoints, administrator, logTable, machineArn }: RunningRuntime,
    child: ChildProcess,
    issuer: Issuer,
    now: number,
  ) {
    this.url = url
    this.data = data
    this.endpoints = endpoints
    this.administrator = administrator
    this.logTable = logTable
    this.machineArn = machineArn
    this.#child = child
    this.#issuer = issuer
    this.#now = now
  }

  /** Starts at an instant that the wall has not reached: the clock goes on from the anchor that it finds. */
  static start(from: string, template = runtimeOfFile().template): Promise<MovedMachine> {
    const data = mkdtempSync(join(tmpdir(), 'drydock-e2e-'))
    const instant = Date.parse(from)
    writeFileSync(join(data, 'clock.json'), JSON.stringify({ instant }))
    return MovedMachine.#begin(data, instant, template)
  }

  static async #begin(data: string, instant: number, template: string): Promise<MovedMachine> {
    const child = fork(new URL('./runtime-child.ts', import.meta.url), [data, '1', template], {
      env: { ...process.env, NODE_ENV: 'production' },
    })
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The runtime did not start (exit code ${code}).`)
    })
    // Once it runs, its end is what `stop` waits for.
    ended.catch(() => {})
    const [running] = (await Promise.race([once(child, 'message'), ended])) as [RunningRuntime] // the first message of runtime-child.ts
    let machine: MovedMachine | undefined
    const now = () => machine?.now ?? instant
    const at = () => {
      throw new Error('A token needs no timers.')
    }
    const issuer = await openExistingIssuer(data, { speed: 1, now, at })
    if (!issuer) throw new Error('The runtime has no issuer.')
    machine = new MovedMachine(running, child, issuer, instant)
    return machine
  }

  /** Stops it and starts another template on the same data: the machine that is returned takes its place. */
  async deploy(template: string): Promise<MovedMachine> {
    await this.#end()
    return MovedMachine.#begin(this.data, this.#now, template)
  }

  /** Stops an execution of the state machine of upgrades, as somebody in the console would. */
  async stopExecution(name: string): Promise<void> {
    const client = new SFNClient({
      ...{ endpoint: this.endpoints.AWS_ENDPOINT_URL_SFN ?? '', region: 'eu-central-1' },
      credentials: this.administrator,
    })
    const executionArn = `${this.machineArn.replace(':stateMachine:', ':execution:')}:${name}`
    await client.send(new StopExecutionCommand({ executionArn, cause: 'stopped by hand' }))
    client.destroy()
  }

  /** Takes a commit out of the log, as whoever administers the table can. */
  async removeCommit(stream: string, commit: number): Promise<void> {
    const client = new DynamoDBClient({
      endpoint: this.endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '',
      region: 'eu-central-1',
      credentials: this.administrator,
    })
    const Key = { stream: { S: stream }, commit: { N: String(commit) } }
    await client.send(new DeleteItemCommand({ TableName: this.logTable, Key }))
    client.destroy()
  }

  /** The instant to which the clock was last moved; since then it goes on as the wall does. */
  get now(): number {
    return this.#now
  }

  /** Lets time pass up to an instant: whatever is due on the way has happened, and what follows from it, when this resolves. */
  async moveTo(instant: string | number): Promise<void> {
    this.#child.send(typeof instant === 'string' ? Date.parse(instant) : instant)
    const [now] = (await once(this.#child, 'message')) as [number] // the answer of runtime-child.ts
    this.#now = now
  }

  /** Lets so many minutes pass. */
  pass(minutes: number): Promise<void> {
    return this.moveTo(this.#now + minutes * minute)
  }

  /** Returns a person, whose tokens are as young as the clock wants them. */
  person(user: string, ...roles: readonly string[]): Client {
    return new Client(() => this.#issuer.token({ user, roles }), this.url)
  }

  /** Returns what `npm run audit` says of the log. Rejects when that finds anything, with it as `stdout`. */
  async audit(...args: readonly string[]): Promise<string> {
    const script = new URL('../../infra/local/audit.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--data', this.data, ...args])
    return stdout
  }

  async stop(): Promise<void> {
    await this.#end()
    rmSync(this.data, { recursive: true, force: true })
  }

  async #end(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}
