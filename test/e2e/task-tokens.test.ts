import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type AttributeValue,
  DynamoDBClient,
  ListTablesCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fleet, fleet } from './agent.ts'
import { type Client, person } from './client.ts'
import { description } from './description.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'
import { ended, statusOf } from './upgrades.ts'

type Item = Record<string, AttributeValue>

const tokens = new Set<string>()
let operator: Client
let approver: Client
let made: Fleet
let upgradeId = ''
let dynamo: DynamoDBClient

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  approver = await person('approver-1', 'approver')
  dynamo = new DynamoDBClient({
    endpoint: runtimeOfFile().endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    region: 'eu-central-1',
    credentials: runtimeOfFile().administrator,
  })
  made = await fleet(operator, 4)
})
afterAll(() => dynamo.destroy())

/** Returns every item of every table, by the name of its table. */
async function tables(): Promise<Map<string, Item[]>> {
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}))
  const found = new Map<string, Item[]>()
  for (const TableName of TableNames) {
    const items: Item[] = []
    for await (const { Items = [] } of paginateScan({ client: dynamo }, { TableName, ConsistentRead: true }))
      items.push(...Items)
    found.set(TableName, items)
  }
  return found
}

const isToken = ({ item }: Item) => item?.S?.startsWith('tokens#') === true

/** Notes the tokens that wait to be redeemed now: those in `Work`, and all that the machine has ever handed to a function. */
async function noteTokens(): Promise<void> {
  for (const items of (await tables()).values())
    for (const { token } of items.filter(isToken)) if (token?.S) tokens.add(token.S)
  const machine = new DatabaseSync(join(runtimeOfFile().data, 'stepfunctions.sqlite'), { readOnly: true })
  for (const { token } of machine.prepare('SELECT token FROM tokens').all()) tokens.add(String(token))
  machine.close()
}

/** Returns what a database of the runtime holds, table by table. */
function contentsOf(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true })
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  const rows = names.flatMap(({ name }) => database.prepare(`SELECT * FROM "${String(name)}"`).all())
  database.close()
  // A column of bytes is text, too.
  return JSON.stringify(rows, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
}

/** Returns all that the runtime keeps in its directory but what knows tokens: the machine, and the tables, which are read as such. */
function files(): Map<string, string> {
  const { data } = runtimeOfFile()
  const found = globSync(join(data, '**', '*')).filter(
    (path) =>
      statSync(path).isFile() && !/(stepfunctions|dynamo)\.sqlite|cdk\.out|-(wal|shm|journal)$/.test(path),
  )
  return new Map(
    found.map((path) => [
      path.slice(data.length + 1),
      path.endsWith('.sqlite') ? contentsOf(path) : readFileSync(path, 'latin1'),
    ]),
  )
}

/** Returns the answers of every route that reads, about the upgrade. */
async function answers(): Promise<Map<string, string>> {
  const values: Readonly<Record<string, string>> = {
    ...{ '{component}': made.component, '{version}': 'v1.1.0', '{jobId}': `${upgradeId}-1` },
  }
  const found = new Map<string, string>()
  for (const [path, methods] of Object.entries((await description()).paths)) {
    if (!('get' in methods)) continue
    const id = path.startsWith('/api/upgrades') ? upgradeId : (made.agents[0]?.id ?? '')
    const asked = path.replaceAll(/\{\w+\}/g, (name) => values[name] ?? id)
    const client = path.startsWith('/api/v1/updates') ? made.agents[0]?.client : operator
    const answer = await client?.get(asked)
    found.set(`GET ${asked}`, JSON.stringify([[...(answer?.headers ?? [])], answer?.body]))
  }
  return found
}

type Place = readonly [name: string, content: string]

/** Returns every place where no token belongs, but answers. */
async function outside(): Promise<Place[]> {
  const rows = [...(await tables())].map(
    ([name, items]): Place => [`the table ${name}`, JSON.stringify(items.filter((item) => !isToken(item)))],
  )
  return [...rows, ...files()]
}

/** Returns the names of the places that hold a token. */
function spilledIn(places: readonly Place[]): string[] {
  return places
    .filter(([, content]) => [...tokens].some((token) => content.includes(token)))
    .map(([name]) => name)
}

describe('S9 the tokens of an upgrade that waits for an approval, a canary, a bake and a person', () => {
  it('are given out while it runs to its end', async () => {
    upgradeId = await made.deploy({
      ...{ strategy: 'canary', canaryPercent: 25, bakeSeconds: 20 },
      approvals: { required: 1 },
    })
    const { planHash } = await eventually(
      () => operator.read<{ readonly planHash: string | null }>(`/api/upgrades/${upgradeId}`),
      ({ planHash }) => expect(planHash).not.toBeNull(),
    )
    await eventually(noteTokens, () => expect(tokens.size).toBeGreaterThan(0))
    await approver.write(`/api/upgrades/${upgradeId}/approve`, { planHash })
    const upgraded = Promise.all(made.agents.map((agent) => agent.upgrade()))
    await statusOf(operator, upgradeId, { holds: [{ code: 'CONTINUE' }] })
    await noteTokens()
    expect(spilledIn(await outside())).toEqual([])
    await approver.write(`/api/upgrades/${upgradeId}/continue`)
    await upgraded
    await eventually(
      async () => {
        await noteTokens()
        return operator.read<{ readonly status: string }>(`/api/upgrades/${upgradeId}/status`)
      },
      ({ status }) => expect(status).toBe('completed'),
    )
    await ended(operator, upgradeId, { status: 'completed' })
    expect(tokens.size).toBeGreaterThanOrEqual(4)
  })

  it('are in no row of a table but their own, in no file, log, queue, schedule or event, and in no answer', async () => {
    const places = [...(await outside()), ...(await answers())]
    // What is looked through is there.
    for (const text of ['TargetsAdmitted', 'UpgradeCompleted', upgradeId])
      expect(places.filter(([, content]) => content.includes(text)).length).toBeGreaterThan(0)
    const databases = ['events.sqlite', 'schedules.sqlite', 'runtime.sqlite']
    expect(places.map(([name]) => name)).toEqual(
      expect.arrayContaining([...databases, expect.stringMatching(/^logs\/.*upgrades/i)]),
    )
    expect(spilledIn(places)).toEqual([])
  })
})
