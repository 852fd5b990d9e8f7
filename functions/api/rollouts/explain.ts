import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { counted, leftOutWords } from '../../../events/phrases.ts'
import { instantOf } from '../../../events/time.ts'
import { asOf } from '../../facts/as-of.ts'
import { declaredIn } from '../../planning/rollouts.ts'
import type { Operate } from '../http/endpoint.ts'
import { rolloutAt } from './history.ts'
import { statusBody } from './read.ts'

type Status = Awaited<ReturnType<typeof statusBody>>
type ShownPhase = Status['phases'][number]

const ends = ['completed', 'completed_with_exceptions', 'failed', 'aborted', 'rejected', 'expired']

function rolloutSentences({ status, holds, phases, failure }: Status): string[] {
  if (ends.includes(status))
    return [`It is over: it is ${status.replaceAll('_', ' ')}${failure ? ` (${failure.detail})` : ''}.`]
  const held = holds.map(({ code, ref, until, unblock }) => {
    const about = ref === null ? '' : ` (${ref})`
    return `${code}${about}${until === null ? '' : ` until ${until}`}: ${unblock}`
  })
  const running = phases.filter(({ startedAt, completedAt }) => startedAt !== null && completedAt === null)
  const names = running.map(({ name }) => `"${name}"`).join(', ')
  if (running.length > 0) held.push(`It waits for the end of ${names}.`)
  if (status === 'pending') held.push('It is being planned.')
  return held.length > 0 ? held : ['Nothing stands against it: what may begin begins.']
}

function phaseSentences(
  phase: ShownPhase,
  byName: ReadonlyMap<string, ShownPhase>,
  { aborting, over }: { readonly aborting: boolean; readonly over: string | null },
): string[] {
  if (phase.completedAt !== null) {
    const well = phase.passed ? '' : ' It did not end well: those that depend on it wait.'
    return [`It has ended: ${phase.status.replaceAll('_', ' ')}.${well}`]
  }
  if (phase.startedAt !== null) {
    const held = phase.holds.map(({ code, unblock }) => `${code}: ${unblock}`)
    return [`It runs: ${phase.completed} of ${counted(phase.total, 'target')} through.`, ...held]
  }
  if (over !== null) return [`It did not begin: the rollout is ${over}.`]
  if (aborting) return ['It does not begin any more: the rollout is aborted.']
  const awaited = phase.dependsOn.filter((name) => !byName.get(name)?.passed)
  if (awaited.length === 0)
    return ['All that it depends on has ended well: it begins as soon as that has rested.']
  return [`It waits for ${awaited.map((name) => `"${name}"`).join(', ')} to end well.`]
}

/** Returns whom a phase leaves out: by its plan, each reason with how many, and by hand since. */
function leftOutSentences({ skipped }: ShownPhase, counts: Readonly<Record<string, number>>): string[] {
  const byPlan = leftOutWords(counts)
  return [
    ...(byPlan.length > 0 ? [`Its plan leaves out: ${byPlan.join(', ')}.`] : []),
    ...(skipped > 0 ? [`${counted(skipped, 'target was', 'targets were')} left out since.`] : []),
  ]
}

/** Says why a rollout does not go on, and what each phase waits for. */
export const explainRollout: Operate<(typeof rolloutContracts)['explainRollout']> = async (
  { params, query },
  services,
) => {
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state, commit } = await rolloutAt(services.log, params.id, at)
  const status = await statusBody(services, params.id, state, at)
  const over = ends.includes(status.status) ? status.status.replaceAll('_', ' ') : null
  const course = { aborting: state.abort !== null, over }
  const { plans } = await declaredIn(at === undefined ? services.log : asOf(services.log, at), params.id)
  const leftOut = new Map([...plans].map(([number, plan]) => [number, plan.leftOut]))
  const byName = new Map(status.phases.map((phase) => [phase.name, phase]))
  const body = {
    rolloutId: params.id,
    at: at ?? instantOf(services.now()),
    status: status.status,
    why: rolloutSentences(status),
    phases: status.phases.map((phase, number) => ({
      name: phase.name,
      why: [...phaseSentences(phase, byName, course), ...leftOutSentences(phase, leftOut.get(number) ?? {})],
    })),
  }
  return { status: 200, body, etag: commit }
}
