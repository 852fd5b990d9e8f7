import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { commandAt, standIn } from './stand-in.ts'

const destination = {
  ...{ name: 'releases', revision: 2, definedBy: 'admin-1', definedAt: '2026-01-05T10:00:00.000Z' },
  document: { kind: 'teams', workflow: 'drydock/teams' },
}
const lost = {
  ...{ about: 'upgrade#u1', type: null, since: '2026-01-05T10:00:00.000Z' },
  ...{ givenUpAt: '2026-01-06T10:00:00.000Z', tries: 14, why: 'It answers 503.' },
}

it('are defined by a file, listed, shown, and removed for a reason', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'releases.json')
  writeFileSync(file, JSON.stringify(destination.document))
  const api = await standIn(({ path, method }) => [
    200,
    method === 'DELETE'
      ? { name: 'releases', message: 'removed' }
      : path === '/api/v1/destinations'
        ? { destinations: [destination], count: 1, nextCursor: null }
        : {
            ...destination,
            ...(method === 'PUT' && { warnings: [{ field: 'workflow', detail: 'There is none.' }] }),
          },
  ])
  const defined = await commandAt(api, ['destinations', 'define', 'releases', file])
  expect([defined.code, defined.out]).toEqual([exitCodes.done, expect.stringContaining('revision 2')])
  expect(defined.err).toContain('workflow: There is none.')
  expect(api.asked[0]).toMatchObject({
    ...{ method: 'PUT', path: '/api/v1/destinations/releases', body: destination.document },
  })
  expect((await commandAt(api, ['destinations', 'list'])).out).toContain('teams')
  const shown = await commandAt(api, ['destinations', 'show', 'releases'])
  expect(JSON.parse(shown.out)).toEqual(destination)
  const words = ['destinations', 'remove', 'releases']
  expect((await commandAt(api, words)).code).toBe(exitCodes.usage)
  expect((await commandAt(api, [...words, '--reason', 'the channel is gone'])).out).toContain('removed')
  expect(api.asked.at(-1)).toMatchObject({ method: 'DELETE', query: { reason: 'the channel is gone' } })
})

it('are tried by a sample, whose end a script tells by the exit code', async () => {
  const words = ['destinations', 'test', 'releases']
  const well = await commandAt(await standIn(() => [200, { delivered: true, why: null }]), words)
  expect([well.code, well.out]).toEqual([exitCodes.done, expect.stringContaining('was delivered')])
  const why = 'It answers 404.'
  const ill = await commandAt(await standIn(() => [200, { delivered: false, why }]), words)
  expect([ill.code, ill.out]).toEqual([exitCodes.failed, expect.stringContaining(why)])
})

it('tell what they were not told, and are sent it again', async () => {
  const api = await standIn(({ method }) => [
    200,
    method === 'POST' ? { retried: 100, more: true } : { messages: [lost], count: 1, more: false },
  ])
  const listed = await commandAt(api, ['destinations', 'undelivered', 'releases', '--limit', '80'])
  expect(listed.out).toContain('It answers 503.')
  expect(api.asked[0]).toMatchObject({
    path: '/api/v1/destinations/releases/undelivered',
    query: { limit: '80' },
  })
  const again = await commandAt(api, ['destinations', 'retry', 'releases'])
  expect(again.out).toContain('100 on their way again; there are more')
  expect(api.asked.at(-1)).toMatchObject({
    method: 'POST',
    path: '/api/v1/destinations/releases/undelivered/retry',
  })
})
