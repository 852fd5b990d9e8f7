import { inCommands } from '../connection/in-words.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session, Work } from '../session.ts'
import { printable, toMinute } from '../terminal/text.ts'
import { decisionOn } from './holds.ts'
import { sayList } from './listing.ts'
import { sayOffered } from './offered.ts'
import { pages } from './pages.ts'
import { optional, thresholdOf } from './request.ts'
import { linesOf } from './shown.ts'
import { standingOf } from './standing.ts'
import { type Subject, subjectOf } from './subject.ts'

/** Lists the attempts of an upgrade. */
export const logs: Work = async (session, given) => {
  const { api, console, json } = session
  const asked = { params: { id: given.word(0) }, query: { status: given.text('status') } }
  const rows = await pages(given.limit(), async (page) => {
    const { logs, nextCursor } = await api.read('getUpgradeLogs', {
      ...asked,
      query: { ...asked.query, ...page },
    })
    return { rows: logs, nextCursor }
  })
  const { status } = asked.query
  if (!json && rows.length === 0 && status !== undefined) {
    await sayOthers(session, asked.params.id, status)
    return exitCodes.done
  }
  if (json || !given.has('output'))
    return sayList(session, {
      name: 'logs',
      rows,
      columns: {
        target: (row) => row.customer_id,
        from: (row) => row.from_version,
        to: (row) => row.to_version,
        status: (row) => row.status,
        began: (row) => toMinute(row.started_at),
        error: (row) => row.error,
      },
    })
  for (const { customer_id, to_version, status, error, output } of rows) {
    console.say(`${customer_id}  ${to_version}  ${status}${error === null ? '' : `  ${error}`}`)
    // Each line is made printable by itself: what a target says forges no line of ours.
    for (const line of output?.split('\n') ?? []) console.say(`    ${printable(line)}`, 'quiet')
  }
  return exitCodes.done
}

/** So many attempts are counted for who has asked for others than there are. */
const mostCounted = 1000

/** Says how attempts stand where none stands as was asked for: whoever took a release back by themselves has failed, and stands as rolled_back. */
async function sayOthers({ api, console }: Session, id: string, status: string): Promise<void> {
  const rows = await pages(mostCounted, async (page) => {
    const { logs, nextCursor } = await api.read('getUpgradeLogs', { params: { id }, query: page })
    return { rows: logs, nextCursor }
  })
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(row.status, (counts.get(row.status) ?? 0) + 1)
  console.say(`None stands as ${status}.`)
  if (counts.size === 0) console.say('  There is no attempt yet.')
  for (const [other, count] of counts)
    console.say(`  ${count} ${other}: drydock logs ${id} --status ${other}`, 'quiet')
}

async function storyOf({ api }: Session, { kind, id }: Subject, from: number, limit: number, at?: string) {
  let cursor: number | undefined = from
  return pages(limit, async ({ limit }) => {
    const asked = { params: { id }, query: { limit, cursor, at } }
    const { events, nextCursor } =
      kind === 'upgrade'
        ? await api.read('getUpgradeEvents', asked)
        : await api.read('getRolloutEvents', asked)
    cursor = nextCursor === null ? undefined : Number(nextCursor)
    return { rows: events, nextCursor }
  })
}

/** Tells the story of a run. */
export const events: Work = async (session, given) => {
  const { api, console, json } = session
  const at = given.text('at')
  const subject = await subjectOf(api, given.word(0), { at })
  const told = await storyOf(session, subject, 1, given.limit(), at)
  if (json) console.json({ events: told, count: told.length })
  else for (const { at: when, sentence } of told) console.tell(`${when}  `, inCommands(sentence))
  return exitCodes.done
}

/** So many sentences of a story say what happened last. */
const lastSentences = 6

/** Says why a run stands where it does. */
export const explain: Work = async (session, given) => {
  const { api, console, json } = session
  const at = given.text('at')
  const subject = await subjectOf(api, given.word(0), { at })
  const stood = await standingOf(api, subject)
  const told = await storyOf(session, subject, Math.max(1, subject.run.commit - lastSentences), 100, at)
  const last = told.slice(-lastSentences)
  const why =
    subject.kind === 'rollout'
      ? await api.read('explainRollout', { params: { id: subject.id }, query: { at } })
      : undefined
  if (json) {
    console.json({
      standing: stood.standing,
      ...subject.run,
      last,
      ...(why && { why: why.why, explained: why }),
    })
    return exitCodes.done
  }
  const acting = at === undefined ? { decision: await decisionOn(api, subject) } : undefined
  for (const [line, tone] of linesOf(subject, stood, acting)) console.tellLine(line, tone)
  if (at === undefined) await sayOffered(api, console, subject)
  for (const sentence of why?.why ?? []) console.tell('  why      ', inCommands(sentence))
  for (const part of why?.phases ?? [])
    for (const sentence of part.why) console.tell(`  ${part.name}: `, sentence)
  console.say('What it did last:', 'quiet')
  for (const { at: when, sentence } of last) console.tell(`  ${when}  `, inCommands(sentence))
  return exitCodes.done
}

