import type { PlanningServices } from '../planning/planning.ts'
import type { Executions } from '../work/executions.ts'
import type { Parked } from '../work/parked.ts'
import type { ProcedureMachines } from '../work/procedure-machines.ts'
import type { Published } from '../work/published.ts'
import type { Redemption } from '../work/redemption.ts'
import type { Repeats } from '../work/repeats.ts'
import type { Telemetry } from '../work/telemetry.ts'
import type { Tokens } from '../work/tokens.ts'
import type { WindowSchedules } from '../work/window-schedules.ts'
import type { PublicBus } from './publishing/bus.ts'

/** What the duties reach. Each names the part that it needs. */
export interface ReactorServices extends PlanningServices {
  readonly telemetry: Telemetry
  readonly tokens: Tokens
  readonly redemption: Redemption
  readonly windowSchedules: WindowSchedules
  /** Those of the state machine that drives upgrades. */
  readonly upgradeExecutions: Executions
  /** Those of the state machine that drives rollouts. */
  readonly rolloutExecutions: Executions
  readonly procedureMachines: ProcedureMachines
  readonly bus: PublicBus
  readonly published: Published
  readonly parked: Parked
  readonly repeats: Repeats
}
