import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../infra/local/demo/api.ts'

export const say = (line: string) => console.log(line)

/** Shows what holds and what does not. Returns whether all of it does. */
export function judge(findings: Readonly<Record<string, boolean>>): boolean {
  say('')
  for (const [what, holds] of Object.entries(findings)) say(`${holds ? '✓' : '✗'} ${what}`)
  return Object.values(findings).every((holds) => holds)
}

/** Where an upgrade stands, as far as examples tell it. */
export interface Status {
  readonly status: string
  readonly completed: number
  readonly failed: number
  readonly inProgress: number
}

/** In milliseconds: by then an upgrade has ended, or will not. */
const longest = 240_000

/** Looks at an upgrade until it is over, or waits for a person. */
export async function watch(operator: Call, id: string): Promise<Status> {
  const ends = performance.now() + longest
  for (let shown = ''; ; await sleep(200)) {
    const status = await operator<Status>('GET', `/api/upgrades/${id}/status`).catch(() => undefined)
    if (!status) continue
    const line = `  ${status.status}: ${status.completed} completed, ${status.failed} failed`
    if (line !== shown) say(line)
    shown = line
    // What was accepted finishes, also where it is halted.
    if (/completed|failed|paused|aborted/.test(status.status) && status.inProgress === 0) return status
    if (performance.now() > ends)
      throw new Error(`It is still ${status.status}: see runtime.log in the data directory.`)
  }
}

/** Asks for an upgrade, and tells so; returns its id. */
export async function deploy(
  operator: Call,
  body: { readonly version: string; readonly [field: string]: unknown },
): Promise<string> {
  const { upgradeId, message } = await operator<{ upgradeId: string; message: string }>(
    ...(['POST', '/api/upgrades/deploy', { reason: 'example', ...body }] as const),
  )
  say(`operator-1  ${body.version}: ${message}`)
  return upgradeId
}