/** Says why a target is, or is not, being upgraded. */
export const why: Work = async ({ api, console, json }, given) => {
  const query = { at: given.text('at'), upgradeId: given.text('upgrade') }
  const explained = await api.read('explainTarget', { params: { id: given.word(0) }, query })
  if (json) {
    console.json(explained)
    return exitCodes.done
  }
  console.tell(`${explained.id}: `, `${explained.verdict}. ${inCommands(explained.sentence)}`)
  for (const { code, detail, ref, since, unblock } of explained.reasons) {
    // The first reason is often the verdict itself.
    if (!explained.sentence.includes(detail)) console.tell(`  ${code}: `, inCommands(detail), 'careful')
    if (unblock !== undefined && !explained.sentence.includes(unblock))
      console.tell('  unblock   ', inCommands(unblock))
    console.tell('  known by  ', `${ref}${since === undefined ? '' : `, since ${since}`}`, 'quiet')
  }
  if (explained.lastSeenAt !== null)
    console.say(`  heard of at ${explained.lastSeenAt}, or later: that is noted twice an hour`, 'quiet')
  return exitCodes.done
}

/** Shows how much was ever exposed. */
export const blastRadius: Work = async (session, given) => {
  const { api, console, json } = session
  const asked = { params: { id: given.word(0) }, query: { at: given.text('at') } }
  const { kind } = await subjectOf(api, given.word(0))
  const shown =
    kind === 'upgrade'
      ? await api.read('getBlastRadius', asked)
      : await api.read('getRolloutBlastRadius', asked)
  if (json) {
    console.json(shown)
    return exitCodes.done
  }
  console.say(
    shown.proven ? 'The log proves it.' : 'The log does not prove it.',
    shown.proven ? 'good' : 'bad',
  )
  const rows =
    'waves' in shown
      ? shown.waves.map((wave) => ({ name: '', ...wave }))
      : shown.phases.flatMap(({ name, waves }) => waves.map((wave) => ({ name, ...wave })))
  const within = ({ count, limit }: { count: number; limit: number }) => `${count} of ${limit}`
  return sayList(session, {
    name: 'waves',
    rows,
    columns: {
      wave: (row) => `${row.name} ${row.wave}`.trim(),
      size: (row) => row.size,
      'at once': (row) => within(row.largestInFlight),
      exposed: (row) => within(row.exposed),
      failed: ({ failures }) => `${failures.count} of ${failures.allowed}`,
    },
  })
}

/** Says where an upgrade would have stopped by other rules. */
export const replay: Work = async ({ api, console, json }, given) => {
  const successRatePercent = given.number('gate')
  const waves = given.list('waves')
  const body = optional({
    failureThreshold: thresholdOf(given.text('failureThreshold')),
    unreachableThreshold: thresholdOf(given.text('unreachableThreshold')),
    failureBudget: thresholdOf(given.text('failureBudget')),
    gate: successRatePercent === undefined ? undefined : { successRatePercent },
    waves: waves.length > 0 ? waves.map(Number) : undefined,
    parallel: given.number('parallel'),
    bakeSeconds: given.number('bakeSeconds'),
  })
  const replayed = await api.read('replayUpgrade', { params: { id: given.word(0) }, body })
  if (json) {
    console.json(replayed)
    return exitCodes.done
  }
  const { stops, exposed, succeeded, failed, unreachable, known } = replayed
  if (stops === null)
    console.tell(
      '',
      known
        ? 'Nothing of these rules would have stopped it.'
        : 'Nothing of these rules had stopped it when it was ended.',
      'good',
    )
  else
    console.tell(
      '',
      `It would have stopped in wave ${stops.wave}, at ${stops.at}${stops.commit === null ? '' : ` (commit ${stops.commit})`}: ${stops.reason}`,
      'careful',
    )
  console.say(`  exposed  ${exposed}: ${succeeded} succeeded, ${failed} failed, ${unreachable} unreachable`)
  return exitCodes.done
}
