import { cut } from '../../events/cut.ts'
import type { Rejection } from '../domain/rejection.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import type { TargetState } from '../domain/target/state.ts'
import type { Log } from '../log/log.ts'

function refuse(gateway: string, why: string, expected: string): Rejection {
  const detail = `gateway ${gateway} ${why}.`
  return { code: 'gateway-invalid', detail, fields: [{ field: 'gateway', value: gateway, expected }] }
}

/** Returns why a target must not be reached on a way that begins with it and ends where it has been before. */
export function refuseCircle(path: readonly string[]): Rejection {
  const begins = path.indexOf(path.at(-1) ?? '')
  const way = path.slice(begins).join(' through ')
  const why = `would be reached through ${begins === 0 ? 'the target ' : ''}itself: ${way}`
  return refuse(path[1] ?? '', cut(why, 480), 'a target that is not reached through this one')
}

/**
 * Returns why a target must not name another as its gateway: that is not there, retired, the target itself, or reached through it, over
 * however many others; undefined: it may. `known` are the targets that whoever asks has read already, and those read here. Two updates at the same moment may still close a circle that neither saw.
 */
export async function refuseGateway(
  log: Log,
  target: string,
  gateway: string,
  known = new Map<string, TargetState>(),
): Promise<Rejection | undefined> {
  if (gateway === target) return refuse(gateway, 'is the target itself', 'another target')
  const path = [target]
  let next: string | null = gateway
  while (next !== null) {
    if (next === target) return refuseCircle([...path, next])
    // A circle of others is not of this target's making.
    if (path.includes(next)) return undefined
    const state: TargetState = known.get(next) ?? (await log.load(targetAggregate, next)).state
    known.set(next, state)
    if (next === gateway && !state.registered)
      return refuse(gateway, 'is not registered', 'a registered target')
    if (next === gateway && state.retired) return refuse(gateway, 'is retired', 'a target that is in service')
    path.push(next)
    next = state.facts?.gateway ?? null
  }
  return undefined
}
