import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { canonicalJson } from '../../events/canonical.ts'
import type { Commit } from '../../events/envelope.ts'
import { type HeadsDocument, signedText } from '../../events/heads.ts'
import { type PackedFile, zipOf } from '../../functions/api/evidence/zip.ts'
import {
  faultsIn,
  fetched,
  filesIn,
  forged,
  inParts,
  lines,
  rewritten,
  told,
  upgraded,
  verified,
} from './packs.ts'

let world: Awaited<ReturnType<typeof upgraded>>['world']
let key: (typeof world)['heads']['key']
let whole: Buffer[]
let parts: Buffer[]
beforeAll(async () => {
  const made = await upgraded()
  world = made.world
  key = world.heads.key
  whole = await fetched(world, made.id)
  parts = await inParts(world.services, made.id)
})

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const commitIn = (line: string): Commit => JSON.parse(line)
const without = (list: readonly string[], place: number) => list.filter((_, index) => index !== place)
const swapped = (list: readonly string[], place: number) => {
  const [one = '', other = ''] = list.slice(place, place + 2)
  return [...list.slice(0, place), other, one, ...list.slice(place + 2)]
}

/** Adds to the stream of trust, long before all that is in the pack, an event after its first commit. */
function added(type: string, data: (first: Commit) => object) {
  return lines('context.jsonl', ([first = '', ...rest]) => {
    const registered = { ...commitIn(first), at: '2026-01-01T00:00:00.000Z' }
    const events = [{ type, schema: 1, data: JSON.stringify(data(registered)) }]
    const { category: _, since: __, ...next } = { ...registered, commit: 2, version: 2, id: 'x', events }
    return rewritten(
      [canonicalJson(registered), canonicalJson(next), ...rest],
      () => false,
      (same) => same,
    )
  })
}

