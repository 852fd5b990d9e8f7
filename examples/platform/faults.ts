import { before } from './layout.ts'
import type { NodeFault } from './node.ts'
import type { Facts } from './registration.ts'

/** What the example can be told to let go wrong. */
export const faultNames = [
  'never-drains',
  'unhealthy',
  'unhealthy-word',
  'ill-later',
  'wrong-base',
  'region-cut',
  'node-dies',
  'killed',
  'rollback',
] as const
export type FaultName = (typeof faultNames)[number]

/** How the servers are where something is to go wrong. */
export interface Setting {
  readonly nodes: Readonly<Record<string, NodeFault>>
  readonly schema: string
  factsOf(node: string): Facts
}

/** The operator that something goes wrong with. */
export const sickOperator = 'eu-west-op-1'
/** These never drain: the first may be forced, the second must not. */
export const [forced, neverForced] = ['us-east-worker-1', 'eu-west-worker-1']
/** What the database has where it is not what the plan expects. */
export const wrongBase = 'v1.4.0'

const nodesOf: Partial<Record<FaultName, Setting['nodes']>> = {
  'never-drains': { [forced]: { neverDrains: true }, [neverForced]: { neverDrains: true } },
  unhealthy: { [sickOperator]: { ill: { service: 'operator', as: 'down' } } },
  'unhealthy-word': { [sickOperator]: { ill: { service: 'operator', as: 'unhealthy' } } },
  // When its own phase is long over: only the verification can see it.
  'ill-later': { [sickOperator]: { ill: { service: 'operator', as: 'down', after: 'edge-proxy/start' } } },
  'node-dies': { [sickOperator]: { diesAt: 'replace' } },
}

/** Returns how the servers are for a fault; undefined: nothing goes wrong. */
export function settingOf(fault: FaultName | undefined): Setting {
  return {
    nodes: (fault && nodesOf[fault]) ?? {},
    schema: fault === 'wrong-base' ? wrongBase : before,
    factsOf: (node) => ({ force: node === neverForced ? 'never' : 'allowed' }),
  }
}
