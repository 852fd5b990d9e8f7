import { setTimeout as sleep } from 'node:timers/promises'
import type { Phase, Rollout, Scene, Steps } from './scene.ts'
import type { PlatformReport } from './servers.ts'
import { type Followed, isHeld } from './story.ts'
import type { Finding } from './verdict.ts'

/** Returns a phase of a rollout by its name. */
export function phaseIn({ phases }: Rollout, name: string): Phase {
  const found = phases.find((phase) => phase.name === name)
  if (!found) throw new Error(`The rollout has no phase ${name}.`)
  return found
}

/** Reads the steps of the last attempt on a target. */
export function stepsOf({ operator }: Scene, target: string): Promise<Steps> {
  return operator<Steps>('GET', `/api/v1/targets/${target}/steps`)
}

/** Says what became of the steps of a target that did not simply end well. */
export async function tellSteps(scene: Scene, target: string): Promise<Steps> {
  const steps = await stepsOf(scene, target)
  for (const { name, direction, status, code, output } of steps.steps)
    if (status === 'failed' || direction === 'back')
      scene.screen.say(`            ${target}: ${name}: ${status}${code ? `, ${code}: ${output}` : ''}`)
  return steps
}

/** Tells whether a rollout is held again, after a person has let it go on: what is read may be older than that. */
export function heldAgain(): (rollout: Rollout) => boolean {
  let went = false
  return (rollout) => {
    const held = isHeld(rollout)
    went ||= !held
    return went && held
  }
}

/** What is true of a rollout in which all went well. */
export function allWell({ rollout, outages }: Followed): Finding[] {
  return [
    ['the rollout is completed', rollout.status === 'completed'],
    ['no customer was ever without service', outages === 0],
  ]
}

/** Tells what the verification has counted: of each node, how many of its services are well, as its step says. */
export async function verified(scene: Scene, { nodes }: PlatformReport): Promise<Finding> {
  const steps = (await Promise.all(nodes.map(({ name }) => stepsOf(scene, name)))).flatMap(
    ({ steps }) => steps,
  )
  const counts = steps.flatMap(({ output }) => [...(output ?? '').matchAll(/^(\d+) of (\d+) are well$/g)])
  const sum = (place: number) => counts.reduce((total, count) => total + Number(count[place]), 0)
  const errors = steps.filter(({ status }) => status === 'failed').length
  const services = nodes.flatMap((node) => node.services).length
  scene.screen.say(
    `report      ${nodes.length} nodes: ${sum(1)} of ${sum(2)} services are well, ${errors} errors`,
  )
  return [`the verification has counted ${services} services`, sum(1) === services && errors === 0]
}

interface Watched {
  readonly domains: readonly { readonly probes: number; readonly failed: number }[]
}

/** Tells what customers met while the rollout ran, as it was looked at from outside. */
export async function watched({ operator, screen }: Scene, id: string): Promise<Finding> {
  const { domains } = await operator<Watched>('GET', `/api/v1/rollouts/${id}/monitor`)
  const sum = (figure: 'probes' | 'failed') => domains.reduce((total, domain) => total + domain[figure], 0)
  const [probes, failed] = [sum('probes'), sum('failed')]
  screen.say(`monitor     ${domains.length} domains were looked at ${probes} times: ${failed} times not well`)
  return ['customers noticed nothing', probes > 0 && failed === 0]
}

/** Tries those again that have failed, and waits for that. */
export async function retryFailed({ operator, screen }: Scene, upgradeId: string | null): Promise<void> {
  const child = await operator<{ upgradeId: string; message: string }>(
    'POST',
    `/api/upgrades/${upgradeId}/retry-failed`,
  )
  screen.say(`operator-1  ${child.message}`)
  for (;;) {
    const { completedAt } = await operator<Rollout>('GET', `/api/upgrades/${child.upgradeId}/status`)
    if (completedAt !== null) return
    await sleep(250)
  }
}