describe('whoever changes a pack and its manifests is found:', () => {
  test('one byte of a commit', () => {
    const pack = forged(
      whole,
      lines('upgrade.jsonl', (all) =>
        all.map((line) => line.replace('"actor":"drydock"', '"actor":"drydocl"')),
      ),
    )
    expect(faultsIn(pack)).toContain('commit-edited')
  })

  test.each(['upgrade.jsonl', 'targets.jsonl'])('a commit dropped from %s', (file) => {
    const pack = forged(
      whole,
      lines(file, (all) => without(all, 2)),
    )
    expect(faultsIn(pack)).toContain('commit-dropped')
  })

  test('the stream of the release left out, or that of whose word counts', () => {
    const leaving = (kind: string) =>
      lines('context.jsonl', (all) => all.filter((line) => !line.includes(`"stream":"${kind}#`)))
    expect(faultsIn(forged(whole, leaving('release')))).toContain('stream-missing')
    expect(faultsIn(forged(whole, leaving('trust')))).toContain('too-few-signatures')
  })

  test('the first commit of a target dropped, and what stands before it moved on', () => {
    const pack = forged(
      whole,
      lines('targets.jsonl', ([after = '', first = '', ...rest]) => {
        const { stream, commit, hash } = commitIn(first)
        expect(JSON.parse(after).after.stream).toBe(stream)
        return [canonicalJson({ after: { stream, commit, hash } }), ...rest]
      }),
    )
    expect(faultsIn(pack)).toContain('commit-dropped')
  })

  test.each(['upgrade.jsonl', 'targets.jsonl'])('commits exchanged in %s', (file) => {
    const pack = forged(
      whole,
      lines(file, (all) => swapped(all, file === 'targets.jsonl' ? 1 : 3)),
    )
    expect(faultsIn(pack)).toContain('commit-reordered')
  })

  test('a commit that is there twice', () => {
    const pack = forged(
      whole,
      lines('upgrade.jsonl', ([first = '', ...rest]) => [first, first, ...rest]),
    )
    expect(faultsIn(pack)).toContain('commit-added')
  })

  test('the end of the upgrade cut off', () => {
    const cut = lines('upgrade.jsonl', (all) => all.slice(0, -1))
    expect(faultsIn(forged(whole, cut))).toContain('stream-truncated')
    // Where the manifest is changed with it, only a signed head knows better.
    const [last = ''] = filesIn(whole[0] ?? Buffer.alloc(0)).flatMap(({ name, bytes }) =>
      name === 'upgrade.jsonl' ? [bytes.toString().trimEnd().split('\n').at(-1) ?? ''] : [],
    )
    const pack = forged(whole, cut, { commit: commitIn(last).commit - 1 })
    expect(verified(pack, key).findings).toMatchObject([
      { fault: 'stream-truncated', words: expect.stringContaining('knows commit') },
    ])
  })

  test('the end of a target cut off', () => {
    const pack = forged(
      whole,
      lines('targets.jsonl', (all) => all.slice(0, -1)),
    )
    expect(faultsIn(pack, key)).toContain('stream-truncated')
  })

  test('a whole target left out', () => {
    const pack = forged(
      whole,
      lines('targets.jsonl', (all) => {
        const { stream } = JSON.parse(all[0] ?? '').after
        return all.filter((line) => !line.includes(`"${stream}"`))
      }),
    )
    expect(faultsIn(pack)).toContain('outcome-not-told')
  })

  test('members of the plan exchanged, with hashes made anew', () => {
    const pack = forged(
      whole,
      lines(
        'plan.jsonl',
        told('PlanChunkStored', (data) => ({ ...data, members: (data.members as unknown[]).toReversed() })),
      ),
    )
    expect(faultsIn(pack)).toEqual(expect.arrayContaining(['plan-exchanged', 'not-as-planned']))
  })

  test('another request, with hashes made anew', () => {
    const change = told('UpgradeRequested', (data) => ({
      ...data,
      request: { ...(data.request as object), parallel: 9999 },
    }))
    const pack = forged(whole, lines('upgrade.jsonl', change))
    expect(faultsIn(pack)).toContain('plan-exchanged')
    expect(faultsIn(pack)).toContain('head-exchanged')
  })

  test('an approval of another plan, or by who asked', () => {
    const other = told('ApprovalGiven', (data) => ({ ...data, planHash: 'f'.repeat(64) }))
    expect(faultsIn(forged(whole, lines('upgrade.jsonl', other)))).toContain('not-approved')
    const own = told('ApprovalGiven', (data) => ({ ...data, by: 'operator-1' }))
    expect(faultsIn(forged(whole, lines('upgrade.jsonl', own)))).toContain('not-approved')
  })

  test('another manifest of the release', () => {
    const change = told('ManifestSigned', (data) => ({
      ...data,
      manifest: String(data.manifest).replace('125000000', '125000001'),
    }))
    const pack = forged(whole, lines('context.jsonl', change))
    expect(faultsIn(pack)).toEqual(
      expect.arrayContaining([
        'manifest-exchanged',
        'signature-wrong',
        'too-few-signatures',
        'head-exchanged',
      ]),
    )
  })

  test('another manifest of the release, with its digest', () => {
    const digest = `sha256:${'0'.repeat(64)}`
    const change = told('ReleaseRegistered', (data) => ({ ...data, digest }))
    const { findings } = verified(forged(whole, lines('context.jsonl', change)))
    expect(findings.map(({ words }) => words).join('\n')).toContain(`Its digest is ${digest}`)
  })

  test('a wrong signature under the manifest, and one of another key', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const wrong = told('ManifestSigned', (data) => {
      const [one] = data.signatures as object[]
      const signature = sign(null, Buffer.from(String(data.manifest)), privateKey).toString('base64')
      return { ...data, signatures: [{ ...one, signature }] }
    })
    expect(faultsIn(forged(whole, lines('context.jsonl', wrong)))).toEqual(
      expect.arrayContaining(['signature-wrong', 'too-few-signatures']),
    )
    const unknown = told('ManifestSigned', (data) => {
      const [one] = data.signatures as object[]
      return { ...data, signatures: [{ ...one, key: 'e'.repeat(64) }] }
    })
    expect(faultsIn(forged(whole, lines('context.jsonl', unknown)))).toContain('too-few-signatures')
  })

  test('a key that was revoked before it began, or not registered until then', () => {
    const late = (list: string[]) =>
      rewritten(
        list,
        ({ events }) => events.some(({ type }) => type === 'KeyRegistered'),
        (commit) => ({ ...commit, at: '2030-01-01T00:00:00.000Z' }),
      )
    expect(faultsIn(forged(whole, lines('context.jsonl', late)))).toContain('too-few-signatures')
    const revoked = added('KeyRevoked', (registered) => {
      const { key } = JSON.parse(registered.events[0]?.data ?? '')
      return { key, from: '2026-01-01T00:00:00.000Z', reason: 'stolen' }
    })
    expect(faultsIn(forged(whole, revoked))).toContain('too-few-signatures')
  })

  test('a higher threshold than keys have signed', () => {
    const set = added('ThresholdsSet', () => ({ threshold: 2, components: {} }))
    expect(faultsIn(forged(whole, set))).toContain('too-few-signatures')
  })

  test('an end that its target does not tell', () => {
    const change = told('OutcomesRecorded', (data) => ({
      ...data,
      outcomes: (data.outcomes as object[]).map((one) => ({ ...one, outcome: 'succeeded' })),
    }))
    expect(faultsIn(forged(whole, lines('upgrade.jsonl', change)))).toContain('outcome-not-told')
  })

  test('a target that was sent elsewhere', () => {
    const change = told('AttemptAssigned', (data) => ({ ...data, to: '6.6.6' }))
    expect(faultsIn(forged(whole, lines('targets.jsonl', change)))).toContain('not-as-planned')
  })

  const heads = (change: (document: HeadsDocument) => object) => (files: PackedFile[]) =>
    files.map((file) =>
      file.name.startsWith('heads/')
        ? { ...file, bytes: Buffer.from(canonicalJson(change(JSON.parse(file.bytes.toString())))) }
        : file,
    )

  test('other heads: not signed, signed by another key, or saying something else', () => {
    const other = heads((document) => ({ ...document, heads: [] }))
    expect(faultsIn(forged(whole, other), key)).toEqual(['head-not-signed'])
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const foreign = heads((document) => ({
      ...document,
      signature: sign(null, Buffer.from(signedText(document)), privateKey).toString('base64'),
    }))
    expect(faultsIn(forged(whole, foreign), key)).toEqual(['head-not-signed'])
    expect(faultsIn(whole, publicKey)).toEqual(['head-not-signed'])
    const wrong = heads((document) => ({
      ...document,
      heads: document.heads.map(([stream, commit]) => [stream, commit, 'f'.repeat(64)]),
    }))
    expect(faultsIn(forged(whole, wrong))).toEqual(['head-exchanged'])
  })

  test('a signature that is written in another way', () => {
    // The last letter before the padding has four bits that no byte is made of, all of them nothing.
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const next = (_: string, letter: string) => `${letters[letters.indexOf(letter) + 1]}==`
    const other = heads((document) => ({
      ...document,
      signature: document.signature.replace(/(.)==$/, next),
    }))
    expect(faultsIn(forged(whole, other), key)).toEqual(['head-exchanged'])
    const same = heads((document) => ({ ...document, signature: `${document.signature}=` }))
    expect(faultsIn(forged(whole, same), key)).toEqual(['head-exchanged'])
  })

  test('heads left out: nothing is wrong, and nothing is proven of the ends', () => {
    const pack = forged(whole, (files) => files.filter(({ name }) => !name.startsWith('heads/')))
    const { findings, unproven } = verified(pack, key)
    expect(findings).toEqual([])
    expect(unproven.join('\n')).toMatch(/Where 15 of 15 streams end, .* no signed head says so/)
  })
})

