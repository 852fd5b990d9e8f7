import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { limits } from '../../clients/verify/limits.ts'
import { canonicalJson, sha256 } from '../../events/canonical.ts'
import { hashCommit } from '../../events/envelope.ts'
import { type PackedFile, zipOf } from '../../functions/api/evidence/zip.ts'
import { forged, verified } from './packs.ts'

const file = (name: string, text: string | Buffer): PackedFile => ({ name, bytes: Buffer.from(text) })
const manifestOf = (files: readonly PackedFile[], told: object = {}) =>
  file(
    'manifest.json',
    canonicalJson({
      ...{ format: 'drydock-evidence-1', upgrade: 'u', commit: 1, part: 1, previous: '', last: true },
      files: files.map(({ name, bytes }) => ({
        name,
        length: bytes.length,
        sha256: sha256(bytes.toString()),
      })),
      ...told,
    }),
  )
const pack = (...files: PackedFile[]) => zipOf([manifestOf(files), ...files])

/** Why parts are refused; undefined: they are not. */
function refusal(...parts: Buffer[]): string | undefined {
  try {
    verified(parts)
    return undefined
  } catch (error) {
    return error instanceof Error && 'why' in error ? String(error.why) : `thrown: ${error}`
  }
}

const commitOf = (stream: string, events: object[], commit = 1) => {
  const body = {
    ...{ stream, commit, version: 1, count: events.length, id: 'x', at: '2026-01-01T00:00:00.000Z' },
    ...{ actor: 'x', correlation: 'x', events },
  }
  const known = body as unknown as Parameters<typeof hashCommit>[1]
  return canonicalJson({ ...body, hash: hashCommit('', known) })
}
const event = (type: string, data: object) => ({ type, schema: 1, data: JSON.stringify(data) })

describe('what is no pack is refused by name:', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'not-a-pack'],
    ['a text', Buffer.from('Dear auditor, all is well. Yours, the operator'), 'not-a-pack'],
    ['zip without files', zipOf([]), 'no-manifest'],
    ['zip without a manifest', zipOf([file('report.md', 'x')]), 'no-manifest'],
    ['a comment at its end', Buffer.concat([pack(), Buffer.from('x')]), 'not-a-pack'],
    ['a zip file before the zip file', Buffer.concat([pack(), pack()]), 'not-a-pack'],
    ['a name that leads out', pack(file('../../etc/passwd', 'x')), 'path-leads-out'],
    ['a name from the root', pack(file('/etc/passwd', 'x')), 'path-leads-out'],
    ['a name that leads out of heads', pack(file('heads/../x', 'x')), 'path-leads-out'],
    ['a name with the other slash', pack(file('..\\x', 'x')), 'path-leads-out'],
    ['a name of no pack', pack(file('setup.exe', 'x')), 'unknown-name'],
    ['a name twice', zipOf([manifestOf([]), file('report.md', 'x'), file('report.md', 'y')]), 'name-twice'],
    ['the manifest twice', zipOf([manifestOf([]), manifestOf([])]), 'name-twice'],
    [
      'too many files',
      pack(
        ...Array.from({ length: limits.filesOfPart + 1 }, (_, n) =>
          file(`heads/${String(n).padStart(10, '0')}.json`, ''),
        ),
      ),
      'too-many-files',
    ],
    ['too many bytes', Buffer.alloc(limits.part + 1), 'too-large'],
    [
      'a line without an end in sight',
      pack(file('upgrade.jsonl', Buffer.alloc(limits.line + 1, 'x'))),
      'line-too-long',
    ],
  ])('%s', (_, part, why) => {
    expect(refusal(part)).toBe(why)
  })

  test('more than there may be when it is unpacked, announced', () => {
    const large = file('report.md', Buffer.alloc(limits.unpacked, 'a'))
    const part = zipOf([manifestOf([large]), large])
    expect(part.length).toBeLessThan(limits.unpacked / 100)
    expect(refusal(part)).toBe('bomb')
  })

  test('and what unpacks to more than it announces is damaged, not unpacked', () => {
    const name = Buffer.from('report.md')
    const small = zipOf([manifestOf([file('report.md', 'x')]), file('report.md', 'x')])
    const bomb = deflateRawSync(Buffer.alloc(512 * 1024 * 1024, 0))
    const packed = deflateRawSync(Buffer.from('x'))
    // The packed bytes are exchanged, and their length where it is told, twice; the rest stays.
    const at = small.indexOf(Buffer.concat([name, packed])) + name.length
    const grown = Buffer.concat([small.subarray(0, at), bomb, small.subarray(at + packed.length)])
    const more = bomb.length - packed.length
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bomb.length)
    length.copy(grown, at - name.length - 30 + 18)
    const end = grown.length - 22
    grown.writeUInt32LE(small.readUInt32LE(small.length - 22 + 16) + more, end + 16)
    const entry = grown.lastIndexOf(name) - 46
    length.copy(grown, entry + 20)
    const before = process.memoryUsage().rss
    expect(verified([grown]).findings).toMatchObject([{ fault: 'file-damaged' }, { fault: 'stream-missing' }])
    // Far less than it would unpack to, in proportion.
    expect((process.memoryUsage().rss - before) / (512 * 1024 * 1024)).toBeLessThan(0.5)
  })

  test('more than all parts together may be', () => {
    const large = file('report.md', Buffer.alloc(limits.unpacked - 1e6, 'a'))
    const part = zipOf([manifestOf([large]), large])
    const parts = Math.ceil(limits.together / (limits.unpacked - 1e6))
    expect(refusal(...Array.from({ length: parts }, () => part))).toBe('bomb')
    const heads = Array.from({ length: limits.filesOfPart - 1 }, (_, n) =>
      file(`heads/${String(n).padStart(10, '0')}.json`, ''),
    )
    const many = Math.ceil(limits.files / limits.filesOfPart) + 1
    expect(refusal(...Array.from({ length: many }, () => pack(...heads)))).toBe('too-many-files')
  })

  test('too many parts', () => {
    expect(refusal(...Array.from({ length: limits.parts + 1 }, () => pack()))).toBe('too-many-parts')
  })
})

