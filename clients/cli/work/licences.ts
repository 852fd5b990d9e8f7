import { createHash } from 'node:crypto'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { counted } from '../../../contracts/phrases.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { toMinute } from '../terminal/text.ts'
import { textOf } from './files.ts'
import { sayList, sayOne } from './listing.ts'
import { pages } from './pages.ts'
import { optional } from './request.ts'

const scopeOf = (names: readonly string[] | null) => names?.join(', ') ?? 'any'

/** Lists licences. */
export const list: Work = async (session, given) => {
  const rows = await pages(given.limit(), async (page) => {
    const { licences, nextCursor } = await session.api.read('listLicences', { query: page })
    return { rows: licences, nextCursor }
  })
  return sayList(session, {
    name: 'licences',
    rows,
    columns: {
      licence: (row) => row.licence,
      label: (row) => row.label,
      components: (row) => scopeOf(row.components),
      channels: (row) => scopeOf(row.channels),
      expires: (row) => toMinute(row.expires),
      revoked: (row) => row.revoked?.reason,
    },
  })
}

function sayLicence(session: Session, licence: AnswerOf<'getLicence'>) {
  const { components, channels, expires, revoked } = licence
  return sayOne(session, licence, `${licence.licence}: ${licence.label}`, {
    components: scopeOf(components),
    channels: scopeOf(channels),
    expires: expires ?? 'never',
    revoked: revoked && `${revoked.reason}, since ${revoked.since}`,
  })
}

/** Shows what a licence entitles to. */
export const show: Work = async (session, given) =>
  sayLicence(session, await session.api.read('getLicence', { params: { licence: given.word(0) } }))

/** Returns the id of a licence: as it was given, or of a key in a file, which stays here. */
async function idOf(given: Given, session: Session): Promise<string> {
  const [id, file] = [given.word(0), given.text('keyFile')]
  if ((id === '') === (file === undefined))
    throw misused(
      'A licence is named by the hash of its key, or by --key-file with the key in it, and not by both.',
      'Next: drydock licences define --help',
    )
  if (file === undefined) return id
  // A line break at the end is of the file, not of the key.
  const key = (await textOf(file, session)).replace(/\r?\n$/, '')
  return createHash('sha256').update(key).digest('hex')
}

/** Defines a licence, or what it entitles to from now on. */
export const define: Work = async (session, given) => {
  const licence = await idOf(given, session)
  const [components, channels] = [given.list('component'), given.list('channel')]
  const body = {
    label: given.text('label') ?? '',
    ...(components.length > 0 && { components: [...components] }),
    ...(channels.length > 0 && { channels: [...channels] }),
    ...optional({ expires: given.text('expires') }),
  }
  return sayLicence(session, await session.api.read('defineLicence', { params: { licence }, body }))
}

/** Revokes a licence for good. */
export const revoke: Work = async (session, given) => {
  const asked = { params: { licence: given.word(0) }, body: { reason: given.text('reason') ?? '' } }
  return sayLicence(session, await session.api.read('revokeLicence', asked))
}

/** Says which licence a target has, or that it has none. */
export const give: Work = async (session, given) => {
  const [id, licence] = [given.word(0), given.word(1)]
  if ((licence === '') !== given.has('none'))
    throw misused('Which licence is it? Name it, or say --none.', 'Next: drydock licences list')
  const target = await session.api.read('setTargetLicence', {
    params: { id },
    body: { licence: licence === '' ? null : licence },
  })
  return sayOne(session, target, `${id}: licence ${target.licence ?? 'none'}`, {})
}

/** Says whether releases of a component need a licence. */
export const licensing: Work = async (session, given) => {
  const channels = given.list('channel')
  const body = { required: !given.has('not'), ...(channels.length > 0 && { channels: [...channels] }) }
  const asked = { params: { component: given.word(0) }, body }
  const set = await session.api.read('setLicensing', asked)
  const words = set.required ? `need a licence on channels: ${scopeOf(set.channels)}` : 'need no licence'
  const code = await sayOne(session, set, `${set.component}: its releases ${words}`, {})
  const { count, atLeast } = set.withoutLicence
  if (count > 0 || atLeast)
    session.console.note(
      `${atLeast ? 'At least ' : ''}${counted(count, 'target')} that ${count === 1 ? 'runs' : 'run'} it ${count === 1 ? 'has' : 'have'} no licence for it: no release reaches them any more. Next: drydock licences give TARGET LICENCE`,
    )
  return code
}