describe('what no signed head covers counts for nothing:', () => {
  test.each([
    ['trust#releases', 'read on the day on which the upgrade ended', 0],
    ['trust#releases', 'of an earlier day', -1],
    ['release#api@2.4.1', 'of an earlier day', -1],
  ])('what came to %s after a genuine document of heads %s', (stream, _, days) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const [last = ''] = filesIn(whole[0] ?? Buffer.alloc(0)).flatMap(({ name, bytes }) =>
      name === 'upgrade.jsonl' ? [bytes.toString().trimEnd().split('\n').at(-1) ?? ''] : [],
    )
    const day = new Date(Date.parse(commitIn(last).at) + days * 86_400_000).toISOString().slice(0, 10)
    const signed = (stated: HeadsDocument) => ({
      name: `heads/${String(stated.number).padStart(10, '0')}.json`,
      bytes: Buffer.from(
        canonicalJson({
          ...stated,
          signature: sign(null, Buffer.from(signedText(stated)), privateKey).toString('base64'),
        }),
      ),
    })
    /** The documents of the round, and one of another, which alone has the stream. */
    const dated = (of: string) => (files: PackedFile[]) => {
      const named = files.filter(({ name }) => name.startsWith('heads/'))
      const documents = named.map(({ bytes }): HeadsDocument => JSON.parse(bytes.toString()))
      const isOf = ([name]: HeadsDocument['heads'][number]) => name === stream
      const [first] = documents
      const older = {
        ...first,
        number: 1,
        day: of,
        heads: documents.flatMap(({ heads }) => heads.filter(isOf)),
      }
      const rest = documents.map((one) => ({ ...one, heads: one.heads.filter((head) => !isOf(head)) }))
      const others = files.filter((file) => !named.includes(file))
      const isStreams = ({ name }: PackedFile) => name.endsWith('.jsonl')
      return [
        ...others.filter(isStreams),
        ...[older as HeadsDocument, ...rest].map(signed),
        ...others.filter((file) => !isStreams(file)),
      ]
    }
    const genuine = verified(forged(whole, dated('2099-01-01')), publicKey)
    expect(genuine).toMatchObject({ findings: [], unproven: [] })
    const { findings, unproven } = verified(forged(whole, dated(day)), publicKey)
    expect(findings).toEqual([])
    expect(unproven).toEqual([
      expect.stringMatching(`Where 1 of .* the first of them ${stream}: no signed head`),
    ])
  })

  test('a key and a signature that were added behind the heads, and seem to be older', async () => {
    const made = await upgraded({ signs: false })
    const pack = await fetched(made.world, made.id)
    const own = verified(pack, made.world.heads.key)
    expect(own.findings).toEqual([])
    expect(own.unproven.join('\n')).toContain('nobody has signed it')
    // Whoever holds the pack signs the release, behind its head, and dates that back.
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const der = publicKey.export({ format: 'der', type: 'spki' })
    const keyId = sha256Of(der)
    const at = '2026-01-05T10:00:00.000Z'
    const body = { version: 1, count: 1, id: 'x', at, actor: 'x', correlation: 'x' }
    const manifest = canonicalJson({ forged: true })
    const signature = sign(null, Buffer.from(manifest), privateKey).toString('base64')
    const events = (type: string, data: object) => [{ type, schema: 1, data: JSON.stringify(data) }]
    const forgery = forged(
      pack,
      lines('context.jsonl', (all) => {
        const release = all.filter((line) => line.includes('"stream":"release'))
        const [last = ''] = release.slice(-1)
        const { stream, commit } = commitIn(last)
        const scope = { label: 'x', components: null, channels: null }
        const registered = { key: keyId, publicKey: der.toString('base64'), ...scope }
        const seal = { manifest, signatures: [{ key: keyId, scheme: 'ed25519', signature }] }
        const trusted = {
          ...body,
          stream: 'trust#releases',
          commit: 1,
          events: events('KeyRegistered', registered),
        }
        const sealed = { ...body, stream, commit: commit + 1, events: events('ManifestSigned', seal) }
        return rewritten(
          [canonicalJson(trusted), ...all, canonicalJson(sealed)],
          () => false,
          (same) => same,
        )
      }),
    )
    const { findings, unproven, proven } = verified(forgery, made.world.heads.key)
    expect(findings).toEqual([])
    expect(unproven.join('\n')).toContain('nobody has signed it')
    expect(proven.join('\n')).not.toContain('is what its manifest says')
  })

  test('a commit that says it was made before the one that it follows', () => {
    const late = (list: string[]) =>
      rewritten(
        list,
        ({ commit }) => commit === 2,
        (commit) => ({ ...commit, at: '2030-01-01T00:00:00.000Z' }),
      )
    const { findings } = verified(forged(whole, lines('upgrade.jsonl', late)))
    expect(findings.map(({ words }) => words).join('\n')).toContain('made before the one that it follows')
  })
})

