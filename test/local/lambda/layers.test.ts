import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { programFrom, withLayer } from '../../../infra/local/lambda/layers.ts'

const directory = mkdtempSync(join(tmpdir(), 'layers-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Packs files as `zip` does. */
function zip(files: Readonly<Record<string, string>>, method: 0 | 8): Buffer {
  const bodies: Buffer[] = []
  const entries: Buffer[] = []
  let at = 0
  for (const [name, text] of Object.entries(files)) {
    const content = method === 8 ? deflateRawSync(text) : Buffer.from(text)
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(method, 4)
    shared.writeUInt32LE(crc32(text), 10)
    shared.writeUInt32LE(content.length, 14)
    shared.writeUInt32LE(text.length, 18)
    shared.writeUInt16LE(name.length, 22)
    const body = Buffer.concat([Buffer.from('PK\u0003\u0004'), shared, Buffer.from(name), content])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(at, 10)
    entries.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), shared, place, Buffer.from(name)]),
    )
    bodies.push(body)
    at += body.length
  }
  const list = Buffer.concat(entries)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...bodies, list, Buffer.from('PK\u0005\u0006'), end])
}

function archived(name: string, content: Buffer): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

describe('the layer of a function', () => {
  test.each([0, 8] as const)(
    'gives the program that a variable names, by method %i, and nothing else',
    (method) => {
      const files = { 'kubectl/kubectl': 'another', 'helm/helm': 'the program '.repeat(50) }
      const archive = archived(`asset.${method}.zip`, zip(files, method))
      const variables = { HELM_BINARY: '/opt/helm/helm', LOG_TABLE: 'Log' }
      const { HELM_BINARY: path = '', ...others } = withLayer(variables, archive, join(directory, 'unpacked'))
      expect(others).toEqual({ LOG_TABLE: 'Log' })
      expect(readFileSync(path, 'utf8')).toBe(files['helm/helm'])
      expect(statSync(path).mode & 0o777).toBe(0o700)
      expect(() => statSync(join(directory, 'unpacked', `asset.${method}`, 'kubectl'))).toThrow(/ENOENT/)
      // Another archive is another layer, though its program is called the same.
      const other = archived(`asset.${method}-later.zip`, zip({ 'helm/helm': 'a later one' }, method))
      expect(readFileSync(programFrom(other, 'helm/helm', join(directory, 'unpacked')), 'utf8')).toBe(
        'a later one',
      )
    },
  )

  test('that lacks the program, or is no archive, is named', () => {
    const archive = archived('asset.empty.zip', zip({ 'kubectl/kubectl': 'another' }, 8))
    expect(() => programFrom(archive, 'helm/helm', directory)).toThrow(/asset\.empty\.zip has no helm\/helm/)
    const damaged = archived('asset.damaged.zip', Buffer.from('not an archive'))
    expect(() => programFrom(damaged, 'helm/helm', directory)).toThrow(/asset\.damaged\.zip is damaged/)
  })
})
