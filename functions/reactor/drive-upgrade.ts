import type { SFNClient } from '@aws-sdk/client-sfn'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { endExecution } from '../domain/upgrade/lifecycle.ts'
import { membersOf } from '../domain/upgrade/members.ts'
import { exists, hasEnded } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import type { Redemption } from '../work/redemption.ts'
import type { Tokens } from '../work/tokens.ts'
import { attemptOf } from './assignment.ts'
import { endWaitsOf } from './end-waits.ts'
import { healMember } from './heal-member.ts'
import { eachAtOnce, settled } from './settle.ts'
import { executionStatus, startGeneration } from './start-execution.ts'
import { tickUpgrade } from './tick.ts'

/** What is needed to drive an upgrade on. */
export interface Drive {
  readonly log: Log
  readonly tokens: () => Tokens
  readonly redemption: () => Redemption
  readonly client: () => SFNClient
  readonly machine: () => string
  now(): number
}

async function healExecution(
  drive: Drive,
  upgrade: string,
  generation: number,
  correlation: string,
): Promise<void> {
  const status = await executionStatus(drive.client(), drive.machine(), `${upgrade}-${generation}`)
  if (status === 'RUNNING') return
  if (status === undefined) {
    await startGeneration(drive.client(), drive.machine(), upgrade, generation)
    return
  }
  const ended = endExecution({ generation, status, cause: 'found by reconcile' })
  const metadata = { actor: systemActor, correlation }
  settled(
    `upgrade#${upgrade}`,
    await drive.log.execute(upgradeAggregate, upgrade, ended, metadata, { retryFor: 5000 }),
  )
}

async function healMembers(drive: Drive, upgrade: string, correlation: string): Promise<number> {
  const { log } = drive
  const { state } = await log.load(upgradeAggregate, upgrade)
  const context = { log, upgrade, state, metadata: { actor: systemActor, correlation } }
  const inFlight = Object.keys(state.chunks).flatMap((chunk) =>
    [...membersOf(state.chunks, Number(chunk))].filter(([, { status }]) => status === 'in_flight'),
  )
  const acceptBy = new Date(drive.now() + (state.request?.deadlines.accept ?? 0) * 1000).toISOString()
  let healed = 0
  await eachAtOnce(inFlight, 16, async ([member, { n }]) => {
    const { target, identity } = await attemptOf(context, { member, n })
    const known = await log.load(targetAggregate, target)
    if (known.state.active?.attempt === identity.attempt) return
    healed++
    await healMember(context, { member, n, acceptBy })
  })
  return healed
}

/**
 * Does again whatever the reactor may have missed for one upgrade: its execution, its clock, its waits and its members in flight. Nothing
 * happens where nothing was missed. Returns how many members had to be healed.
 */
export async function driveUpgrade(drive: Drive, upgrade: string, correlation: string): Promise<number> {
  const { state } = await drive.log.load(upgradeAggregate, upgrade)
  if (!exists(state) || hasEnded(state)) return 0
  if (state.restartAt === null) await healExecution(drive, upgrade, state.generation, correlation)
  await tickUpgrade(drive.log, upgrade, { correlation })
  const healed = await healMembers(drive, upgrade, correlation)
  await endWaitsOf(drive, upgrade)
  return healed
}