describe('whoever changes the parts of a pack is found:', () => {
  test('a part left out, in the middle, at the beginning and at the end', () => {
    expect(parts.length).toBeGreaterThan(4)
    for (const place of [0, 2, parts.length - 1])
      expect(faultsIn(parts.filter((_, index) => index !== place))).toContain('part-missing')
  })

  test('a part named twice', () => {
    expect(faultsIn([...parts, parts[1] ?? Buffer.alloc(0)])).toContain('part-of-another-pack')
  })

  test('a part of another pack', async () => {
    const { world: others, id } = await upgraded({ targets: 8 })
    const foreign = await inParts(others.services, id)
    const mixed = parts.map((part, index) => (index === 1 ? (foreign[1] ?? part) : part))
    expect(faultsIn(mixed)).toContain('part-of-another-pack')
  })

  test('a file added, left out or changed', () => {
    const [first = Buffer.alloc(0)] = whole
    const files = filesIn(first)
    const extra = { name: 'heads/0000000099.json', bytes: Buffer.from('{}') }
    expect(faultsIn([zipOf([...files, extra])])).toContain('file-added')
    expect(faultsIn([zipOf(files.filter(({ name }) => name !== 'report.md'))])).toContain('file-missing')
    const report = files.map((file) =>
      file.name === 'report.md' ? { ...file, bytes: Buffer.from('All is well.') } : file,
    )
    expect(faultsIn([zipOf(report)])).toContain('file-changed')
  })
})

