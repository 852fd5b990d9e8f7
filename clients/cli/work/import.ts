import { appendFile, chmod, readFile } from 'node:fs/promises'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { counted } from '../../../contracts/phrases.ts'
import { batchesOf } from '../../../contracts/target-file.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session, Work } from '../session.ts'
import { targetsIn } from './target-file.ts'

type Registered = Extract<AnswerOf<'registerTargets'>, { readonly registered: number }>

/** So many targets that were refused are named. */
const mostNamed = 20

/**
 * Registers all targets of a file, in bodies as large as the API takes. It keeps nothing of how far it has come: what is registered is known
 * again as such, so that the same command goes on after whatever has stopped it.
 */
export const importTargets: Work = async (session, given) => {
  const { api, console, json } = session
  const file = given.word(0)
  const listed = await targetsIn(file, session)
  const tokens = given.text('enrol')
  const enrolled = tokens === undefined ? undefined : await enrolledIn(tokens)
  const counts = { registered: 0, exists: 0, failed: 0, withoutToken: 0 }
  const failed: { readonly place: string; readonly id: string; readonly detail: string }[] = []
  const { mostTargets } = await import('../../../contracts/targets.ts')
  let sent = 0
  for (const batch of batchesOf(listed, ({ target }) => target, mostTargets)) {
    const body = { targets: batch.map(({ target }) => target), enrol: tokens !== undefined }
    const answer = (await api.read('registerTargets', { body })) as Registered // as many are sent, many are answered
    counts.registered += answer.registered
    counts.exists += answer.exists
    counts.failed += answer.failed
    if (tokens !== undefined && enrolled) counts.withoutToken += await keepTokens(tokens, enrolled, answer)
    const places = new Map(batch.map(({ place, target }) => [target.id, place]))
    for (const { id, error } of answer.targets)
      if (error !== undefined) failed.push({ place: places.get(id) ?? '', id, detail: error.detail })
    sent += batch.length
    if (!json && console.isLive) console.draw([[`${sent} of ${counted(listed.length, 'target')}`, 'quiet']])
  }
  if (json) console.json({ ...counts, targets: listed.length, refused: failed })
  else sayEnd(session, listed.length, counts, failed)
  return counts.failed > 0 ? exitCodes.exceptions : exitCodes.done
}

function sayEnd(
  { console }: Session,
  all: number,
  counts: {
    readonly registered: number
    readonly exists: number
    readonly failed: number
    readonly withoutToken: number
  },
  failed: readonly { readonly place: string; readonly id: string; readonly detail: string }[],
): void {
  const { registered, exists, withoutToken } = counts
  console.say(
    `${counted(all, 'target')}: ${registered} registered, ${exists} registered before, ${counts.failed} refused.`,
    counts.failed > 0 ? 'careful' : 'good',
  )
  for (const { place, id, detail } of failed.slice(0, mostNamed))
    console.tell(`  ${place}: `, `${id}: ${detail}`, 'bad')
  if (failed.length > mostNamed) console.say(`  and ${failed.length - mostNamed} more`)
  if (withoutToken > 0)
    console.tell(
      '',
      `${counted(withoutToken, 'target')} registered before without a token in the file: drydock targets enrol makes one.`,
    )
}

/** Returns whose tokens a file holds already; an absent file holds none. */
async function enrolledIn(file: string): Promise<Set<string>> {
  // Made before anything is registered: a token is given once, and has to have a place by then.
  await appendFile(file, '', { mode: 0o600 })
  await chmod(file, 0o600)
  const lines = (await readFile(file, 'utf8')).split('\n')
  return new Set(lines.map((line) => line.split(',')[0] ?? ''))
}

/** Keeps the tokens of a batch, and returns how many targets have none: they were registered before. */
async function keepTokens(file: string, enrolled: Set<string>, { targets }: Registered): Promise<number> {
  const lines = targets.flatMap(({ id, enrolmentToken, expiresAt }) => {
    if (enrolmentToken === undefined) return []
    enrolled.add(id)
    return [`${id},${enrolmentToken},${expiresAt ?? ''}\n`]
  })
  await appendFile(file, lines.join(''), { mode: 0o600, flush: true })
  return targets.filter(({ id, status }) => status === 'exists' && !enrolled.has(id)).length
}
