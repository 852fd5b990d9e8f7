import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { AnswerOf, BodyOf } from '../../../contracts/bodies.ts'
import { counted } from '../../../contracts/phrases.ts'
import { exitCodes } from '../exit-codes.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { cut, toMinute } from '../terminal/text.ts'
import { objectOf, reasonOf, textOf } from './files.ts'
import { sayList, sayOne } from './listing.ts'
import { pages } from './pages.ts'
import { optional } from './request.ts'
import { signaturesIn, signedBy } from './signing.ts'

type Release = AnswerOf<'getRelease'>

function standingOf({ blocked, withdrawn, heldBack, signed }: Release): string {
  if (withdrawn) return `withdrawn: ${withdrawn.reason}`
  if (blocked) return `blocked: ${blocked.reason}`
  if (heldBack) return `held back: ${heldBack.reason}`
  return signed === null ? 'unsigned' : `signed by ${signed.signatures}`
}

function sayRelease(session: Session, release: Release) {
  const { component, version, channel, digest, notes, sizeBytes, signed } = release
  return sayOne(session, release, `${component} ${version} on ${channel}`, {
    standing: standingOf(release),
    digest,
    bytes: sizeBytes,
    counter: signed?.counter,
    expires: signed?.expires,
    'needs at least': signed?.minimumVersion,
    notes,
  })
}

/** Lists releases. */
export const list: Work = async (session, given) => {
  const filters = { component: given.text('component'), channel: given.text('channel') }
  const rows = await pages(given.limit(), async (page) => {
    const { releases, nextCursor } = await session.api.read('listReleases', {
      query: { ...filters, ...page },
    })
    return { rows: releases, nextCursor }
  })
  return sayList(session, {
    name: 'releases',
    rows,
    columns: {
      component: (row) => row.component,
      version: (row) => row.version,
      channel: (row) => row.channel,
      standing: standingOf,
      registered: (row) => toMinute(row.registeredAt),
    },
  })
}

const named = (given: Given) => ({ component: given.word(0), version: given.word(1) })

/** Shows a release. */
export const show: Work = async (session, given) =>
  sayRelease(session, await session.api.read('getRelease', { params: named(given) }))

/** Prints the signature of a manifest, and sends nothing. */
export const sign: Work = async (session, given) => {
  const manifest = await objectOf(given.word(0), session)
  const keys = given.list('key')
  const signatures = await Promise.all(keys.map((key) => signedBy(manifest, key, session)))
  session.console.json(signatures)
  return exitCodes.done
}

/** Publishes a release: a manifest with signatures, or a digest alone where the deployment takes that. */
export const publish: Work = async (session, given) => {
  const file = given.text('manifest')
  const body = file === undefined ? await unsigned(given) : await signed(given, session, file)
  const code = sayRelease(session, await session.api.read('registerRelease', { body }))
  const nowhere = 'manifest' in body ? partsWithoutUrl(body.manifest.components) : []
  if (nowhere.length > 0)
    session.console.note(
      `${counted(nowhere.length, 'part')} without url (${cut(nowhere.join(', '), 80)}): agents look for it at the download.mirror of their file, and who has none cannot install this release.`,
    )
  return code
}

function partsWithoutUrl(parts: Readonly<Record<string, { readonly url?: string | undefined }>>): string[] {
  return Object.entries(parts).flatMap(([name, { url }]) => (url === undefined ? [name] : []))
}

type Publication = BodyOf<'registerRelease'>

async function signed(given: Given, session: Session, file: string): Promise<Publication> {
  const manifest = await objectOf(file, session)
  const made = await Promise.all(given.list('key').map((key) => signedBy(manifest, key, session)))
  const read = await Promise.all(given.list('signature').map((one) => signaturesIn(one, session)))
  const signatures = [...made, ...read.flat()]
  if (signatures.length === 0)
    throw misused(
      'Nobody has signed it: name private keys, or files with signatures.',
      `Next: drydock releases publish --manifest ${file} --key release.key.pem`,
    )
  return { manifest, signatures } as Publication // the server names what is wrong in a manifest
}

async function unsigned(given: Given): Promise<Publication> {
  const component = given.text('component')
  const version = given.text('version')
  const artifact = given.text('artifact')
  if (component === undefined || version === undefined || (artifact ?? given.text('digest')) === undefined)
    throw misused(
      'What is published? A manifest, or a component, a version, and a digest or an artifact.',
      'Next: drydock releases publish --manifest manifest.json --key release.key.pem',
    )
  const measured =
    artifact === undefined ? { digest: given.text('digest') ?? '' } : await measuredOf(artifact)
  const more = { channel: given.text('channel'), notes: given.text('notes') }
  return { component, version, ...measured, ...optional(more) }
}

async function measuredOf(file: string): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  try {
    for await (const part of createReadStream(file)) {
      hash.update(part)
      sizeBytes += part.length
    }
  } catch (error) {
    throw misused(`${file} cannot be read: ${reasonOf(error)}.`)
  }
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes }
}

/** Puts a release on another channel. */
export const promote: Work = async (session, given) => {
  const body = { channel: given.text('channel') ?? '', reason: given.text('reason') ?? '' }
  return sayRelease(session, await session.api.read('promoteRelease', { params: named(given), body }))
}

/** Returns the work of what is done with a release for a reason. */
export const change =
  (operation: 'blockRelease' | 'unblockRelease' | 'withdrawRelease' | 'freeRelease'): Work =>
  async (session, given) => {
    const asked = { params: named(given), body: { reason: given.text('reason') ?? '' } }
    return sayRelease(session, await session.api.read(operation, asked))
  }

type Key = AnswerOf<'registerKey'>

const keyColumns = {
  key: (row: Key) => row.keyId,
  label: (row: Key) => row.label,
  'signs for': (row: Key) =>
    [row.components?.join(' ') ?? 'any', row.channels?.join(' ') ?? 'any'].join(' on '),
  revoked: (row: Key) => row.revoked && `from ${row.revoked.from}: ${row.revoked.reason}`,
}

/** Lists the keys that releases may be signed with. */
export const keys: Work = async (session) =>
  sayList(session, { name: 'keys', rows: (await session.api.read('listKeys')).keys, columns: keyColumns })

/** Registers a public key. */
export const registerKey: Work = async (session, given) => {
  const file = given.word(0)
  const publicKey = await textOf(file, session)
  // It would be refused there too; by then it has been on the way.
  if (/PRIVATE KEY/.test(publicKey))
    throw misused(
      `${file} is a private key: that goes nowhere. Nothing was sent.`,
      publicKey.includes('BEGIN PGP')
        ? 'Next: gpg --armor --export KEY > release.asc'
        : `Next: openssl pkey -in ${file} -pubout -out release.pem`,
    )
  const scope = (name: string) => (given.list(name).length > 0 ? [...given.list(name)] : undefined)
  const body = {
    ...{ publicKey: publicKey.trim(), label: given.text('label') ?? '' },
    ...optional({ components: scope('component'), channels: scope('channel') }),
  }
  const key = await session.api.read('registerKey', { body })
  return sayList(session, { name: 'keys', rows: [key], columns: keyColumns })
}

/** Revokes a key. */
export const revokeKey: Work = async (session, given) => {
  const body = { reason: given.text('reason') ?? '', ...optional({ from: given.text('from') }) }
  const key = await session.api.read('revokeKey', { params: { key: given.word(0) }, body })
  return sayList(session, { name: 'keys', rows: [key], columns: keyColumns })
}
