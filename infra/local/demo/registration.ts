import type { Call } from './api.ts'
import { after, before, component } from './scene.ts'

interface Registration {
  readonly targets: readonly {
    readonly id: string
    readonly status: string
    readonly enrolmentToken: string
  }[]
}

/** Registers the fleet and returns each instance with its one-time enrolment token. */
export async function register(operator: Call, size: number): Promise<{ id: string; enrolment: string }[]> {
  await operator('POST', '/api/v1/releases', {
    component,
    version: after,
    channel: 'stable',
    digest: `sha256:${'4b'.repeat(32)}`,
  })
  const ids = Array.from({ length: size }, (_, number) => `cust_${String(number + 1).padStart(4, '0')}`)
  const registered: { id: string; enrolment: string }[] = []
  for (let start = 0; start < ids.length; start += 500) {
    const targets = ids.slice(start, start + 500).map((id) => ({
      id,
      type: 'customer-instance',
      region: ['eu-central', 'us-east', 'ap-south'][id.charCodeAt(id.length - 1) % 3],
      namespace: id.replace('cust_', 'customer-'),
      components: { [component]: before },
    }))
    const answer = await operator<Registration>('POST', '/api/v1/targets', { targets, enrol: true })
    registered.push(...answer.targets.map(({ id, enrolmentToken }) => ({ id, enrolment: enrolmentToken })))
  }
  return registered
}

/** Chooses evenly which instances fail, so that `--fail 20` is every fifth one. */
export function failing(number: number, percent: number): boolean {
  return Math.floor(((number + 1) * percent) / 100) > Math.floor((number * percent) / 100)
}
