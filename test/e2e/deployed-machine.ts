import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { GetExecutionHistoryCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn'
import { type Commit, fromItem } from '../../events/envelope.ts'
import { openExistingIssuer } from '../../infra/local/http/issuer.ts'
import { freePort } from '../local/free-port.ts'
import { Client } from './client.ts'
import { type RunningRuntime, speed } from './setup.ts'

/** One machine whose data and address stay while one version after another is deployed to it. */
export class DeployedMachine {
  readonly url: string
  readonly #data = mkdtempSync(join(tmpdir(), 'drydock-e2e-'))
  readonly #port: number
  #child: ChildProcess | undefined
  #running: RunningRuntime | undefined

  private constructor(port: number) {
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
  }

  static async at(template: string): Promise<DeployedMachine> {
    const machine = new DeployedMachine(await freePort())
    await machine.deploy(template)
    return machine
  }

  /** Stops what runs and starts another template on the same data. */
  async deploy(template: string): Promise<void> {
    await this.#stop()
    const child = fork(
      new URL('./runtime-child.ts', import.meta.url),
      [this.#data, String(speed), template, String(this.#port)],
      { env: { ...process.env, NODE_ENV: 'production' } },
    )
    const [running] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`The runtime did not start (exit code ${code}).`)
      }),
    ])) as [RunningRuntime] // the first message of runtime-child.ts
    this.#child = child
    this.#running = running
  }

  /** Where procedures may call, until the next deployment: a test that plays a server listens there. */
  get outboundPort(): number {
    return this.#present().outboundPort
  }

  /** Returns a person, whose tokens are of the moment. */
  person(user: string, ...roles: readonly string[]): Client {
    const at = () => {
      throw new Error('A token needs no timers.')
    }
    const token = async () => {
      const issuer = await openExistingIssuer(this.#data, { speed: 1, now: () => Date.now(), at })
      if (!issuer) throw new Error('The runtime has no issuer.')
      return issuer.token({ user, roles })
    }
    return new Client(token, this.url)
  }

  /** Returns the states that an execution has entered, in order. */
  async statesOf(name: string): Promise<string[]> {
    const { events = [] } = await this.#stepFunctions((client) =>
      client.send(new GetExecutionHistoryCommand({ executionArn: this.#arnOf(name), maxResults: 1000 })),
    )
    return events.flatMap(({ stateEnteredEventDetails: entered }) => entered?.name ?? [])
  }

  /** Stops an execution as somebody in the console would. */
  async stopExecution(name: string): Promise<void> {
    await this.#stepFunctions((client) =>
      client.send(new StopExecutionCommand({ executionArn: this.#arnOf(name), cause: 'stopped by hand' })),
    )
  }

  /** Returns the commits of a stream as they are stored. */
  async commits(stream: string): Promise<Commit[]> {
    const client = new DynamoDBClient({ ...this.#options(), endpoint: this.#endpoint('DYNAMODB') })
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: this.#present().logTable,
        ConsistentRead: true,
        KeyConditionExpression: '#stream = :stream',
        ExpressionAttributeNames: { '#stream': 'stream' },
        ExpressionAttributeValues: { ':stream': { S: stream } },
      }),
    )
    client.destroy()
    return Items.map(fromItem)
  }

  /** Returns what `npm run audit` of a version says of the log; rejects when it finds anything. */
  async audit(directory: string): Promise<string> {
    const script = join(directory, 'infra', 'local', 'audit.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--data', this.#data])
    return stdout
  }

  async remove(): Promise<void> {
    await this.#stop()
    rmSync(this.#data, { recursive: true, force: true })
  }

  async #stop(): Promise<void> {
    if (this.#child === undefined) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    this.#child = undefined
    await ended
  }

  #present(): RunningRuntime {
    if (this.#running === undefined) throw new Error('Nothing is deployed.')
    return this.#running
  }

  #options() {
    return { region: 'eu-central-1', credentials: this.#present().administrator }
  }

  #endpoint(service: string): string {
    return this.#present().endpoints[`AWS_ENDPOINT_URL_${service}`] ?? ''
  }

  #arnOf(name: string): string {
    return `${this.#present().machineArn.replace(':stateMachine:', ':execution:')}:${name}`
  }

  async #stepFunctions<Answer>(call: (client: SFNClient) => Promise<Answer>): Promise<Answer> {
    const client = new SFNClient({ ...this.#options(), endpoint: this.#endpoint('SFN') })
    try {
      return await call(client)
    } finally {
      client.destroy()
    }
  }
}
