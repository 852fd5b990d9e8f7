import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openDynamo } from '../../../infra/local/dynamodb/dynamo.ts'
import { programHere } from '../../../infra/local/dynamodb/program.ts'
import { openClock } from '../../../infra/local/machine-clock.ts'
import { readCloudAssembly } from '../../../infra/local/template/cloud-assembly.ts'
import { resolveStack } from '../../../infra/local/template/stack.ts'
import { javaIsHere } from '../../contract/dynamodb-local.ts'
import { fixtureTemplate, scratch, writeAssembly } from '../fixture.ts'

/** What is installed on a platform for which there is no dynoxide. */
const elsewhere = (module: string) =>
  module.startsWith('@dynoxide/') ? undefined : createRequire(import.meta.url).resolve(module)

describe('what plays DynamoDB on one machine', () => {
  it('is dynoxide, where there is a binary of it', () => {
    expect(programHere().name).toBe('dynoxide')
  })

  it('is DynamoDB Local elsewhere, where there is Java', () => {
    expect(programHere(elsewhere, () => true).name).toBe('DynamoDB Local')
  })

  it('is named with what to do, where there is neither', () => {
    expect(() => programHere(elsewhere, () => false)).toThrow(/install Java .* AWS_ENDPOINT_URL_DYNAMODB=/s)
  })
})

describe.runIf(javaIsHere)('DynamoDB Local, where there is no dynoxide', () => {
  const open: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const stop of open.splice(0)) await stop()
  })

  it('keeps the tables of the template from one start to the next', async () => {
    const directory = scratch()
    const program = programHere(elsewhere)
    const said: string[] = []
    const start = async () => {
      const clock = openClock({ file: join(directory, 'clock.json'), speed: 1 })
      const dynamo = await openDynamo({ directory, clock, program, log: (line) => said.push(line) })
      open.push(() => dynamo.stop())
      for (const resource of resolveStack(readCloudAssembly(writeAssembly(fixtureTemplate())), {}))
        if (resource.type === 'AWS::DynamoDB::Table') await dynamo.provide(resource)
      return dynamo
    }
    const first = await start()
    expect(said).toEqual([expect.stringContaining('DynamoDB Local plays DynamoDB')])
    const TableName = 'Fixture-Items'
    await first.request('DynamoDB_20120810.PutItem', { TableName, Item: { id: { S: 'a' } } })
    await first.stop()
    const second = await start()
    const key = { TableName, Key: { id: { S: 'a' } } }
    expect((await second.request('DynamoDB_20120810.GetItem', key)).Item).toEqual({ id: { S: 'a' } })
  })
})
