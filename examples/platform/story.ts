import { setTimeout as sleep } from 'node:timers/promises'
import { bar } from '../../clients/cli/terminal/bar.ts'
import { before } from './layout.ts'
import type { Phase, Rollout, Scene } from './scene.ts'
import type { PlatformReport } from './servers.ts'

const width = 31

const holdWords: Readonly<Record<string, string>> = {
  APPROVAL: 'waits for a person to approve',
  BAKING: 'rests before the next region',
  SPACING: 'waits before the next node',
  OPERATOR: 'holds',
}

function phaseLine({ name, status, total, completed, failed, holds }: Phase): string {
  const drawn = bar({ size: total, good: completed, bad: failed, out: 0 })
  const hold = holds[0] ? `  ${holdWords[holds[0].code] ?? holds[0].code}` : ''
  return `  ${name.padEnd(width)} ${drawn} ${completed}/${total} ${status}${failed > 0 ? `, ${failed} failed` : ''}${hold}`
}

/** Returns what was heard from the servers that was not so before. */
function newsOf(was: PlatformReport, now: PlatformReport): string[] {
  const former = new Map(was.nodes.map((node) => [node.name, node]))
  const news = now.nodes.flatMap(({ name, services, instances, scheduling }) => {
    const known = former.get(name)
    const changed = services.flatMap((service) => {
      const old = known?.services.find((one) => one.name === service.name)
      return old?.version === service.version ? [] : [`${service.name} ${service.version}`]
    })
    const drained = known?.scheduling !== scheduling && scheduling === 'disabled'
    return [
      ...(drained ? [`  ${name.padEnd(width)} drains ${instances} instances`] : []),
      ...(changed.length > 0 ? [`  ${name.padEnd(width)} ${changed.join(', ')}`] : []),
    ]
  })
  if (was.database.version !== now.database.version)
    news.push(`  ${'database'.padEnd(width)} schema ${was.database.version} → ${now.database.version}`)
  return news
}

/** What is seen while a rollout is followed. */
export interface Followed {
  readonly rollout: Rollout
  /** Was a customer's application ever out of service? */
  readonly outages: number
}

/**
 * Follows a rollout on the screen until it is over, or until `stop` says so: phases, what the servers say of themselves, and whether customers are served.
 * `each` may act on what is seen.
 */
export async function follow(
  { operator, screen, servers }: Scene,
  id: string,
  stop: (rollout: Rollout) => boolean,
  each: (rollout: Rollout) => Promise<void> = async () => undefined,
): Promise<Followed> {
  let seen = await servers.report()
  let outages = 0
  for (;;) {
    const rollout = await operator<Rollout>('GET', `/api/v1/rollouts/${id}/status`)
    const report = await servers.report()
    for (const line of newsOf(seen, report)) screen.say(line)
    seen = report
    const { applications } = report
    const served = applications.filter(({ status }) => status === 'healthy').length
    outages = Math.max(outages, applications.length - served)
    screen.draw([
      ...rollout.phases.filter(({ status }) => status !== 'waiting').map(phaseLine),
      `  ${'customers'.padEnd(width)} ${served} of ${applications.length} applications are served`,
    ])
    if (rollout.completedAt !== null || stop(rollout)) {
      screen.settle()
      return { rollout, outages }
    }
    await each(rollout)
    await sleep(250)
  }
}

/** Does a rollout stand still until a person decides: since a phase was paused by its limits, or did not end well? */
export function isHeld({ phases, status }: Rollout): boolean {
  if (status === 'paused') return true
  const over = ['completed', 'waiting', 'nothing_to_do']
  const unwell = phases.filter((phase) => !over.includes(phase.status) && phase.inProgress === 0)
  return unwell.some((phase) => ['paused', 'failed', 'completed_with_exceptions'].includes(phase.status))
}

/** Tells in one line what runs which version. */
export function versionsLine({ nodes, database }: PlatformReport): string {
  const services = nodes.flatMap((node) => node.services)
  const old = services.filter(({ version }) => version === before).length
  return `${services.length} services: ${old} run ${before}, ${services.length - old} a newer version; the schema is ${database.version}`
}
