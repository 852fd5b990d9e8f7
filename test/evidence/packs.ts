import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { verifyPack, verifyWhole } from '../../clients/verify/verify.ts'
import { readZip } from '../../clients/verify/zip.ts'
import { canonicalJson } from '../../events/canonical.ts'
import { type Commit, hashCommit } from '../../events/envelope.ts'
import { type HeadsStatement, signedText } from '../../events/heads.ts'
import { type EvidenceServices, getEvidence } from '../../functions/api/evidence/get.ts'
import type { PartLimits } from '../../functions/api/evidence/part.ts'
import { type PackedFile, zipOf } from '../../functions/api/evidence/zip.ts'
import { openWorld, report, viewer, type World } from '../api/world.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { type OpenPgpSigner, openPgpSignatureOf } from '../openpgp/signer.ts'

/** A part holds so much at most, where a test wants several. */
const small: PartLimits = { bytes: 8000, milliseconds: 1e9 }

const admin = { user: 'admin-1', roles: ['admin'] }
const approver = { user: 'approver-1', roles: ['approver'] }
const day = 24 * 3600

/** Registers a key, and publishes a release that it has signed, and somebody else by OpenPGP, where there is such a one: then both have to. */
async function publish(world: World, second?: OpenPgpSigner): Promise<void> {
  const signer = newSigner()
  const { publicKey } = signer
  await world.call('POST', '/api/v1/keys', { as: admin, body: { publicKey, label: 'a signer' } })
  const manifest = manifestOf()
  const signatures: object[] = [signatureOf(signer, manifest)]
  if (second) {
    const key = { publicKey: second.certificate, label: 'another' }
    await world.call('POST', '/api/v1/keys', { as: admin, body: key })
    await world.call('PUT', '/api/v1/trust', { as: admin, body: { threshold: 2 } })
    signatures.push(await openPgpSignatureOf(second, manifest))
  }
  const release = { manifest, signatures }
  await world.call('POST', '/api/v1/releases', { body: release })
}

/** A world with a signed release and an upgrade to it that is complete: approved, measured, with a failure that was tried again. */
export async function upgraded({
  targets = 12,
  signs = true,
  second,
}: {
  readonly targets?: number
  readonly signs?: boolean
  /** Who has signed it by OpenPGP, beside. */
  readonly second?: OpenPgpSigner
} = {}): Promise<{ world: World; id: string }> {
  const world = openWorld()
  if (signs) await publish(world, second)
  else
    await world.call('POST', '/api/v1/releases', {
      body: { component: 'api', version: '2.4.1', digest: `sha256:${'ab'.repeat(32)}` },
    })
  const fleet = Array.from({ length: targets }, (_, n) => ({ id: `t${n}`, components: { api: '2.4.0' } }))
  await world.call('POST', '/api/v1/targets', { body: { targets: fleet } })
  const deployment = {
    ...{ component: 'api', version: '2.4.1', strategy: 'batch', batchSize: Math.ceil(targets / 2) },
    approvals: { required: 1 },
    failureThreshold: { percent: 50 },
    retry: { attempts: 1, delaySeconds: 60 },
    metrics: [{ name: 'review', external: { withinSeconds: 600 }, atLeast: 1, count: 1 }],
    reason: 'A *reason* with <marks>',
  }
  const { upgradeId: id } = (await world.call('POST', '/api/upgrades/deploy', { body: deployment })).body
  const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body.plan
  await world.call('POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
  let failed = 0
  for (let round = 0; round < 12; round++) {
    await world.advance(id)
    const status = () => (failed++ === 0 ? 'failed' : 'completed')
    await report(world, status, 'ON_BATTERY', { retryable: true })
    await world.call('POST', `/api/upgrades/${id}/measurements`, { body: { metric: 'review', value: 1 } })
    world.pass(120)
  }
  await world.advance(id)
  const { status } = (await world.call('GET', `/api/upgrades/${id}`)).body
  if (!status.startsWith('completed')) throw new Error(`It is ${status}.`)
  await world.heads.write(5)
  world.pass(day)
  await world.heads.write(5)
  world.pass(day)
  await world.heads.write(5)
  return { world, id }
}

/** Returns the name of the part that a Link names; undefined: it names none. */
const partIn = (link = '') => /\?part=([\w-]+)>; rel="next"/.exec(link)?.[1]

/** Makes all parts of a pack, each of a few thousand bytes. */
export async function inParts(services: EvidenceServices, id: string, limits = small): Promise<Buffer[]> {
  const parts: Buffer[] = []
  for (let part: string | undefined = ''; part !== undefined; ) {
    const { zip, next } = await getEvidence(
      { params: { id }, query: part === '' ? {} : { part } },
      services,
      limits,
    )
    parts.push(Buffer.from(zip?.bytes ?? []))
    part = partIn(`<${next}>; rel="next"`)
  }
  return parts
}

/** Fetches all parts of a pack, following its links. */
export async function fetched(world: World, id: string): Promise<Buffer[]> {
  const parts: Buffer[] = []
  for (let query: Record<string, string> | undefined = {}; query; ) {
    const reply = await world.call('GET', `/api/upgrades/${id}/evidence`, { as: viewer, query })
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body))
    parts.push(Buffer.from(reply.body, 'latin1'))
    const part = partIn(reply.headers.link)
    query = part === undefined ? undefined : { part }
  }
  return parts
}

