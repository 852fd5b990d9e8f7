import type { BodyOf } from '../../../contracts/bodies.ts'
import { exitCodes } from '../exit-codes.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { toMinute } from '../terminal/text.ts'
import { objectOf, textOf } from './files.ts'
import { sayList, sayOne } from './listing.ts'
import { pages } from './pages.ts'

/** Lists calendars. */
export const list: Work = async (session, given) => {
  const rows = await pages(given.limit(), async (page) => {
    const { calendars, nextCursor } = await session.api.read('listCalendars', { query: page })
    return { rows: calendars, nextCursor }
  })
  return sayList(session, {
    name: 'calendars',
    rows,
    columns: {
      name: (row) => row.name,
      kind: (row) => row.kind,
      entries: (row) => row.entries,
      'known until': (row) => toMinute(row.knownUntil),
    },
  })
}

/** Says whether a calendar is open. */
export const show: Work = async (session, given) => {
  const asked = { params: { name: given.word(0) }, query: { at: given.text('at') } }
  const state = await session.api.read('getCalendarState', asked)
  return sayOne(session, state, `${state.name}: ${state.open ? 'open' : 'closed'} at ${state.at}`, {
    why: state.why.join(', '),
    changes: state.changesAt,
    'known until': state.knownUntil,
  })
}

/** Defines a calendar: the holidays of a country, an iCalendar file, or what a file says. */
export const define: Work = async (session, given) => {
  const asked = { params: { name: given.word(0) }, body: await definitionOf(given, session) }
  const defined = await session.api.read('defineCalendar', asked)
  const { windowsLost, name } = defined
  return sayOne(session, defined, `${name}: defined`, {
    'windows lost': windowsLost.count,
    profiles: windowsLost.profiles.map((profile) => `${profile.name} (${profile.count})`).join(', '),
  })
}

async function definitionOf(given: Given, session: Session): Promise<BodyOf<'defineCalendar'>> {
  const country = given.text('country')
  const ical = given.text('ical')
  const file = given.text('file')
  const timezone = given.text('timezone')
  const zone = timezone === undefined ? {} : { timezone }
  // What a definition may be is the server's to say, with the field that is wrong.
  const definition =
    country !== undefined
      ? { kind: 'country', country }
      : ical !== undefined
        ? { kind: 'ical', icalendar: await textOf(ical, session), ...zone }
        : file !== undefined
          ? await objectOf(file, session)
          : undefined
  if (definition === undefined) throw misused('By what is it defined? --country, --ical or --file.')
  return definition as BodyOf<'defineCalendar'>
}

/** Deletes a calendar. */
export const remove: Work = async (session, given) => {
  const deleted = await session.api.read('deleteCalendar', { params: { name: given.word(0) } })
  if (session.json) session.console.json(deleted)
  else session.console.say(`${deleted.name}: deleted`)
  return exitCodes.done
}
