import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { freePort } from '../local/free-port.ts'
import { createTables } from './tables.ts'

/** A DynamoDB of a test file's own, empty at start. */
export interface Dynamo {
  readonly client: DynamoDBClient
  readonly endpoint: string
  /** Creates the tables Log, Views and Work. */
  createTables(): Promise<void>
  stop(): Promise<void>
}

/** Starts `command(port)` on a free port and waits until it answers. Throws with its output when it never does. */
export async function startOnFreePort(
  command: (port: number) => readonly [string, ...string[]],
): Promise<Dynamo> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const child = startChild(command(port))
    const endpoint = `http://127.0.0.1:${port}`
    const client = new DynamoDBClient({
      endpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    })
    if (await answers(client, child)) {
      return {
        client,
        endpoint,
        createTables: () => createTables(client),
        async stop() {
          client.destroy()
          await child.end()
        },
      }
    }
    client.destroy()
    await child.end()
    // Another process may have taken the port in between; anything else would fail again.
    if (attempt === 3) throw new Error(`no DynamoDB on port ${port}: ${child.output()}`)
  }
}

interface Child {
  readonly process: ChildProcess
  ended(): boolean
  output(): string
  end(): Promise<void>
}

function startChild([program, ...args]: readonly [string, ...string[]]): Child {
  // The child must not outlive a test run that is killed.
  const setpriv = '/usr/bin/setpriv'
  const started = existsSync(setpriv)
    ? spawn(setpriv, ['--pdeathsig', 'KILL', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let ended = false
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000)
  }
  started.stdout.on('data', keep)
  started.stderr.on('data', keep)
  const exit = new Promise<void>((resolve) => {
    started.once('error', (error) => {
      output += error.message
      ended = true
      resolve()
    })
    started.once('exit', () => {
      ended = true
      resolve()
    })
  })
  return {
    process: started,
    ended: () => ended,
    output: () => output,
    async end() {
      started.kill('SIGKILL')
      await exit
    },
  }
}

async function answers(client: DynamoDBClient, child: Child): Promise<boolean> {
  const deadline = performance.now() + 30_000
  while (!child.ended() && performance.now() < deadline) {
    try {
      await client.send(new ListTablesCommand({}))
      return true
    } catch {
      await setTimeout(2)
    }
  }
  return false
}
