import { counted } from '../../../contracts/phrases.ts'
import { rolloutBackPhrase } from '../../../contracts/rollout-phrases.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Work } from '../session.ts'
import { sayTable } from '../terminal/table.ts'
import { documentOf } from './files.ts'
import { forecastWords } from './forecast.ts'
import { sayLeftOut, sayWithoutAgent } from './left-out.ts'
import { sayList } from './listing.ts'
import { pages } from './pages.ts'
import { toldOrWatched } from './watch.ts'

/** Lists rollouts. */
export const list: Work = async (session, given) => {
  const rows = await pages(given.limit(), async (page) => {
    const query = { ...page, status: given.text('status') }
    const { rollouts, nextCursor } = await session.api.read('listRollouts', { query })
    return { rows: rollouts, nextCursor }
  })
  return sayList(session, {
    name: 'rollouts',
    rows,
    columns: {
      id: (row) => row.rolloutId,
      name: (row) => row.name,
      status: ({ status, takenBackBy, phaseCount }) =>
        takenBackBy === null
          ? status
          : `${status}, ${rolloutBackPhrase(takenBackBy, phaseCount)} ${takenBackBy.rolloutId}`,
      phases: (row) => `${row.phasesEnded}/${row.phaseCount}`,
      'asked by': (row) => row.requestedBy,
    },
  })
}

/** Shows what a start from a plan file would do. */
export const plan: Work = async (session, given) => {
  const { api, console, json } = session
  const document = await documentOf(given.word(0), session)
  const planned = await api.read('planRollout', { document })
  if (json) {
    console.json(planned)
    return exitCodes.done
  }
  console.say(
    `${planned.name}: ${counted(planned.total, 'target')} in ${counted(planned.phases.length, 'phase')}`,
  )
  sayTable(
    console,
    ['phase', 'component', 'targets', 'waves', 'after'],
    planned.phases.map(({ name, component, version, total, waves, dependsOn }) => [
      name,
      `${component} ${version}`,
      String(total),
      waves.length > 6 ? counted(waves.length, 'wave') : waves.map(({ size }) => size).join(', '),
      dependsOn.join(', '),
    ]),
  )
  for (const phase of planned.phases) {
    sayLeftOut(console, `  left out   ${phase.name}: `, phase)
    sayWithoutAgent(console, `  no agent   ${phase.name}: `, phase)
  }
  for (const { phase, detail } of planned.warnings)
    console.tell('  warning    ', `${phase}: ${detail}`, 'careful')
  const { required, reason } = planned.approvals
  if (required > 0)
    console.tell('  approvals  ', `${required}${reason === null ? '' : `: ${reason}`}`, 'careful')
  console.say(`  over at    ${planned.expectedFinish} at the earliest`)
  const forecast = forecastWords(planned.forecast)
  if (forecast !== undefined) console.tell('  forecast   ', forecast)
  console.say(`  plan hash  ${planned.planHash}`)
  return exitCodes.done
}

/** Starts a rollout from a plan file. */
export const start: Work = async (session, given) => {
  const { api, console } = session
  const document = await documentOf(given.word(0), session)
  const { body, commit } = await api.call('startRollout', { document })
  const { message, rolloutId: id, planHash, approvals } = body
  const say = () => {
    console.say(message, 'good')
    console.say(`  rollout    ${id}`)
    if (planHash !== null) console.say(`  plan hash  ${planHash}`)
    if (approvals.required > 0) console.say(`  approvals  ${approvals.required}`, 'careful')
  }
  return toldOrWatched(session, given, { id, body, commit }, say, { forOthers: approvals.required > 0 })
}

/** Shows the nodes of a rollout, and what customers meet. */
export const monitor: Work = async (session, given) => {
  const { api, console, json } = session
  const params = { id: given.word(0) }
  const first = await api.read('getRolloutMonitor', { params, query: { limit: 50 } })
  const limit = given.limit()
  let page = first
  const nodes = [...first.nodes]
  while (page.nextCursor !== null && nodes.length < limit) {
    page = await api.read('getRolloutMonitor', { params, query: { limit: 50, cursor: page.nextCursor } })
    nodes.push(...page.nodes)
  }
  if (json) {
    console.json({ ...first, nodes, count: nodes.length, nextCursor: page.nextCursor })
    return exitCodes.done
  }
  for (const { url, latest, failingSince, probes, failed } of first.domains) {
    const how =
      latest === null
        ? 'not looked at yet'
        : `${latest.code ?? latest.why} in ${Math.round(latest.milliseconds)} ms`
    console.tell(
      `${url}: `,
      `${how}; ${failed} of ${probes} failed${failingSince === null ? '' : `, failing since ${failingSince}`}`,
      failingSince === null ? 'good' : 'bad',
    )
  }
  return sayList(session, {
    name: 'nodes',
    rows: nodes.slice(0, limit),
    columns: {
      node: (row) => row.targetId,
      phase: (row) => row.phase,
      status: (row) => row.status,
      step: ({ step }) =>
        step && `${step.name}${step.direction === 'back' ? ' (back)' : ''}${step.held ? ', held' : ''}`,
      instances: (row) => row.instances,
      error: (row) => row.code,
    },
  })
}
