import { type Position, position } from '../domain/upgrade/position.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'

/** Which execution asks: only the present generation of an upgrade may act. */
export interface Execution {
  readonly upgradeId: string
  readonly generation: number
}

/** Returns where an execution goes on: an older generation has nothing left to do. */
export function positionOf(state: UpgradeState, { generation }: Execution, now: string): Position {
  const present = position(state, now)
  return generation === state.generation ? present : { ...present, move: 'superseded' }
}