describe('what a pack says of itself bounds nothing:', () => {
  test('JSON that is nested without an end is no commit', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const name of ['upgrade.jsonl', 'targets.jsonl']) {
      const { findings } = verified([pack(file(name, `${deep}\n`))])
      expect(findings[0]).toMatchObject({
        fault: 'commit-edited',
        words: expect.stringContaining('nested deeper'),
      })
    }
    const inside = commitOf('upgrade#u', [{ type: 'X', schema: 1, data: deep }])
    expect(verified([pack(file('upgrade.jsonl', `${inside}\n`))]).findings[0]).toMatchObject({
      fault: 'commit-edited',
    })
    expect(verified([zipOf([file('manifest.json', deep)])]).findings).toMatchObject([
      { fault: 'manifest-changed' },
    ])
  })

  const lists = (count: number) => `[${Array(count).fill('[]').join()}]`

  test.each<[string, () => Buffer, string]>([
    [
      'a document of heads that is longer than any',
      () => pack(file('heads/0000000001.json', Buffer.alloc(limits.document + 1, ' '))),
      'too-large',
    ],
    [
      'a manifest that is longer than any',
      () => zipOf([file('manifest.json', Buffer.alloc(limits.line + 1, ' '))]),
      'too-large',
    ],
    [
      'a document of heads of nothing but values',
      () => pack(file('heads/0000000001.json', lists(limits.values))),
      'too-many-values',
    ],
    [
      'a manifest of nothing but values',
      () => zipOf([file('manifest.json', lists(limits.values))]),
      'too-many-values',
    ],
    [
      'a line of nothing but values',
      () => pack(file('upgrade.jsonl', `${lists(limits.values)}\n`)),
      'too-many-values',
    ],
    [
      'an event of nothing but values',
      () =>
        pack(
          file(
            'upgrade.jsonl',
            `${commitOf('upgrade#u', [{ type: 'X', schema: 1, data: lists(limits.values) }])}\n`,
          ),
        ),
      'too-many-values',
    ],
    [
      'a file of lines that are none',
      () => pack(file('upgrade.jsonl', Buffer.alloc(limits.noCommits + 1, '\n'))),
      'no-commits',
    ],
    [
      'a stream with a name of a page',
      () => pack(file('upgrade.jsonl', `${commitOf(`upgrade#${'u'.repeat(limits.name)}`, [])}\n`)),
      'name-too-long',
    ],
  ])('%s', (_, made, why) => {
    expect(refusal(made())).toBe(why)
  })

  test('commas in what is said are no values', () => {
    const line = commitOf('upgrade#u', [event('X', { words: ','.repeat(limits.values + 1) })])
    expect(refusal(pack(file('upgrade.jsonl', `${line}\n`)))).toBeUndefined()
  })

  test('what is told of a place, and in words, is cut', () => {
    const { findings } = verified(
      [pack(file('upgrade.jsonl', ''))].map(
        (part) => forged([part], (files) => files, { upgrade: 'u'.repeat(1e6) })[0] ?? part,
      ),
    )
    expect(findings[0]).toMatchObject({
      fault: 'stream-missing',
      where: expect.stringMatching(/^upgrade u{191}…$/),
    })
  })

  test('a plan of a quadrillion members, admitted all at once, is counted by what is there', () => {
    const planned = { planHash: 'p', members: 1e15, version: '1', digest: null, policyVersion: 0, waves: {} }
    const admitted = { wave: 0, members: [[0, 1e15]], retried: [], readmitted: [] }
    const line = commitOf('upgrade#u', [event('UpgradePlanned', planned), event('TargetsAdmitted', admitted)])
    expect(refusal(pack(file('upgrade.jsonl', `${line}\n`)))).toBe('too-many-members')
  })

  test('the same range again and again is counted each time', () => {
    const planned = {
      planHash: 'p',
      members: 100_000,
      version: '1',
      digest: null,
      policyVersion: 0,
      waves: {},
    }
    const members = Array.from({ length: 10_000 }, () => [0, 100_000])
    const line = commitOf('upgrade#u', [
      event('UpgradePlanned', planned),
      event('TargetsAdmitted', { members }),
    ])
    expect(refusal(pack(file('upgrade.jsonl', `${line}\n`)))).toBe('too-many-members')
  })

  test('a stream that jumps to its quintillionth commit names a few that are missing', () => {
    const lines = [commitOf('upgrade#u', []), commitOf('upgrade#u', [], 9e15)]
    const { findings, found } = verified([pack(file('upgrade.jsonl', `${lines.join('\n')}\n`))])
    expect(findings.some(({ fault }) => fault === 'commit-dropped')).toBe(true)
    expect(found).toBeLessThan(200)
  })

  test('as many findings as there are lines are counted, and a hundred told', () => {
    const { findings, found } = verified([pack(file('upgrade.jsonl', '{}\n'.repeat(5000)))])
    expect(findings).toHaveLength(limits.findings)
    expect(found).toBeGreaterThanOrEqual(5000)
  })

  test('a member that has the name of what every object has is a member', () => {
    const line = commitOf('upgrade#u', [
      { type: 'UpgradeRequested', schema: 1, data: '{"__proto__":{"request":{},"by":"x"}}' },
    ])
    const { findings } = verified([pack(file('upgrade.jsonl', `${line}\n`))])
    expect(findings[0]).toMatchObject({
      fault: 'commit-edited',
      words: expect.stringContaining('request is no object'),
    })
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  test.each([
    ['another form', { format: 'drydock-evidence-2' }],
    ['a member more', { more: true }],
    ['a number that is none', { part: -1 }],
    ['files that are none', { files: 7 }],
    ['a last that is no word', { last: 'yes' }],
  ])('a manifest with %s is none', (_, told) => {
    expect(verified([zipOf([manifestOf([], told)])]).findings).toMatchObject([{ fault: 'manifest-changed' }])
  })

  test('streams where others belong are none', () => {
    const foreign = commitOf('upgrade#another', [])
    expect(verified([pack(file('upgrade.jsonl', `${foreign}\n`))]).findings).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ fault: 'commit-added' })]),
    )
    const target = commitOf('target#t', [])
    expect(verified([pack(file('upgrade.jsonl', `${target}\n`))]).findings).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ fault: 'commit-edited' })]),
    )
  })
})
