import { counted, leftOutWords } from '../../../contracts/phrases.ts'
import { inCommands } from '../connection/in-words.ts'
import { bar } from '../terminal/bar.ts'
import type { Tone } from '../terminal/console.ts'
import { doneWords, endsWords } from './counts.ts'
import { type Decision, holdPhrase, holdWords, nextOf, nextOfEnded } from './holds.ts'
import { againstWords } from './left-out.ts'
import { type Standing, type Stood, toneOf } from './standing.ts'
import type { Subject } from './subject.ts'

export type Line = readonly [text: string, tone: Tone]

/** How a run is shown that can still be acted upon: with who may decide what holds it. */
export interface Acting {
  readonly decision: Decision | undefined
}

/**
 * Returns a run as lines: what it is, each wave or each part of a rollout, what holds it, and what can be done; `acting` is left out where it is shown as it
 * was once.
 */
export function linesOf(subject: Subject, { standing, rollback }: Stood, acting?: Acting): Line[] {
  const back = standing === 'rolled-back' ? ', and taken back' : ''
  const parts = subject.kind === 'upgrade' ? upgradeLines(subject.run, back) : rolloutLines(subject.run, back)
  const [first = '', ...rest] = parts
  if (rollback !== undefined) rest.push(`  back     ${wordsOf[standing]}: drydock watch ${rollback}`)
  const next = (words: string | undefined): Line[] =>
    words === undefined ? [] : [[`  next     ${words}`, 'quiet']]
  const holds = subject.run.holds.flatMap((hold): Line[] => {
    const command = acting && nextOf(hold, subject, acting.decision)
    return [[`  holds    ${holdWords(hold, command !== undefined)}`, 'careful'], ...next(command)]
  })
  const isUnwell = standing === 'exceptions' || standing === 'failed'
  if (acting && isUnwell && rollback === undefined) holds.push(...next(nextOfEnded(subject)))
  if (subject.kind === 'upgrade') {
    for (const words of failureWords(subject.run)) rest.push(`  failed   ${words}`)
    for (const words of leftOutWords(subject.run.plan?.leftOut)) rest.push(`  left out ${words}`)
    for (const words of againstWords(subject.run.againstRelease, subject.run))
      rest.push(`  release  ${words}`)
  }
  const { status, planHash } = subject.run
  if (status === 'pending_approval' && planHash !== null) rest.push(`  plan     ${planHash}`)
  return [[first, toneOf(standing)], ...rest.map((line): Line => [line, 'plain']), ...holds]
}

/** Returns what targets have failed with, each with what one of them said. */
function failureWords({ failures }: Pick<Upgrade, 'failures'>): string[] {
  return failures.map(({ code, count, targetId, said }) => {
    const words = said === null ? '' : `: ${said}`
    return `${count} with ${code}${count === 1 ? ` (${targetId})` : `, last ${targetId}`}${words}`
  })
}

type Upgrade = Extract<Subject, { kind: 'upgrade' }>['run']
type Rollout = Extract<Subject, { kind: 'rollout' }>['run']

/** How a rollback stands, whose run stands so. */
const wordsOf: Readonly<Record<Standing, string>> = {
  runs: 'it is being taken back',
  waits: 'taking it back waits for a person',
  done: 'it was taken back',
  exceptions: 'it was taken back',
  'rolled-back': 'it was taken back',
  failed: 'it could not be taken back',
}

/** So many waves are drawn; of more the ones around the present one. */
const mostWaves = 12

function upgradeLines(run: Upgrade, back: string) {
  const { kind, component, version, status, waves, wave: present, failure } = run
  const what = kind === 'deploy' ? '' : `${kind} of `
  const from = Math.max(0, Math.min(present - mostWaves / 2, waves.length - mostWaves))
  const shown = waves.slice(from, from + mostWaves)
  const left = waves.length - shown.length
  return [
    `${what}${component} ${version}: ${status}${back}, ${doneWords(run)} done${endsWords(run)}`,
    ...shown.map(({ wave, group, size, succeeded, failed, unreachable, skipped }) => {
      const drawn = bar({ size, good: succeeded, bad: failed + unreachable, out: skipped })
      const name = group === null ? '' : ` ${group}`
      const bad = failed + unreachable > 0 ? `, ${failed} failed, ${unreachable} unreachable` : ''
      const out = skipped > 0 ? `, ${skipped} left out` : ''
      return `  wave ${String(wave).padStart(2)}  ${drawn} ${succeeded}/${size}${bad}${out}${name}`
    }),
    ...(left > 0 ? [`  and ${counted(left, 'more wave')}`] : []),
    ...(failure === null ? [] : [`  why      ${inCommands(failure.detail)}`]),
  ]
}

function rolloutLines({ name, status, phases, failure, ...counts }: Rollout, back: string) {
  const width = Math.max(...phases.map((phase) => phase.name.length), 4)
  return [
    `${name}: ${status}${back}, ${doneWords(counts)} done`,
    ...phases.map((phase) => {
      const drawn = bar({ size: phase.total, good: phase.completed, bad: phase.failed, out: phase.skipped })
      const held = phase.holds.map(({ code }) => holdPhrase(code)).join(', ')
      return `  ${phase.name.padEnd(width)}  ${drawn} ${phase.completed}/${phase.total} ${phase.status} ${held}`.trimEnd()
    }),
    ...(failure === null ? [] : [`  why  ${inCommands(failure.detail)}`]),
  ]
}
