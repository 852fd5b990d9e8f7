import type { Registration, targetContracts } from '../../../contracts/targets.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { registerTarget } from '../../domain/target/registration.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { newEnrolment } from './credential.ts'

/** So many targets are registered side by side. */
const atOnce = 32

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

async function registerOne(
  { id, components, ...facts }: Registration,
  enrol: boolean,
  input: Parameters<Register>[0],
  { log, now }: Parameters<Register>[1],
): Promise<{ readonly result: Registered; readonly commit: number; readonly problem?: Problem }> {
  const enrolment = enrol ? newEnrolment(id, now()) : null
  const kept = enrolment && { hash: enrolment.hash, expiresAt: enrolment.expiresAt }
  const named = { ...facts, namespace: facts.namespace === undefined ? namespaceOf(id) : facts.namespace }
  const decision = registerTarget({ facts: named, components, enrolment: kept })
  // Many targets share one request: the stream of each keeps the key of its own registration alone.
  const outcome = await log.execute(targetAggregate, id, decision, metadataOf({ ...input, ifMatch: null }))
  try {
    const { commit } = accepted(outcome)
    if (outcome.kind === 'unchanged') return { result: { id, status: 'exists' }, commit }
    // A repeat is answered as its first time, but for the token: only its hash was kept, so it cannot be shown again.
    const fresh = outcome.kind === 'committed' ? enrolment : null
    const shown = fresh && { enrolmentToken: fresh.token, expiresAt: fresh.expiresAt }
    return { result: { id, status: 'registered', ...shown }, commit }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { code, message } = error
    return { result: { id, status: 'failed', error: { code, detail: message } }, commit: 0, problem: error }
  }
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
  const targets: Registered[] = []
  for (let from = 0; from < body.targets.length; from += atOnce) {
    const batch = body.targets.slice(from, from + atOnce)
    const results = await Promise.all(batch.map((target) => registerOne(target, body.enrol, input, services)))
    targets.push(...results.map(({ result }) => result))
  }
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
