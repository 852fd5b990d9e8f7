import { after, before } from './layout.ts'
import type { NodeReport } from './node.ts'
import type { PlatformReport } from './servers.ts'

/** A sentence about the servers, and whether it is true. */
export type Finding = readonly [sentence: string, isTrue: boolean]

type Services = NodeReport['services']
type Named = PlatformReport['nodes'][number]

/** What cannot be repeated without harm: more than once on one service is wrong, whatever happened. */
const once = ['replace', 'migrate'] as const

function servicesWith(nodes: readonly Named[], names: readonly string[]): Services {
  return nodes.flatMap(({ services }) => services.filter(({ name }) => names.includes(name)))
}

/** Returns whether a node has what it had at first: versions, configurations, and whether it takes work. */
function isAsBefore(first: PlatformReport, node: NodeReport): boolean {
  const was = first.nodes.find(({ name }) => name === node.name)
  return (
    was !== undefined &&
    was.scheduling === node.scheduling &&
    node.services.every(({ name, version, configuration, runs }) => {
      const old = was.services.find((one) => one.name === name)
      return old?.version === version && old.configuration === configuration && runs === old.runs
    })
  )
}

/** Returns the nodes over which at least one of these calls was carried out. */
export function touchedBy({ journal }: PlatformReport, calls: readonly string[]): ReadonlySet<string> {
  return new Set(journal.filter(({ call }) => calls.includes(call)).map(({ node }) => node))
}

/** What is true however it ends. */
export function always(report: PlatformReport): Finding[] {
  const { nodes, database, applications } = report
  const services = nodes.flatMap((node) => node.services)
  const repeated = [...services.map(({ done }) => done), database.done].filter((done) =>
    once.some((call) => (done[call] ?? 0) > 1),
  )
  return [
    ['nothing was done twice that must not be', repeated.length === 0],
    ['every customer is served', applications.every(({ status }) => status === 'healthy')],
  ]
}

/** Returns whether no two of some nodes were ever out of service at once, by the calls that stop and start them. */
function isOneAtATime({ journal }: PlatformReport, services: readonly string[], since = 0): boolean {
  const out = new Set<string>()
  for (const { at, node, call } of journal) {
    const [service = '', what = ''] = call.split('/')
    if (at < since || !services.includes(service)) continue
    if (what === 'stop') out.add(`${node}/${service}`)
    if (what === 'start') out.delete(`${node}/${service}`)
    if (new Set([...out].map((one) => one.split('/')[0])).size > 1) return false
  }
  return true
}

/** Returns whether all calls of one kind come before all of the next. */
function isInOrder({ journal }: PlatformReport, kinds: readonly string[], since = 0): boolean {
  const instants = kinds.map((kind) =>
    journal.filter(({ at, call }) => at >= since && call === kind).map(({ at }) => at),
  )
  return instants.every((some, place) => {
    const next = instants[place + 1]
    return some.length > 0 && (next === undefined || Math.max(...some) <= Math.min(...next))
  })
}

/** Returns whether the workers of a region were replaced only after all of the region before. */
function isByRegion({ journal, nodes }: PlatformReport, order: readonly string[]): boolean {
  const regions = journal
    .filter(({ call }) => call === 'node-agent/replace')
    .map(({ node }) => order.indexOf(nodes.find(({ name }) => name === node)?.region ?? ''))
  return regions.every((region, place) => region >= (regions[place - 1] ?? 0))
}

/** What is true after the whole platform was upgraded. */
export function upgraded(first: PlatformReport, report: PlatformReport, order: readonly string[]): Finding[] {
  const { nodes, database } = report
  const services = nodes.flatMap((node) => node.services)
  const agents = servicesWith(nodes, ['node-agent'])
  const drained = touchedBy(report, ['drain'])
  return [
    [
      `all ${services.length} services run ${after}`,
      services.every((one) => one.version === after && one.runs),
    ],
    ['each was replaced once', services.every(({ done }) => done.replace === 1)],
    ['each was backed up before', services.every(({ done }) => (done.backup ?? 0) >= 1)],
    [`the schema is ${after}, migrated once`, database.version === after && database.done.migrate === 1],
    [
      'every configuration was backed up, and is another now',
      nodes.every(({ name }) => touchedBy(report, ['configuration/backup']).has(name)) &&
        nodes.every((node) => !isAsBefore(first, node)),
    ],
    ['every worker was drained, and takes work', drained.size === agents.length && nodes.every(isEnabled)],
    ['one node at a time was out of service', isOneAtATime(report, ['operator', 'node-agent', 'edge-proxy'])],
    [
      'database, operators, node agents, load balancers and edge proxies, in that order',
      isInOrder(report, ['migrate', 'operator/replace', 'node-agent/replace', 'edge-proxy/replace']),
    ],
    ['region after region', isByRegion(report, order)],
  ]
}

function isEnabled({ scheduling }: NodeReport): boolean {
  return scheduling === 'enabled'
}

/** What is true after the whole upgrade was taken back; `since` is when that began. */
export function takenBack(first: PlatformReport, report: PlatformReport, since: number): Finding[] {
  const { nodes, database } = report
  return [
    [
      'every version and every configuration is as it was, byte for byte',
      nodes.every((node) => isAsBefore(first, node)),
    ],
    [
      `the schema is ${before}, and no row was lost`,
      database.version === before && database.content === first.database.content,
    ],
    [
      'load balancers and edge proxies, node agents, operators, database: in reverse order',
      isInOrder(
        report,
        [
          'edge-proxy/restore',
          'node-agent/restore',
          'operator/restore',
          'migrate-back',
          'configuration/restore',
        ],
        since,
      ),
    ],
    [
      'node by node, never everything at once',
      isOneAtATime(report, ['operator', 'node-agent', 'load-balancer', 'edge-proxy'], since),
    ],
    [
      'each was restored once',
      nodes.flatMap(({ services }) => services).every(({ done }) => done.restore === 1),
    ],
  ]
}

/** What is true where a phase holds: these nodes are as they were, and nobody has touched those that come later. */
export function heldAt(
  first: PlatformReport,
  report: PlatformReport,
  { asBefore, never }: { readonly asBefore: readonly string[]; readonly never: readonly string[] },
): Finding[] {
  const touched = touchedBy(report, never)
  return [
    [
      `${asBefore.join(', ')} is as it was, byte for byte`,
      asBefore.every((name) => {
        const node = report.nodes.find((one) => one.name === name)
        return node?.alive && isAsBefore(first, node)
      }),
    ],
    ['nothing of the phases that depend on it was touched', touched.size === 0],
  ]
}
