import type { AnswerOf } from '../../../contracts/bodies.ts'
import { counted, leftOutWords } from '../../../contracts/phrases.ts'
import { inCommands, lasting } from '../connection/in-words.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session, Work } from '../session.ts'
import { sayTable } from '../terminal/table.ts'
import { forecastWords } from './forecast.ts'
import { sayLeftOut, sayWithoutAgent } from './left-out.ts'
import { deploymentOf } from './request.ts'
import { toldOrWatched } from './watch.ts'

/** Starts an upgrade, and watches it where that is wanted. */
export const deploy: Work = async (session, given) => {
  if (given.has('dryRun')) return plan(session, given)
  const { body, commit } = await session.api.call('deployUpgrade', {
    body: await deploymentOf(given, session),
  })
  const { upgradeId: id, approvals } = body
  const forOthers = approvals.required > 0
  return toldOrWatched(session, given, { id, body, commit }, () => sayStarted(session, body), { forOthers })
}

function sayStarted({ console }: Session, started: AnswerOf<'deployUpgrade'>): void {
  console.say(started.message, 'good')
  console.say(`  upgrade    ${started.upgradeId}`)
  console.say(`  execution  ${started.jobId}`)
  for (const words of leftOutWords(started.leftOutCounts)) console.say(`  left out   ${words}`, 'careful')
  sayBeside(console, started)
}

function sayBeside(
  console: Session['console'],
  { approvals, warnings, overlaps }: Pick<AnswerOf<'deployUpgrade'>, 'approvals' | 'warnings' | 'overlaps'>,
): void {
  const { required, reason } = approvals
  if (required > 0)
    console.tell('  approvals  ', `${required}${reason === null ? '' : `: ${reason}`}`, 'careful')
  for (const { detail, field } of warnings)
    console.tell('  warning    ', inCommands(field === null ? detail : `${field}: ${detail}`), 'careful')
  for (const { upgradeId, targets } of overlaps)
    console.say(`  overlaps   ${counted(targets, 'target')} with upgrade ${upgradeId}`, 'careful')
}

/** Shows what a deploy would do. */
export const plan: Work = async (session, given) => {
  const { api, console, json } = session
  const deployment = await deploymentOf(given, session)
  const planned = await api.read('planUpgrade', { body: deployment })
  if (json) {
    console.json(planned)
    return exitCodes.done
  }
  console.say(
    `${deployment.component} ${planned.version}: ${counted(planned.total, 'target')} in ${counted(planned.waves.length, 'wave')}`,
  )
  sayTable(
    console,
    ['wave', 'targets', 'at once', 'may fail', 'then'],
    planned.waves.map(({ wave, size, inFlight, allowedFailures, bakeSeconds, gate, continues, group }) => [
      group === null ? String(wave) : `${wave} ${group}`,
      String(size),
      String(Math.min(size, inFlight)),
      String(allowedFailures),
      [
        ...(bakeSeconds > 0 ? [`watched for ${lasting(bakeSeconds)}`] : []),
        ...(gate === null
          ? []
          : [
              `gate at ${gate.successRatePercent} %${gate.action === undefined ? '' : `, else ${gate.action}`}`,
            ]),
        ...(continues === 'by-itself'
          ? []
          : [continues === 'by-hand' ? 'somebody continues' : 'a second person continues']),
      ].join(', '),
    ]),
  )
  const { canary, expectedAttempt, expectedFinish, window, procedure } = planned
  if (canary !== null)
    console.tell(
      '  canary     ',
      `${counted(canary.size, 'target')} ${canary.size === 1 ? 'shows' : 'show'} a defect that more than ${canary.seesPercent} % have, with ${canary.confidencePercent} % confidence; ${canary.sizeToSee.map(({ percent, size }) => `${size} would show ${percent} %`).join(', ')}`,
    )
  sayLeftOut(console, '  left out   ', planned)
  sayWithoutAgent(console, '  no agent   ', planned)
  sayBeside(console, planned)
  if (procedure !== null) console.say(`  procedure  ${procedure.name}, revision ${procedure.revision}`)
  if (window !== null) console.say(`  window     ${window.start} to ${window.end}`)
  console.say(
    `  takes      ${expectedAttempt.seconds} s a target (${expectedAttempt.source}); over at ${expectedFinish} at the earliest`,
  )
  const forecast = forecastWords(planned.forecast)
  if (forecast !== undefined) console.tell('  forecast   ', forecast)
  console.say(`  plan hash  ${planned.planHash}`)
  return exitCodes.done
}
