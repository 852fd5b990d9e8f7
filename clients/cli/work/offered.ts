import type { Api } from '../connection/api.ts'
import { Failure } from '../failure.ts'
import type { Console } from '../terminal/console.ts'
import type { Subject } from './subject.ts'

/** So many of those that have not accepted are named. */
const named = 5

/**
 * Says who was offered what an upgrade brings and has not accepted it yet, and why the first of them has not, so far as anybody has heard: an upgrade
 * without any hold would look stuck. It is said beside what else is, and refuses nothing.
 */
export async function sayOffered(api: Api, console: Console, subject: Subject): Promise<void> {
  const { kind, run } = subject
  if (kind !== 'upgrade' || run.completedAt !== null || run.inProgress === 0) return
  try {
    await sayFirst(api, console, subject.id)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}

async function sayFirst(api: Api, console: Console, id: string): Promise<void> {
  const { logs, nextCursor } = await api.read('getUpgradeLogs', {
    params: { id },
    query: { status: 'pending', limit: named },
  })
  const [first] = logs
  if (!first) return
  const names = logs.map(({ customer_id }) => customer_id).join(', ')
  console.tell(
    '  offered  ',
    `to ${names}${nextCursor === null ? '' : ' and more'}, who have not accepted yet`,
  )
  const why = await api.read('explainTarget', {
    params: { id: first.customer_id },
    query: { upgradeId: id },
  })
  if (why.verdict === 'offered') console.tell('  why      ', why.sentence, 'careful')
}