const given = (parts: readonly Buffer[]) =>
  parts.map((bytes, index) => ({ name: `part-${index + 1}.zip`, read: () => bytes }))

/** Verifies parts as the command does. */
export function verified(parts: readonly Buffer[], key?: KeyObject) {
  return verifyPack(given(parts), key)
}

/** The same with signatures of OpenPGP. */
export const verifiedWhole = (parts: readonly Buffer[], key?: KeyObject) => verifyWhole(given(parts), key)

/** The faults that are found in parts, each once. */
export function faultsIn(parts: readonly Buffer[], key?: KeyObject): string[] {
  return [...new Set(verified(parts, key).findings.map(({ fault }) => fault))]
}

/** Returns the files of a part. */
export function filesIn(part: Buffer): PackedFile[] {
  return readZip(part).map((file) => ({ name: file.name, bytes: file.bytes() ?? Buffer.alloc(0) }))
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

/** Changes the files of parts as whoever has them could, and makes all manifests anew, so that they fit. */
export function forged(
  parts: readonly Buffer[],
  change: (files: PackedFile[], part: number) => PackedFile[],
  told: object = {},
): Buffer[] {
  let previous = ''
  return parts.map((part, index) => {
    const all = filesIn(part)
    const [manifest] = all
    const files = change(all.slice(1), index)
    const text = canonicalJson({
      ...JSON.parse(manifest?.bytes.toString() ?? ''),
      ...told,
      previous,
      files: files.map(({ name, bytes }) => ({ name, length: bytes.length, sha256: sha256(bytes) })),
    })
    previous = sha256(text)
    return zipOf([{ name: 'manifest.json', bytes: Buffer.from(text) }, ...files])
  })
}

/** Changes the lines of a file of streams. */
export function lines(file: string, change: (lines: string[]) => string[]) {
  return (files: PackedFile[]): PackedFile[] =>
    files.map(({ name, bytes }) => {
      if (name !== file) return { name, bytes }
      const changed = change(bytes.toString().trimEnd().split('\n'))
      return { name, bytes: Buffer.from(changed.map((line) => `${line}\n`).join('')) }
    })
}

/** Changes a commit, and makes its hash and those of all that follow anew, as whoever may write could. */
export function rewritten(
  list: readonly string[],
  stream: (commit: Commit) => boolean,
  change: (commit: Commit) => Commit,
): string[] {
  const hashes = new Map<string, string>()
  return list.map((line) => {
    const read = JSON.parse(line)
    if ('after' in read) {
      hashes.set(read.after.stream, read.after.hash)
      return line
    }
    const commit: Commit = stream(read) ? change(read) : read
    const hash = hashCommit(hashes.get(commit.stream) ?? '', commit)
    hashes.set(commit.stream, hash)
    return canonicalJson({ ...commit, hash })
  })
}

/** Changes what an event of a commit tells. */
export function told(type: string, change: (data: Record<string, unknown>) => object) {
  const holds = ({ events }: Commit) => events.some((event) => event.type === type)
  const changed = (commit: Commit): Commit => ({
    ...commit,
    events: commit.events.map((event) =>
      event.type === type ? { ...event, data: JSON.stringify(change(JSON.parse(event.data))) } : event,
    ),
  })
  return (list: string[]) => rewritten(list, holds, changed)
}

/** An event as a test changes it. */
export interface WrittenEvent {
  readonly type: string
  readonly schema: number
  data: Record<string, unknown>
}

/** A commit as a test changes it: its count, its hash and all heads are made anew. */
export interface Written {
  readonly stream: string
  at: string
  events: WrittenEvent[]
}

const foreign = generateKeyPairSync('ed25519')

/** With this key heads are signed that are made anew. */
export const foreignKey = foreign.publicKey

/**
 * Changes the commits of a pack of one part as whoever writes the log could who also signs the heads: hashes, heads and manifests are made anew, and
 * nothing but what the commits tell is wrong.
 */
export function remade(
  parts: readonly Buffer[],
  change: (commits: readonly Written[], everything: { lines: Map<string, object[]> }) => void,
): Buffer[] {
  return forged(parts, (files) => {
    const streams = files.filter(({ name }) => name.endsWith('.jsonl'))
    const all = new Map(
      streams.map(({ name, bytes }) => [
        name,
        bytes
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => {
            const read = JSON.parse(line)
            if ('after' in read) return read
            const opened = (event: { data: string }) => ({ ...event, data: JSON.parse(event.data) })
            return { ...read, events: read.events.map(opened) }
          }),
      ]),
    )
    const everything = { lines: all }
    change(
      [...all.values()].flat().filter((line): line is Written => 'events' in line),
      everything,
    )
    const heads = new Map<string, readonly [string, number, string]>()
    const chained = (line: Record<string, unknown>) => {
      if ('after' in line) {
        const { stream, commit, hash } = line.after as { stream: string; commit: number; hash: string }
        heads.set(stream, [stream, commit, hash])
        return canonicalJson(line)
      }
      const { hash: _, ...read } = line
      const closed = (event: WrittenEvent) => ({ ...event, data: JSON.stringify(event.data) })
      const events = (read.events as WrittenEvent[]).map(closed)
      const commit = { ...read, events, count: events.length } as unknown as Commit
      const hash = hashCommit(heads.get(commit.stream)?.[2] ?? '', commit)
      heads.set(commit.stream, [commit.stream, commit.commit, hash])
      return canonicalJson({ ...commit, hash })
    }
    const texts = new Map(
      [...everything.lines].map(([name, lines]) => [
        name,
        lines.map((line) => `${chained(line as Record<string, unknown>)}\n`).join(''),
      ]),
    )
    return files.map(({ name, bytes }) => {
      const text = texts.get(name)
      if (text !== undefined) return { name, bytes: Buffer.from(text) }
      if (!name.startsWith('heads/')) return { name, bytes }
      const { signature: _, ...document } = JSON.parse(bytes.toString())
      const stated: HeadsStatement = { ...document, heads: [...heads.values()] }
      const signature = sign(null, Buffer.from(signedText(stated)), foreign.privateKey).toString('base64')
      return { name, bytes: Buffer.from(canonicalJson({ ...stated, signature })) }
    })
  })
}