describe('every byte counts:', () => {
  const flipped = (bytes: Buffer, place: number, by: number) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt8(copy.readUInt8(place) ^ by, place)
    return copy
  }
  const options = { numRuns: 300 }

  test('one that is flipped in any file is found, in one part and in many', () => {
    for (const pack of [whole, parts]) {
      const all = pack.flatMap((part, index) => filesIn(part).map((file) => ({ index, file })))
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, place, by) => {
          const { index, file } = all[which % all.length] ?? all[0] ?? expect.unreachable()
          const changed = { ...file, bytes: flipped(file.bytes, place % file.bytes.length, by) }
          const files = filesIn(pack[index] ?? Buffer.alloc(0)).map((one) =>
            one.name === file.name ? changed : one,
          )
          const bad = pack.map((part, number) => (number === index ? zipOf(files) : part))
          expect(verified(bad).found, `${file.name} at ${place % file.bytes.length}`).toBeGreaterThan(0)
        }),
        options,
      )
    }
  })

  test('one that is flipped in a stream or a document of heads is found, although all manifests are made anew', () => {
    const [first = Buffer.alloc(0)] = whole
    const names = filesIn(first).flatMap(({ name }) => (/jsonl$|^heads/.test(name) ? [name] : []))
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, place, by) => {
        const name = names[which % names.length]
        const pack = forged(whole, (files) =>
          files.map((file) =>
            file.name === name ? { name, bytes: flipped(file.bytes, place % file.bytes.length, by) } : file,
          ),
        )
        expect(verified(pack, key).found, `${name} at ${place}`).toBeGreaterThan(0)
      }),
      options,
    )
  })

  test('one that is flipped anywhere in a zip file is found or refused, or leaves every file as it was', () => {
    const [first = Buffer.alloc(0)] = whole
    const files = filesIn(first)
    fc.assert(
      fc.property(fc.nat(first.length - 1), fc.integer({ min: 1, max: 255 }), (place, by) => {
        const bad = flipped(first, place, by)
        let found = 1
        try {
          found = verified([bad], key).found
        } catch (error) {
          expect(error).toMatchObject({ name: 'Unreadable' })
        }
        if (found === 0) expect(filesIn(bad)).toEqual(files)
      }),
      { numRuns: 600 },
    )
  })
})

describe('whatever a pack tells,', () => {
  test('the verdict is a verdict, or it is refused by name', () => {
    const [first = Buffer.alloc(0)] = whole
    const files = filesIn(first).filter(({ name }) => name.endsWith('jsonl'))
    const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.nat(),
        anything,
        fc.boolean(),
        (which, place, member, value, inside) => {
          const { name } = files[which % files.length] ?? expect.unreachable()
          const pack = forged(
            whole,
            lines(name, (all) => {
              const commits = all.map((line) => JSON.parse(line))
              const commit = commits[place % commits.length]
              if (!('events' in commit)) return all
              const [event] = commit.events
              const data = JSON.parse(event.data)
              const names = Object.keys(inside ? data : commit)
              const named = names[member % names.length] ?? 'x'
              if (inside) event.data = JSON.stringify({ ...data, [named]: value })
              else commit[named] = value
              try {
                return rewritten(
                  commits.map((one) => canonicalJson(one)),
                  () => false,
                  (same) => same,
                )
              } catch {
                return commits.map((one) => canonicalJson(one))
              }
            }),
          )
          try {
            expect(verified(pack, key).found).toBeGreaterThanOrEqual(0)
          } catch (error) {
            expect(error).toMatchObject({ name: 'Unreadable' })
          }
        },
      ),
      { numRuns: 600 },
    )
  })
})
