import type { AnswerOf } from '../../../contracts/bodies.ts'
import { exitCodes } from '../exit-codes.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { toMinute } from '../terminal/text.ts'
import { sayList, sayOne } from './listing.ts'
import { pages } from './pages.ts'
import { optional } from './request.ts'

const versionsOf = ({ components }: { readonly components: Readonly<Record<string, string>> }) =>
  Object.entries(components)
    .map(([component, version]) => `${component} ${version}`)
    .join(', ')

/** Lists targets. */
export const list: Work = async (session, given) => {
  const tag = given.list('tag').join(',')
  const filters = {
    component: given.text('component'),
    version: given.text('version'),
    type: given.text('type'),
    region: given.text('region'),
    tag: tag === '' ? undefined : tag,
    retired: given.choice('retired'),
  }
  const rows = await pages(given.limit(), async (page) => {
    const { targets, nextCursor } = await session.api.read('listTargets', { query: { ...filters, ...page } })
    return { rows: targets, nextCursor }
  })
  return sayList(session, {
    name: 'targets',
    rows,
    columns: {
      id: (row) => row.id,
      type: (row) => row.type,
      region: (row) => row.region,
      runs: versionsOf,
      standing: ({ retired, pin }) => (retired ? 'retired' : pin ? 'pinned' : 'in service'),
      'heard of at least': (row) => toMinute(row.lastSeenAt),
    },
  })
}

function sayTarget(session: Session, target: AnswerOf<'getTarget'>) {
  const {
    id,
    type,
    region,
    tags,
    critical,
    namespace,
    gateway,
    pin,
    retired,
    active,
    attempts,
    licence,
    enrolled,
  } = target
  const [last] = attempts
  return sayOne(session, target, `${id}: ${type}`, {
    runs: versionsOf(target),
    region,
    tags: Object.entries(tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(', '),
    critical: critical ? 'yes' : undefined,
    namespace,
    gateway,
    environment: Object.entries(target.environment)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', '),
    licence: licence ?? 'none',
    enrolled: enrolled ? 'yes' : 'no: drydock targets enrol makes the token for its agent',
    pinned: pin && `${pin.component ?? 'all of it'}: ${pin.reason}`,
    retired: retired?.reason,
    'heard of at least': target.lastSeenAt,
    'under way': active && `${active.component} ${active.from} to ${active.to}, upgrade ${active.upgradeId}`,
    'ended last':
      last && `${last.component} ${last.from} to ${last.to}: ${last.outcome} ${last.code ?? ''}`.trimEnd(),
  })
}

/** Returns the pairs that an option was given; undefined: it was not. */
function pairsOf(given: Given, option: string): Readonly<Record<string, string>> | undefined {
  const pairs = given.pairs(option)
  return Object.keys(pairs).length > 0 ? pairs : undefined
}

/** Registers one target. What it has to be is the server's to say, with what is wrong. */
export const add: Work = async (session, given) => {
  const id = given.word(0)
  // No plan would ever mention it, and nothing but its agent could say it later.
  if (!pairsOf(given, 'component'))
    throw misused('What does it run?', `Next: drydock targets add ${id} --component NAME=VERSION`)
  const body = {
    id,
    ...optional({
      type: given.text('type'),
      region: given.text('region'),
      namespace: given.text('namespace'),
      gateway: given.text('gateway'),
      critical: given.choice('critical'),
      components: pairsOf(given, 'component'),
      tags: pairsOf(given, 'tag'),
      environment: pairsOf(given, 'environment'),
      enrol: given.choice('enrol'),
    }),
  }
  const registered = await session.api.read('registerTargets', { body })
  const result = 'status' in registered ? registered : undefined
  const { console, json } = session
  if (json) console.json(registered)
  else {
    const words = result?.status === 'exists' ? 'was registered before, as it is' : 'is registered'
    console.say(`${id} ${words}.`, 'good')
    if (result?.enrolmentToken !== undefined) {
      console.note(`It works once, until ${result.expiresAt}:`)
      console.say(result.enrolmentToken)
    } else console.say(`Next: drydock targets enrol ${id}`, 'quiet')
  }
  return exitCodes.done
}

/** Shows a target with what is done to it. */
export const show: Work = async (session, given) =>
  sayTarget(session, await session.api.read('getTarget', { params: { id: given.word(0) } }))

/** Keeps a target at what it runs. */
export const pin: Work = async (session, given) => {
  const body = { reason: given.text('reason') ?? '', ...optional({ component: given.text('component') }) }
  return sayTarget(session, await session.api.read('pinTarget', { params: { id: given.word(0) }, body }))
}

/** Lets a target be upgraded again. */
export const unpin: Work = async (session, given) =>
  sayTarget(session, await session.api.read('unpinTarget', { params: { id: given.word(0) } }))

/** Takes a target out of service for good. */
export const retire: Work = async (session, given) => {
  const body = { reason: given.text('reason') ?? '', ...optional({ force: given.choice('force') }) }
  return sayTarget(session, await session.api.read('retireTarget', { params: { id: given.word(0) }, body }))
}

/** Issues a token by which the agent of a target enrols. */
export const enrol: Work = async ({ api, console, json }, given) => {
  const issued = await api.read('issueEnrolment', { params: { id: given.word(0) }, body: {} })
  if (json) console.json(issued)
  else {
    if (issued.endsToken) console.note('The token that was issued before, and was not used, is void.')
    if (issued.enrolled) console.note('An agent has enrolled before: its credential ends once this is used.')
    // The token alone, so that a script can hand it on.
    console.note(`It works once, until ${issued.expiresAt}:`)
    console.say(issued.enrolmentToken)
  }
  return exitCodes.done
}

/** Changes facts about a target. */
export const edit: Work = async (session, given) => {
  const body = optional({
    type: given.text('type'),
    region: given.text('region'),
    namespace: given.text('namespace'),
    gateway: given.text('gateway'),
    critical: given.choice('critical'),
    tags: pairsOf(given, 'tag'),
    environment: pairsOf(given, 'environment'),
  })
  if (Object.keys(body).length === 0)
    throw misused('What is to be changed?', 'Next: drydock targets edit --help')
  return sayTarget(session, await session.api.read('patchTarget', { params: { id: given.word(0) }, body }))
}
