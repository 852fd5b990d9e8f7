import { nameId } from '../../../events/name-id.ts'
import { after, second } from '../../../events/time.ts'
import type { ExistingRollout, Phase } from './state.ts'

const phaseNamespace = '6c1d2f44-90a7-5b53-8f2e-1d0b7ad0e6a9'

/** Returns the id of the upgrade that a phase is: it follows from the rollout, so that whoever begins it begins the same. */
export function phaseUpgrade(rollout: string, phase: number): string {
  return nameId(JSON.stringify([rollout, phase]), phaseNamespace)
}

/** Has a phase begun, and not ended? */
export function isRunning({ startedAt, end }: Phase): boolean {
  return startedAt !== null && end === null
}

/** May those begin that depend on a phase, as far as the phase itself is concerned? */
export function isPassed({ end, overtaken, accepted }: Phase): boolean {
  return end !== null && (accepted || (end.passed && overtaken === null))
}

/** Until when those wait that depend on a phase, after it has ended; null: they do not. */
function pausedUntil({ end, pauseSeconds }: Phase): string | null {
  return end === null || pauseSeconds === 0 ? null : after(end.at, pauseSeconds * second)
}

/** Returns the phases that may begin at an instant, by their numbers: all that each depends on has ended well, and has rested. */
export function startable({ phases }: Pick<ExistingRollout, 'phases'>, now: string): number[] {
  const rests = (phase: Phase) => {
    const until = pausedUntil(phase)
    return until !== null && until > now
  }
  return phases.flatMap((phase, number) => {
    if (phase.startedAt !== null) return []
    const awaited = phase.dependsOn.flatMap((other) => phases[other] ?? [])
    return awaited.every((other) => isPassed(other) && !rests(other)) ? [number] : []
  })
}

/** The pause after a phase, from its end on. */
interface Rest {
  readonly since: string
  readonly until: string
}

/** Returns the rest that ends next; null: there is none that anybody waits for. */
export function nextRest({ phases }: Pick<ExistingRollout, 'phases'>, now: string): Rest | null {
  const awaited = new Set(phases.flatMap(({ startedAt, dependsOn }) => (startedAt === null ? dependsOn : [])))
  const ends = phases.flatMap((phase, number) => {
    const until = awaited.has(number) && isPassed(phase) ? pausedUntil(phase) : null
    return phase.end !== null && until !== null && until > now ? [{ since: phase.end.at, until }] : []
  })
  return ends.sort((left, right) => (left.until < right.until ? -1 : 1))[0] ?? null
}

/** Returns the phases that a person has to look at, by their numbers: they did not end well, or were overtaken. */
export function unpassed({ phases }: Pick<ExistingRollout, 'phases'>): number[] {
  return phases.flatMap((phase, number) => (phase.end !== null && !isPassed(phase) ? [number] : []))
}

/** Does anything wait for a phase still? Only then it matters whether what it had put there is there. */
export function isAwaited({ phases }: Pick<ExistingRollout, 'phases'>, number: number): boolean {
  return phases.some(({ startedAt, dependsOn }) => startedAt === null && dependsOn.includes(number))
}
