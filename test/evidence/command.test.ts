import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetched, forged, inParts, lines, upgraded } from './packs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'evidence-'))
let files: string[]
let key: string

function written(name: string, parts: readonly Buffer[]): string[] {
  return parts.map((bytes, index) => {
    const file = join(directory, `${name}-${index}.zip`)
    writeFileSync(file, bytes)
    return file
  })
}

let partsOf: () => Promise<Buffer[]>
beforeAll(async () => {
  const { world, id } = await upgraded()
  partsOf = () => fetched(world, id)
  const parts = await inParts(world.services, id)
  files = written('pack', parts)
  key = join(directory, 'key.pem')
  writeFileSync(key, world.heads.key.export({ format: 'pem', type: 'spki' }))
  writeFileSync(`${key}.der`, world.heads.key.export({ format: 'der', type: 'spki' }).toString('base64'))
  written(
    'bad',
    forged(
      parts,
      lines('upgrade.jsonl', (all) => all.toReversed()),
    ),
  )
  written('odd', [Buffer.from('\u001b[2J no zip')])
})
afterAll(() => rmSync(directory, { recursive: true }))

/** Runs the command as somebody would who has nothing but the file and Node. */
function run(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const command = join(root, 'clients/verify/drydock-verify.ts')
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...words], { cwd: directory, env: {} }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

test('what is proven ends with 0, and says what is proven and what no pack proves', async () => {
  for (const one of [key, `${key}.der`]) {
    const { status, stdout } = await run(...files.toReversed(), '--key', one)
    expect(status, stdout).toBe(0)
    expect(stdout).toMatch(/^PROVEN\n {2}proven {6}\d+ commits of 16 streams/)
    expect(stdout).toContain('What no pack proves:')
  }
  // By a pattern, and by its name.
  expect((await run(...files, files[0] ?? '', '--key', key)).status).toBe(0)
})

test('what is broken ends with 1, and names what is wrong, where and what that means', async () => {
  const bad = files.map((file) => file.replace('pack-', 'bad-'))
  const { status, stdout } = await run(...bad, '--key', key)
  expect(status).toBe(1)
  expect(stdout).toMatch(/^BROKEN: \d+ things are wrong\.\n/)
  expect(stdout).toMatch(/\n {2}commit-reordered {2}upgrade#/)
  const json = await run(...bad, '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ status: 1, findings: expect.arrayContaining([]) })
})

test('what cannot be read ends with 2, and moves nobody’s cursor', async () => {
  const { status, stderr } = await run(join(directory, 'odd-0.zip'))
  expect([status, stderr]).toEqual([2, expect.stringContaining('CANNOT BE READ. not-a-pack: odd-0.zip')])
  expect((await run(join(directory, 'none.zip'))).status).toBe(2)
  expect((await run(...files, '--key', files[0] ?? '')).stderr).toContain('holds no public key of Ed25519')
  expect((await run(...files, '--believe')).status).toBe(2)
  expect(await run()).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^Which pack\?\n\nnpx drydock-verify FILE/),
  })
  expect((await run('--help')).status).toBe(0)
})

test('what is no file is not read, as nobody knows when that would end', async () => {
  const pipe = join(directory, 'pipe.zip')
  execFileSync('mkfifo', [pipe])
  for (const words of [[pipe], [...files, '--key', pipe], ['/dev/zero'], [directory]]) {
    const { status, stderr } = await run(...words)
    expect([status, stderr], words.at(-1)).toEqual([
      2,
      expect.stringMatching(/^CANNOT BE READ\. no-file: .* is no file\.\n$/),
    ])
  }
})

test('what is not seen, and changes how the rest is read, is not printed', async () => {
  const [first = ''] = written(
    'bidi',
    forged(await partsOf(), (all) => all, { upgrade: 'u\u202egpj\u2066\ud800' }),
  )
  const { status, stdout } = await run(first)
  expect([status, stdout]).toEqual([1, expect.stringContaining('upgrade u?gpj??')])
  const json = await run(first, '--json')
  expect(json.stdout).toContain('upgrade u\\u202egpj\\u2066\\ud800')
  expect(JSON.parse(json.stdout).findings).toContainEqual(
    expect.objectContaining({ where: 'upgrade u\u202egpj\u2066\ud800' }),
  )
})

test('what is not wrong and not all proven ends with 3, and says why', async () => {
  const { status, stdout } = await run(...files)
  expect(status).toBe(3)
  expect(stdout).toMatch(/^NOTHING IS WRONG, and not all of it is proven\./)
  expect(stdout).toContain('no key was given')
})
