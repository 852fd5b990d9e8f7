import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Commit, toItem } from '../../events/envelope.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { startEmulator } from '../../infra/local/dynamodb/emulator.ts'
import { lockDirectory } from '../../infra/local/lock.ts'
import { createTables } from '../contract/tables.ts'
import { documentsOf } from '../heads/documents.ts'
import { rechained, validHistory } from './history.ts'

const command = fileURLToPath(new URL('../../infra/local/audit.ts', import.meta.url))

/** Runs `npm run audit` with arguments. */
function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('npm run audit', () => {
  let directory: string
  let valid: Commit[]
  const exported = (commits: readonly Commit[], name = 'export'): string => {
    const file = join(directory, `${name}.jsonl`)
    writeFileSync(file, commits.map((commit) => JSON.stringify({ Item: toItem(commit) })).join('\n'))
    return file
  }
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'audit-'))
    valid = await validHistory()
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('finds nothing in a valid export and ends with 0', () => {
    const { status, stdout } = run('--file', exported(valid))
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `${valid.length} commits of 13 streams: nothing found.\n`,
    })
  })

  test('names invariant, stream and commit of what it finds, and ends with 1', () => {
    const edited = valid.map((commit) =>
      commit.stream === 'upgrade#up' && commit.commit === 3 ? { ...commit, actor: 'mallory' } : commit,
    )
    const { status, stdout } = run('--file', exported(edited))
    expect(status).toBe(1)
    expect(stdout).toContain('I13: the hash chain verifies\n  upgrade#up@3  This commit is edited.')
  })

  test('sees a cut-off end against heads that were kept, as JSON too', async () => {
    const head = valid.findLast(({ stream }) => stream === 'upgrade#up')
    const { documents, key } = await documentsOf(valid)
    const heads = join(directory, 'heads')
    mkdirSync(heads)
    const files = documents.map((document) => {
      const file = join(heads, `${document.number}.json`)
      writeFileSync(file, JSON.stringify(document))
      return file
    })
    const pem = join(directory, 'key.pem')
    writeFileSync(pem, key.export({ format: 'pem', type: 'spki' }))
    expect(files.length).toBeGreaterThan(1)
    expect(run('--file', exported(valid), '--heads', heads, '--key', pem)).toMatchObject({ status: 0 })

    const cut = exported(valid.filter((commit) => commit !== head))
    const der = join(directory, 'key.der')
    writeFileSync(der, key.export({ format: 'der', type: 'spki' }).toString('base64'))
    // As a shell gives them: one option and many words.
    const { status, stdout } = run('--file', cut, '--key', der, '--json', '--heads', ...files.toReversed())
    expect(status).toBe(1)
    expect(JSON.parse(stdout).findings).toEqual([
      { invariant: 'I13', stream: 'upgrade#up', commit: head?.commit, words: 'This commit is truncated.' },
    ])
    const [dropped = '', ...others] = files
    const { stdout: words } = run('--file', exported(valid), '--key', pem, '--heads', ...others)
    expect(words).toContain(
      'L3: heads are signed every day, each following from the one before\n  heads@1  Document 1 of the heads is missing.',
    )
    writeFileSync(dropped, '{}')
    expect(run('--file', cut, '--heads', heads, '--key', pem)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`${dropped} holds no heads`),
    })
  })

  test('judges of two exports of a log that went on what was there when the second began', () => {
    const planned = valid.findIndex(({ events }) => events.some(({ type }) => type === 'UpgradePlanned'))
    const early = valid.slice(0, planned - 1)
    // The scan came to the upgrade after it was planned, and had passed the place of the chunk before that was stored.
    const late = valid.slice(0, planned + 1).filter(({ stream }) => !stream.startsWith('plan#'))
    expect(run('--file', exported(late)).stdout).toContain('is not in the log')
    const both = run('--file', exported(early, 'early'), '--file', exported(late, 'late'))
    expect(both).toMatchObject({
      status: 0,
      stdout: `${late.length} commits of 10 streams: nothing found.\n`,
    })
    const gone = late.filter(({ stream }) => stream !== 'target#t0')
    expect(run('--file', exported(early, 'early'), '--file', exported(gone, 'late'))).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('target#t0@1  The whole stream is missing.'),
    })
  })

  test('compares snapshots with what the events make', () => {
    const snapshot = { schema: targetAggregate.stateSchema, state: '{"keyHash":"mine"}', keys: [] }
    const forged = rechained(
      valid.map((commit) =>
        commit.stream === 'target#t0' && commit.commit === 2 ? { ...commit, snapshot } : commit,
      ),
    )
    expect(run('--file', exported(forged))).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('L1: a snapshot holds what the commits up to it make\n  target#t0@2'),
    })
  })

  test('says what is wrong with its arguments, and ends with 2', () => {
    const once = exported(valid)
    expect(run('--file', once, '--file', once, '--file', once)).toMatchObject({ status: 2 })
    expect(run('--file', once, 'another')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--file FILE'),
    })
    expect(run('--file', once, '--heads', once)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--key FILE'),
    })
    expect(run('--file', once, '--heads', directory, '--key', once)).toMatchObject({ status: 2 })
    expect(run()).toMatchObject({ status: 2, stderr: expect.stringContaining('--data DIR') })
    expect(run('--data', directory)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no dynamo.sqlite'),
    })
  })

  test('reads a data directory, whether a runtime has it open or not', async () => {
    const data = mkdtempSync(join(directory, 'data-'))
    const unlock = lockDirectory(data)
    const emulator = await startEmulator(data, () => {})
    try {
      const client = new DynamoDBClient({
        endpoint: emulator.endpoint,
        region: 'eu-central-1',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      })
      await createTables(client)
      for (const commit of valid)
        await client.send(new PutItemCommand({ TableName: 'Log', Item: toItem(commit) }))
      client.destroy()
      expect(run('--data', data), 'attached to what runs').toMatchObject({ status: 0, stderr: '' })
    } finally {
      await emulator.stop()
      unlock()
    }
    const alone = run('--data', data)
    expect(alone, 'with a database of its own').toMatchObject({ status: 0, stderr: '' })
    expect(alone.stdout).toContain(`${valid.length} commits`)
  })
})
