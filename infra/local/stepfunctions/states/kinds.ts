import type { State } from '../definition.ts'
import type { StateKind } from '../visit.ts'
import { choice } from './choice.ts'
import { fail } from './fail.ts'
import { map } from './map.ts'
import { parallel } from './parallel.ts'
import { pass } from './pass.ts'
import { succeed } from './succeed.ts'
import { task } from './task.ts'
import { wait } from './wait.ts'

const KINDS = {
  Pass: pass,
  Task: task,
  Choice: choice,
  Wait: wait,
  Map: map,
  Parallel: parallel,
  Succeed: succeed,
  Fail: fail,
} as const

/** How a state of this type runs. */
export function kindOf(state: State): StateKind<State> {
  // Each kind is looked up by the Type of the very state it will be given.
  return KINDS[state.Type] as StateKind<State>
}
