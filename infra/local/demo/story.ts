import { setTimeout as sleep } from 'node:timers/promises'
import { bar } from '../../../clients/cli/terminal/bar.ts'
import { holdPhrase } from '../../../events/phrases.ts'
import type { Call, Seen } from './api.ts'
import type { Fleet } from './fleets.ts'
import type { Screen } from './screen.ts'

/** What the demo reads of `GET /api/upgrades/{id}/status`. */
export interface Status {
  readonly upgradeId: string
  readonly status: string
  readonly total: number
  readonly completed: number
  readonly failed: number
  readonly inProgress: number
  readonly skipped: number
  readonly unreachable: number
  readonly wave: number
  readonly waves: readonly {
    wave: number
    size: number
    succeeded: number
    failed: number
    unreachable: number
    skipped: number
  }[]
  readonly holds: readonly {
    code: string
    since: string
    until: string | null
    ref: string | null
    unblock: string
  }[]
  readonly completedAt: string | null
}

function lines(title: string, status: Status, silent: readonly string[]): string[] {
  const waves = status.waves.map((wave) => {
    const done = wave.succeeded + wave.failed + wave.unreachable + wave.skipped
    const failed = wave.failed + wave.unreachable
    const drawn = bar({ size: wave.size, good: wave.succeeded, bad: failed, out: wave.skipped })
    const marks = failed > 0 ? `  ${failed} failed` : ''
    return `  wave ${wave.wave}  ${drawn}  ${done}/${wave.size}${marks}`
  })
  const holds = status.holds.map(({ code, ref, until }) => {
    const words = holdPhrase(code) ?? code
    return `  hold    ${words}${ref ? `: ${ref}` : ''}${until ? ` until ${until}` : ''}`
  })
  return [`${title}: ${status.status}`, ...waves, ...holds, ...silent]
}

/** Returns a line for every fleet process that has stopped, with the instances that fell silent with it. */
function silentFleets(fleets: readonly Fleet[]): string[] {
  return fleets.flatMap(({ process, instances }, number) =>
    process.exitCode === null && process.signalCode === null
      ? []
      : [
          `  silent  fleet process ${number + 1} is gone, with ${instances.length} instances: ${instances.slice(0, 3).join(', ')}, …`,
        ],
  )
}

/** Follows an upgrade on the screen, from what was seen of it on, until it ends or `until` says so; returns its last status. */
export async function follow(
  { call, screen, fleets }: { call: Call; screen: Screen; fleets: readonly Fleet[] },
  title: string,
  upgradeId: string,
  until: (status: Status) => boolean,
  seen: Seen = { commit: null },
): Promise<Status> {
  for (;;) {
    const status = await call<Status>('GET', `/api/upgrades/${upgradeId}/status`, undefined, seen)
    screen.draw(lines(title, status, silentFleets(fleets)))
    if (status.completedAt !== null || until(status)) {
      screen.settle()
      return status
    }
    await sleep(200)
  }
}
