import { calm } from './taken.ts'
import type { World } from './world.ts'

export const component = 'api'
const gateway = 'gateway-1'

/** The gateway that stands before every target of a fleet. */
export const gatewayOf = (): string => gateway

interface Registered {
  readonly targets: readonly { readonly id: string; readonly enrolmentToken?: string }[]
}

/** Registers targets and enrols their agents. */
export async function enrolTargets({ operator, work }: World, targets: readonly object[]): Promise<void> {
  const answer = await operator<Registered>('POST', '/api/v1/targets', { targets, enrol: true })
  const enrolments = answer.targets.map(({ id, enrolmentToken = '' }): [string, string] => [
    id,
    enrolmentToken,
  ])
  await work({ kind: 'enrol', enrolments })
}

/** Registers and enrols a fleet of a size behind one gateway, and the releases it is taken to. */
export async function settleFleet(world: World, size: number, versions: readonly string[]): Promise<void> {
  const { operator } = world
  for (const version of versions.slice(1)) {
    const digest = `sha256:${'4b'.repeat(32)}`
    await operator('POST', '/api/v1/releases', { component, version, channel: 'stable', digest })
  }
  await enrolTargets(world, [{ id: gateway, type: 'gateway' }])
  for (let start = 0; start < size; start += 500) {
    const count = Math.min(500, size - start)
    await enrolTargets(
      world,
      Array.from({ length: count }, (_, number) => ({
        id: `cust_${String(start + number + 1).padStart(6, '0')}`,
        type: 'customer-instance',
        region: ['eu-central', 'us-east', 'ap-south'][number % 3],
        gateway,
        components: { [component]: versions[0] },
      })),
    )
  }
  await calm(world)
}
