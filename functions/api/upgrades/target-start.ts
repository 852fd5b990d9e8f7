import { deployment } from '../../../contracts/deployment.ts'
import type { targetUpgradeContracts } from '../../../contracts/target-upgrades.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, hasEnded } from '../../domain/upgrade/state.ts'
import { sameVersion } from '../../domain/version/identity.ts'
import { newerThan, releaseFor } from '../../facts/release.ts'
import type { Log } from '../../log/log.ts'
import type { Answer } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { registeredTarget } from '../targets/registered.ts'
import { beginUpgrade, upgradeIdFrom } from './deploy.ts'
import { bindProcedure } from './procedure.ts'
import { requestFrom } from './request.ts'

/** The tag of a target that names the procedure by which it is upgraded; without it, its agent does what is to be done. */
const procedureTag = 'procedure'

const noUpdates = 'No updates available for this domain'
const starting = 'Starting upgrade process...'

type Start = Operate<(typeof targetUpgradeContracts)['startTargetUpgrade'], 'exposure'>

/** Returns the component that is meant. Throws the problem that nobody can know, or that the target does not run it. */
function componentOf({ components }: TargetState, asked: string | null): string {
  const runs = Object.keys(components)
  const [only] = runs
  const meant = asked ?? (runs.length === 1 ? only : undefined)
  if (meant !== undefined && components[meant] !== undefined) return meant
  const expected =
    runs.length === 0 ? 'a component that the target runs: it runs none' : `one of ${runs.join(', ')}`
  const fields = [{ field: 'component', value: asked ?? '', expected: expected.slice(0, 1024) }]
  throw asProblem({ code: 'validation-failed', detail: 'Which component is meant? See errors.', fields })
}

/** Returns the release that there is to upgrade to; undefined: none is newer than what the target runs. */
async function updateFor(
  services: Services,
  component: string,
  runs: string,
  version: string,
): Promise<string | undefined> {
  const found = await releaseFor(services, component, version)
  if ('rejected' in found) {
    // What nobody has registered, or what was taken back, is no update; a release that somebody names by its version has to be one.
    if (version === 'latest' || version === 'stable') return undefined
    throw asProblem(found.rejected)
  }
  const { release } = found
  if (sameVersion(release.version, runs)) return undefined
  const newer = await newerThan(services.log, component, release, [runs])
  return newer.has(runs) ? undefined : release.version
}

/**
 * Returns the id of the upgrade that starts now, or has been started and not ended. It follows from what the target has been through, so that two who
 * start at once start one.
 */
async function idOf(log: Log, target: string, component: string, { attempts }: TargetState) {
  const since = attempts.at(-1)?.attempt ?? 'the beginning'
  const numbered = async (number: number) => {
    const id = upgradeIdFrom(`${target}/${component}/${since}/${number}`)
    return { id, state: (await log.load(upgradeAggregate, id)).state }
  }
  // One that ended before it came to the target is followed by another: however many there are, few are looked at.
  let [last, beyond] = [0, 1]
  while (exists((await numbered(beyond)).state)) [last, beyond] = [beyond, beyond * 2]
  while (beyond - last > 1) {
    const middle = Math.floor((last + beyond) / 2)
    if (exists((await numbered(middle)).state)) last = middle
    else beyond = middle
  }
  const { id, state } = await numbered(Math.max(last, 1))
  if (!exists(state)) return { id, version: undefined }
  if (!hasEnded(state)) return { id, version: state.request.version }
  return { id: (await numbered(beyond)).id, version: undefined }
}

function answer(targetId: string, component: string, version: string, upgradeId: string): Answer {
  const body = { targetId, message: starting, component, version, upgradeId, jobId: `${upgradeId}-1` }
  return { status: 202, body, location: `/api/upgrades/${upgradeId}` }
}

/** Returns the upgrade that this very request has started, where its answer was lost; undefined: it is new. */
async function startedBy(log: Log, { attempts }: TargetState, key: string | undefined) {
  const last = attempts.at(-1)
  if (key === undefined || !last) return undefined
  const { keys } = await log.load(upgradeAggregate, last.upgrade)
  return keys.some((used) => used.key === key) ? last : undefined
}

/** Starts the upgrade of one target to the newest release of its component (V2); while one is under way, says so again. */
export const startTargetUpgrade: Start = async (input, services) => {
  const { log } = services
  const { params, body, principal, idempotency } = input
  const { id } = params
  const { state } = await registeredTarget(log, id)
  const component = componentOf(state, body.component)
  const before = await startedBy(log, state, idempotency?.id)
  if (before) return answer(id, component, before.to, before.upgrade)
  const { active } = state
  if (active && (active.component !== component || active.kind === 'rollback')) {
    const what = `${active.component} ${active.from} to ${active.to}, by upgrade ${active.upgrade}`
    throw new Problem('conflict', `Update already in progress: ${what}. Wait for its end.`)
  }
  if (active) return answer(id, component, active.to, active.upgrade)
  const runs = state.components[component] ?? ''
  const version = await updateFor(services, component, runs, body.version)
  if (version === undefined)
    return { status: 200, body: { targetId: id, message: noUpdates, component, version: runs } }
  const name = state.facts?.tags[procedureTag]
  const asked = deployment.parse({
    ...{ component, version, strategy: 'all', targets: { ids: [id] }, reason: body.reason },
    // There is nobody else for whose sake it would have to be paused.
    ...{ failureThreshold: { percent: 100 }, unreachableThreshold: { percent: 100 } },
  })
  const procedure = name === undefined ? null : { name, revision: null }
  const request = await bindProcedure(log, requestFrom(asked, principal.id), procedure)
  const { id: upgradeId, version: begun = version } = await idOf(log, id, component, state)
  const { commit = 0 } = await beginUpgrade(services, request, upgradeId, input)
  return { ...answer(id, component, begun, upgradeId), commit }
}
