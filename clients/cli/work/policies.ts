import type { BodyOf } from '../../../contracts/bodies.ts'
import { counted } from '../../../contracts/phrases.ts'
import { inCommands } from '../connection/in-words.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Session, Work } from '../session.ts'
import { toMinute } from '../terminal/text.ts'
import { objectOf } from './files.ts'
import { sayList, sayOne } from './listing.ts'
import { deploymentOf } from './request.ts'

/** Lists policies. */
export const list: Work = async (session) => {
  const { policies } = await session.api.read('listPolicies')
  return sayList(session, {
    name: 'policies',
    rows: policies,
    columns: {
      name: (row) => row.name,
      revision: (row) => row.revision,
      by: (row) => row.definedBy,
      defined: (row) => toMinute(row.definedAt),
      'out of service': (row) => row.withdrawn?.reason,
    },
  })
}

/** Shows a policy, as it is defined. */
export const show: Work = async ({ api, console }, given) => {
  console.json(await api.read('getPolicy', { params: { name: given.word(0) } }))
  return exitCodes.done
}

/** Defines a policy as a file says. */
export const define: Work = async (session, given) => {
  // What a policy may be is the server's to say, with the field that is wrong.
  const body = (await objectOf(given.word(1), session)) as BodyOf<'definePolicy'>
  const defined = await session.api.read('definePolicy', { params: { name: given.word(0) }, body })
  return sayOne(session, defined, `${defined.name}: defined, revision ${defined.revision}`, {})
}

/** Takes a policy out of service. */
export const withdraw: Work = async (session, given) => {
  const asked = { params: { name: given.word(0) }, query: { reason: given.text('reason') } }
  const withdrawn = await session.api.read('withdrawPolicy', asked)
  return sayOne(session, withdrawn, `${withdrawn.name}: out of service`, {})
}

/** Says what policies would say to a deploy. The exit code tells whether it would be refused. */
export const judge: Work = async (session, given): Promise<ExitCode> => {
  const { api, console, json }: Session = session
  const judged = await api.read('tryPolicies', { body: await deploymentOf(given, session) })
  const { met, component, version, policies, unmet, approvals, frozen, parallel } = judged
  const code = met ? exitCodes.done : exitCodes.refused
  if (json) {
    console.json(judged)
    return code
  }
  const names = policies.map(({ name }) => name).join(', ') || 'none'
  console.say(
    `${component} ${version} ${met ? 'meets' : 'does not meet'} its policies (${names})`,
    met ? 'good' : 'bad',
  )
  for (const { policy, detail, satisfiedBy } of unmet) {
    console.tell(`  ${policy}  `, inCommands(detail))
    console.tell('    would be right  ', inCommands(satisfiedBy), 'quiet')
  }
  for (const { policy, required, approvers, role } of approvals) {
    const whom = approvers === null ? `of the role ${role}` : `of ${approvers.join(', ')}`
    console.tell(`  ${policy}  `, `${counted(required, 'approval')} ${whom}`, 'careful')
  }
  if (frozen !== null) console.tell('  frozen  ', `${frozen.why}, until ${frozen.until}`, 'careful')
  if (parallel !== null) console.say(`  at once  ${parallel} at the most`)
  return code
}
