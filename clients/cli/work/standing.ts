import type { Api } from '../connection/api.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Tone } from '../terminal/console.ts'
import type { Subject } from './subject.ts'

/** Where a run stands, as exit codes tell it; `runs`: it goes on by itself. */
export type Standing = 'runs' | 'done' | 'exceptions' | 'failed' | 'rolled-back' | 'waits'

const ofStatus: Readonly<Record<string, Standing>> = {
  completed: 'done',
  completed_with_exceptions: 'exceptions',
  failed: 'failed',
  aborted: 'failed',
  rejected: 'failed',
  expired: 'failed',
  paused: 'waits',
  pending_approval: 'waits',
}

/** The holds that a person ends; others end by themselves, or with those of somebody else. */
const endedByPeople: ReadonlySet<string> = new Set([
  ...['APPROVAL', 'CONTINUE', 'OPERATOR', 'GATE_FAILED', 'GATE_INCONCLUSIVE', 'FREEZE'],
  ...['PHASE_FAILED', 'PHASE_OVERTAKEN'],
])

/** Does a hold end only when a person does something? */
function waitsForPerson({ code }: { readonly code: string }): boolean {
  return endedByPeople.has(code)
}

/** Where a run stands, and by which rollback, if there is one of all of it. */
export interface Stood {
  readonly standing: Standing
  readonly rollback: string | undefined
}

/**
 * Says where a run stands. One that is over asks its whole rollback, if there is one: what was taken back is not done, whatever its own
 * status says (an upgrade that was complete keeps that status).
 */
export async function standingOf(api: Api, { kind, run }: Subject): Promise<Stood> {
  const own = ofStatus[run.status] ?? (run.holds.some(waitsForPerson) ? 'waits' : 'runs')
  const isOver = own !== 'runs' && own !== 'waits'
  const rollback = isOver ? wholeRollback(kind === 'upgrade' ? run.children : childrenOf(run)) : undefined
  if (rollback === undefined) return { standing: own, rollback }
  const params = { id: rollback }
  const { status } = await api.read(kind === 'upgrade' ? 'getUpgradeStatus' : 'getRolloutStatus', { params })
  const ofRollback = ofStatus[status] ?? 'runs'
  const isBack = ofRollback === 'done' || ofRollback === 'exceptions'
  return { standing: isBack ? 'rolled-back' : ofRollback, rollback }
}

interface Child {
  readonly id: string
  readonly isWhole: boolean
}

type Upgrade = Extract<Subject, { kind: 'upgrade' }>['run']
type Rollout = Extract<Subject, { kind: 'rollout' }>['run']

function childrenOf({ children, phases }: Rollout): readonly Child[] {
  const begun = phases.filter(({ upgradeId }) => upgradeId !== null)
  return children.map(({ rolloutId, phases: taken }) => ({
    id: rolloutId,
    isWhole: taken.length >= begun.length,
  }))
}

function wholeRollback(children: Upgrade['children'] | readonly Child[]): string | undefined {
  const whole = children.flatMap((child) => {
    if ('isWhole' in child) return child.isWhole ? [child.id] : []
    return child.kind === 'rollback' && child.targetId === null ? [child.upgradeId] : []
  })
  return whole.at(-1)
}

const codes: Readonly<Record<Standing, ExitCode>> = {
  runs: exitCodes.done,
  done: exitCodes.done,
  exceptions: exitCodes.exceptions,
  failed: exitCodes.failed,
  'rolled-back': exitCodes.rolledBack,
  waits: exitCodes.waits,
}

/** Returns what a command ends with that has seen a run stand so; one that goes on is no failure. */
export function codeOf(standing: Standing): ExitCode {
  return codes[standing]
}

const tones: Readonly<Record<Standing, Tone>> = {
  runs: 'plain',
  done: 'good',
  exceptions: 'careful',
  failed: 'bad',
  'rolled-back': 'bad',
  waits: 'careful',
}

/** Returns how a terminal shows it. */
export function toneOf(standing: Standing): Tone {
  return tones[standing]
}
