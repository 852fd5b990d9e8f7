import type { AnswerOf } from '../../../contracts/bodies.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { optional } from './request.ts'

const releaseOf = (given: Given) => ({ component: given.word(0), version: given.word(1) })

function sayVerdicts({ console, json }: Session, given: Given, proofs: AnswerOf<'getVerdicts'>) {
  if (json) {
    console.json(proofs)
    return exitCodes.done
  }
  const { component, version } = releaseOf(given)
  const none = proofs.verdicts.length === 0 ? ': no check has said anything' : ''
  console.say(`${component} ${version}${none}`)
  for (const { check, verdict, postedBy, postedAt, evidence, reason } of proofs.verdicts) {
    const why = reason === null ? '' : `, ${reason}`
    console.tell(
      `  ${check}  `,
      `${verdict}, by ${postedBy} at ${postedAt}${why}`,
      verdict === 'passed' ? 'good' : 'bad',
    )
    console.tell('    evidence  ', evidence.url, 'quiet')
  }
  return exitCodes.done
}

/** Shows what compliance checks say of a release. */
export const show: Work = async (session, given) =>
  sayVerdicts(session, given, await session.api.read('getVerdicts', { params: releaseOf(given) }))

/** Posts what a compliance check says of a release. */
export const post: Work = async (session, given) => {
  const body = {
    check: given.word(2),
    verdict: given.word(3) as 'passed' | 'failed', // the server names what it may be
    evidence: { url: given.text('evidence') ?? '', ...optional({ sha256: given.text('sha256') }) },
    ...optional({ reason: given.text('reason') }),
  }
  return sayVerdicts(
    session,
    given,
    await session.api.read('postVerdict', { params: releaseOf(given), body }),
  )
}
