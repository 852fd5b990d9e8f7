import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fleet } from './agent.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { MovedMachine } from './moved-machine.ts'
import { withoutRights } from './next-version.ts'
import { eventually } from './patience.ts'
import { storyOf } from './upgrades.ts'

let machine: MovedMachine
let poor: string
beforeAll(async () => {
  poor = await withoutRights(runtimeOfFile().template, /^FunctionsendedRole/)
  machine = await MovedMachine.start('2033-03-01T12:00:00.000Z', poor)
})
afterAll(async () => {
  await machine?.stop()
  await rm(dirname(poor), { recursive: true, force: true })
})

/** The queues that hold letters of executions that ended. */
function lettersOfEnds(): string[] {
  const database = new DatabaseSync(join(machine.data, 'runtime.sqlite'), { readOnly: true })
  const rows = database.prepare("SELECT queue FROM messages WHERE queue LIKE '%EndsDeadLetters%'").all()
  database.close()
  return rows.map(({ queue }) => String(queue).replace(/^.*:/, ''))
}

it('the end of an execution that was given up without rights is made good when they are back, and nobody asks for it', async () => {
  const operator = machine.person('operator-1', 'operator')
  // The first round begins with the runtime.
  await machine.pass(1)
  const { deploy } = await fleet(operator, 1)
  const upgrade = await deploy()
  const read = (client = operator) =>
    client.read<{ readonly status: string; readonly generation: number }>(`/api/upgrades/${upgrade}`)
  await eventually(read, ({ status }) => expect(status).toBe('in_progress'))
  await machine.stopExecution(`${upgrade}-1`)
  await machine.pass(5)
  expect(lettersOfEnds()).toEqual([expect.stringContaining('UpgradeWorkflow')])

  machine = await machine.deploy(runtimeOfFile().template)
  const again = machine.person('operator-1', 'operator')
  await machine.pass(1)
  expect(await read(again)).toMatchObject({ generation: 1 })
  await machine.pass(15)
  expect(await read(again)).toMatchObject({ generation: 2, status: 'in_progress' })
  const ends = (await storyOf(again, upgrade)).filter(({ type }) => type === 'ExecutionEnded')
  expect(ends.map(({ data }) => data)).toEqual([
    { generation: 1, status: 'ABORTED', cause: 'found by reconcile' },
  ])
})
