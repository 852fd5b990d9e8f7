/** The release that the platform runs, and the one that it is taken to. */
export const [before, after] = ['v1.0.0', 'v2.0.0']

/** The regions, in the order in which the plan takes their workers. */
export const regionNames = ['us-east', 'eu-west', 'ap-south'] as const

/** How large the platform is: nodes a region. */
export const sizes = {
  full: { regions: 3, operators: 3, workers: 6 },
  small: { regions: 2, operators: 1, workers: 2 },
} as const
export type Size = keyof typeof sizes

/** Which services are on a node, by what it is for. */
export const servicesOf = {
  'operator-node': ['operator', 'load-balancer', 'edge-proxy'],
  'worker-node': ['node-agent'],
} as const
export type NodeType = keyof typeof servicesOf
export type ServiceName = (typeof servicesOf)[NodeType][number]

/** What Drydock upgrades on a target, by its type; a component may be two services, or none. */
export const componentsOf = {
  'operator-node': ['preparation', 'configuration', 'operator', 'ingress', 'verification'],
  'worker-node': ['preparation', 'configuration', 'node-agent', 'verification'],
  database: ['schema'],
  region: ['applications'],
} as const

/** One node of the platform, as it is planned. */
export interface NodePlan {
  readonly name: string
  readonly type: NodeType
}

/** A region with its nodes. */
export interface RegionPlan {
  readonly name: string
  readonly nodes: readonly NodePlan[]
}

/** Returns the regions of a platform of a size, with their nodes. */
export function layoutOf(size: Size): RegionPlan[] {
  const { regions, operators, workers } = sizes[size]
  const numbered = (name: string, type: NodeType, count: number): NodePlan[] =>
    Array.from({ length: count }, (_, place) => ({ name: `${name}-${place + 1}`, type }))
  return regionNames.slice(0, regions).map((name) => ({
    name,
    nodes: [
      ...numbered(`${name}-op`, 'operator-node', operators),
      ...numbered(`${name}-worker`, 'worker-node', workers),
    ],
  }))
}
