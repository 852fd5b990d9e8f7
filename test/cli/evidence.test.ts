import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { commandAt, standIn } from './stand-in.ts'

/** All bytes that there are: none is another when it arrives. */
const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Answers with so many parts, of which each names the next. */
const parts = (count: number) =>
  standIn(({ query }, response) => {
    const part = Number(query.part ?? 1)
    const next = part < count ? { link: `</api/upgrades/u/evidence?part=${part + 1}>; rel="next"` } : {}
    response
      .writeHead(200, { 'content-type': 'application/zip', ...next })
      .end(Buffer.concat([bytes, Buffer.from([part])]))
    return undefined
  })

it('writes each part to a file of its own, byte by byte, and says how they are verified', async () => {
  const api = await parts(3)
  const out = join(scratch(), 'pack')
  const { code, out: said } = await commandAt(api, ['evidence', 'u-1', '--out', out])
  expect(code).toBe(0)
  const names = [1, 2, 3].map((part) => `evidence-u-1-000${part}.zip`)
  expect(readdirSync(out).sort()).toEqual(names)
  for (const [index, name] of names.entries())
    expect(readFileSync(join(out, name))).toEqual(Buffer.concat([bytes, Buffer.from([index + 1])]))
  expect(said).toContain(`npm run -s verify -- ${join(out, 'evidence-u-1-*.zip')} --key FILE`)
  // Whoever publishes a package of that name would have it run there.
  expect(said).not.toContain('npx')
  const json = await commandAt(api, ['evidence', 'u-1', '--out', out, '--json'])
  expect(JSON.parse(json.out)).toEqual({ upgradeId: 'u-1', files: names.map((name) => join(out, name)) })
})

it('of an id that looks like a path stays in its directory', async () => {
  const out = scratch()
  await commandAt(await parts(1), ['evidence', '../../u', '--out', out])
  expect(readdirSync(out)).toEqual(['evidence-______u-0001.zip'])
})

it('says where it cannot be written', async () => {
  const file = join(scratch(), 'file')
  writeFileSync(file, '')
  const { code, err: complained } = await commandAt(await parts(1), ['evidence', 'u', '--out', file])
  expect([code, complained]).toEqual([2, expect.stringContaining('does not take the evidence')])
})
