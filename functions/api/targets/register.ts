import type { Registration, targetContracts } from '../../../contracts/targets.ts'
import type { Rejection } from '../../domain/rejection.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { registerTarget } from '../../domain/target/registration.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { refuseCircle, refuseGateway } from '../../facts/gateways.ts'
import type { Loaded } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import { newEnrolment } from './credential.ts'

interface Registered {
  readonly id: string
  readonly status: 'registered' | 'exists' | 'failed'
  readonly enrolmentToken?: string
  readonly expiresAt?: string
  readonly error?: { readonly code: string; readonly detail: string }
}

type Register = Operate<(typeof targetContracts)['registerTargets']>

/** Returns a customer's namespace where none is named: `cust_abc123` lives in `customer-abc123`. */
export function namespaceOf(id: string): string {
  return id.startsWith('cust_') ? `customer-${id.slice('cust_'.length)}` : id
}

/** What came of one registration, and the problem that refused it. */
interface Attempted {
  readonly result: Registered
  readonly commit: number
  readonly problem?: Problem
}

function failed(id: string, problem: Problem): Attempted {
  const { code, message } = problem
  return { result: { id, status: 'failed', error: { code, detail: message } }, commit: 0, problem }
}

async function registerOne(
  { id, components, ...facts }: Registration,
  enrol: boolean,
  input: Parameters<Register>[0],
  { log, now }: Parameters<Register>[1],
  gateways = new Map<string, TargetState>(),
): Promise<Attempted> {
  let from: Loaded<TargetState> | 'nothing' = 'nothing'
  const refused = facts.gateway !== null && (await refuseGateway(log, id, facts.gateway, gateways))
  if (refused) {
    // What is registered already stays as it was, whatever has become of its gateway.
    from = await log.load(targetAggregate, id)
    if (!from.state.registered) return failed(id, asProblem(refused))
  }
  const enrolment = enrol ? newEnrolment(id, now()) : null
  const kept = enrolment && { hash: enrolment.hash, expiresAt: enrolment.expiresAt }
  const named = { ...facts, namespace: facts.namespace === undefined ? namespaceOf(id) : facts.namespace }
  const decision = registerTarget({ facts: named, components, enrolment: kept })
  // Many targets share one request: the stream of each keeps the key of its own registration alone.
  const metadata = metadataOf({ ...input, ifMatch: null })
  const outcome = await log.execute(targetAggregate, id, decision, metadata, { from })
  try {
    const { commit } = accepted(outcome)
    if (outcome.kind === 'unchanged') return { result: { id, status: 'exists' }, commit }
    // A repeat is answered as its first time, but for the token: only its hash was kept, so it cannot be shown again.
    const fresh = outcome.kind === 'committed' ? enrolment : null
    const shown = fresh && { enrolmentToken: fresh.token, expiresAt: fresh.expiresAt }
    return { result: { id, status: 'registered', ...shown }, commit }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return failed(id, error)
  }
}

/** Registers many: gateways before those that are reached through them, and nobody of a circle. */
async function registerMany(
  registrations: readonly Registration[],
  register: (registration: Registration) => Promise<Attempted>,
): Promise<Registered[]> {
  const results: Registered[] = []
  let rest = [...registrations.entries()]
  while (rest.length > 0) {
    const waiting = new Map(rest.map(([, { id, gateway }]) => [id, gateway]))
    const isReady = ({ id, gateway }: Registration) =>
      gateway === null || gateway === id || !waiting.has(gateway)
    const ready = rest.filter(([, registration]) => isReady(registration))
    if (ready.length === 0) {
      for (const [place, { id }] of rest) results[place] = failed(id, asProblem(circleOf(id, waiting))).result
      break
    }
    await sideBySide(ready, atOnce.requested, async ([place, registration]) => {
      results[place] = (await register(registration)).result
    })
    rest = rest.filter(([, registration]) => !isReady(registration))
  }
  return results
}

/** Returns the refusal of a target that is reached through itself, or through others that are. */
function circleOf(target: string, gateways: ReadonlyMap<string, string | null>): Rejection {
  const path = [target]
  for (let next = gateways.get(target); next; next = gateways.get(next)) {
    const known = path.includes(next)
    path.push(next)
    if (known) break
  }
  return refuseCircle(path)
}

/** Registers one target, or many with a result for each: what is registered already with the same content `exists`. */
export const registerTargets: Register = async (input, services) => {
  const { body } = input
  if (!('targets' in body)) {
    const { enrol, ...registration } = body
    const { result, commit, problem } = await registerOne(registration, enrol, input, services)
    if (problem) throw problem
    const status = result.status === 'registered' ? 201 : 200
    return { status, body: result, commit, etag: commit, location: `/api/v1/targets/${result.id}` }
  }
  const gateways = new Map<string, TargetState>()
  const targets = await registerMany(body.targets, (registration) =>
    registerOne(registration, body.enrol, input, services, gateways),
  )
  const count = (status: Registered['status']) => targets.filter((target) => target.status === status).length
  return {
    status: 200,
    body: {
      count: targets.length,
      registered: count('registered'),
      exists: count('exists'),
      failed: count('failed'),
      targets,
    },
  }
}
