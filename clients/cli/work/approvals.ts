import type { AnswerOf } from '../../../contracts/bodies.ts'
import { counted, leftOutWords } from '../../../contracts/phrases.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, misused } from '../failure.ts'
import type { Session, Work } from '../session.ts'
import { whoMay } from './holds.ts'
import { againstWords } from './left-out.ts'
import { pages } from './pages.ts'
import { optional } from './request.ts'
import { type Subject, subjectOf } from './subject.ts'
import { toldOrWatched } from './watch.ts'

/** Lists what waits for a person. */
export const approvals: Work = async (session, given) => {
  const all = await pages(given.limit(), async (page) => {
    const { approvals, nextCursor } = await session.api.read('listApprovals', { query: page })
    return { rows: approvals, nextCursor }
  })
  const rows = given.has('mine') ? all.filter(({ youMay }) => youMay) : all
  const { console, json } = session
  if (json) console.json({ approvals: rows, count: rows.length })
  else if (rows.length === 0) console.say('Nothing waits for a person.')
  else for (const row of rows) sayWaiting(session, row)
  return exitCodes.done
}

type Waiting = AnswerOf<'listApprovals'>['approvals'][number]

/** Says what waits, and by which command it is given: that names the plan which is shown here. */
function sayWaiting({ console }: Session, waiting: Waiting): void {
  const { waitsFor, targetId, step, planHash, total, requestedBy, given, needed, youMay, may } = waiting
  const what = waiting.component === null ? waiting.name : `${waiting.component} ${waiting.version}`
  console.say(
    `${what}: ${counted(total, 'target')}, asked for by ${requestedBy}`,
    youMay ? 'careful' : 'plain',
  )
  if (waiting.reason !== null) console.tell('  why   ', waiting.reason)
  for (const words of leftOutWords(waiting.leftOutCounts)) console.say(`  out   ${words}`, 'careful')
  for (const words of againstWords(waiting.againstRelease, waiting))
    console.tell('  but   ', words, 'careful')
  for (const phase of waiting.phases ?? [])
    console.tell(
      '  after ',
      `${phase}, which did not end well, or does not run any more what it had put there`,
    )
  if (waiting.ask !== null) console.tell('  asks  ', waiting.ask)
  if (needed > 0) console.say(`  has   ${given} of ${counted(needed, 'approval')}`)
  if (waiting.lapses !== null) console.say(`  ends  ${waiting.lapses}`)
  const hash =
    waitsFor === 'approve' && planHash !== null ? ` --plan-hash ${planHash.slice(0, shortHash)}` : ''
  const [phase] = waiting.phases ?? []
  const after = phase === undefined ? '' : ` --after ${JSON.stringify(phase)} --reason "…"`
  const command =
    targetId === null
      ? `drydock ${waitsFor} ${waiting.upgradeId ?? waiting.rolloutId}${hash}${after}`
      : `drydock procedures ${waitsFor} ${targetId} ${step}`
  if (youMay) console.say(`  next  ${command}`)
  else console.tell('  who   ', whoMay({ may }))
}

/** So many digits of a hash are enough to tell plans apart, and to type. */
const shortHash = 12

/**
 * Approves a plan by the hash of what somebody has looked at: what is shown here and answered with yes, or what was named. Nothing is
 * read again in between, so that what has changed meanwhile is refused.
 */
export const approve: Work = async (session, given) => {
  const { api, console } = session
  const subject = await subjectOf(api, given.word(0))
  const { planHash } = subject.run
  if (planHash === null)
    throw misused(
      'It has no plan yet, which could be approved.',
      `Next: drydock watch ${subject.id} --until waits`,
    )
  const named = given.text('planHash')
  if (named === undefined) await lookedAt(session, subject, planHash)
  else if (!/^[0-9a-f]{12,128}$/.test(named))
    throw misused(`--plan-hash must be the hash of a plan, or the first ${shortHash} digits of it or more.`)
  else if (!planHash.startsWith(named))
    throw new Failure(
      exitCodes.refused,
      `The plan is another one by now, not ${named}.`,
      lookFirst(subject.id),
    )
  const body = { planHash, ...optional({ comment: given.text('comment') }) }
  const params = { id: subject.id }
  const answer =
    subject.kind === 'upgrade'
      ? await api.call('approveUpgrade', { params, body: { ...body, window: subject.run.window } })
      : await api.call('approveRollout', { params, body })
  const { message, status } = answer.body
  const written = { id: subject.id, body: answer.body, commit: answer.commit }
  return toldOrWatched(session, given, written, () =>
    console.say(`${message.replace(/\.$/, '')}: it is ${status}.`, 'good'),
  )
}

/** The hash is in what somebody looks at, and not in an error that could be pasted unread. */
const lookFirst = (id: string) =>
  `Next: drydock status ${id} shows the plan, then drydock approve ${id} --plan-hash HASH`

/** Shows a plan to somebody and asks; throws a Failure where nobody can be asked, or who was asked does not want it. */
async function lookedAt({ console, json }: Session, subject: Subject, planHash: string): Promise<void> {
  const { run, id } = subject
  if (json || !console.asks)
    throw misused('Nobody can be asked here: name the plan that was looked at.', lookFirst(id))
  const what =
    subject.kind === 'upgrade' ? `${subject.run.component} ${subject.run.version}` : subject.run.name
  console.say(`${what}: ${counted(run.total, 'target')}, asked for by ${run.requestedBy}`)
  if (run.reason !== null) console.tell('  reason  ', run.reason)
  if (subject.kind === 'upgrade') {
    const { strategy, plan, window } = subject.run
    console.say(`  waves   ${strategy}: ${plan?.waves.join(', ') ?? '-'}`)
    for (const words of leftOutWords(plan?.leftOut)) console.say(`  out     ${words}`, 'careful')
    for (const words of againstWords(subject.run.againstRelease, subject.run))
      console.tell('  but     ', words, 'careful')
    console.say(`  window  ${window === null ? 'always' : `${window.start} to ${window.end}`}`)
  } else
    for (const { name, total, dependsOn } of subject.run.phases)
      console.say(
        `  ${name}: ${counted(total, 'target')}${dependsOn.length > 0 ? `, after ${dependsOn.join(', ')}` : ''}`,
      )
  console.say(`  plan    ${planHash}`)
  if (!(await console.ask('Approve this plan?'))) throw new Failure(exitCodes.refused, 'Not approved.')
}
