import { expect, test } from 'vitest'
import { report, type World } from '../api/world.ts'
import { documentAt, tableBelow, tableOf } from './documents.ts'
import { resumes, rollbacks, type Situation } from './situations.ts'

const read = async (world: World, id: string) => (await world.call('GET', `/api/upgrades/${id}`)).body

function answerIn({ status, body }: { readonly status: number; readonly body: { code?: string } }): string {
  return status < 300 ? `${status}` : `${status} \`${body.code}\``
}

function leftOutIn(counts: Readonly<Record<string, number>> = {}): string[] {
  return Object.entries(counts).map(([reason, count]) => `${count} left out as \`${reason}\``)
}

/** Lets everybody do what they are offered, and every upgrade go on, for as long as it takes one after the other. */
async function wait(world: World): Promise<void> {
  for (let round = 0; round < 6; round++) {
    const { body } = await world.call('GET', '/api/upgrades')
    for (const { upgradeId } of body.upgrades) await world.advance(upgradeId)
    await report(world)
  }
}

async function rollbackRow({ asked, when, come }: Situation): Promise<string[]> {
  const { world, id, reply } = await come()
  const child: string | undefined = reply.body.upgradeId
  await wait(world)
  const { status } = await read(world, id)
  const came = child === undefined ? undefined : await read(world, child)
  const holds = (came?.holds ?? []).map(({ code }: { code: string }) => `\`${code}\``)
  const follows = [
    ...(came ? [`rollback ${came.status}`, `${came.completed} taken back`] : []),
    ...(holds.length > 0 ? [`held by ${holds.join(', ')}`] : []),
    ...leftOutIn(came ? came.plan.leftOut : reply.body.leftOutCounts),
  ]
  return [asked, when, answerIn(reply), status, follows.join('; ')]
}

async function resumeRow({ asked, when, come }: Situation): Promise<string[]> {
  const { world, id, reply } = await come()
  await world.advance(id)
  const { status, inProgress, failed, holds } = await read(world, id)
  const held = holds.map(({ code }: { code: string }) => `\`${code}\``)
  const follows = [
    ...(inProgress > 0 ? [`${inProgress} in flight`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(held.length > 0 ? [`held by ${held.join(', ')}`] : []),
  ]
  return [asked, when, answerIn(reply), status, follows.join('; ')]
}

test.each([
  ['rollbacks', rollbacks, rollbackRow],
  ['resumes', resumes, resumeRow],
] as const)('the document says what happens, as it does: %s', async (mark, situations, rowOf) => {
  const rows: string[][] = []
  for (const situation of situations) rows.push(await rowOf(situation))
  const right = tableOf(['you asked', 'the upgrade', 'answer', 'the upgrade then', 'what follows'], rows)
  const path = 'docs/what-happens.md'
  expect(tableBelow(documentAt(path), mark), `The table "${mark}" in ${path} has to be:\n\n${right}\n`).toBe(
    right,
  )
})
