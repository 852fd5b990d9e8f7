import * as z from 'zod'
import type { ProfileEvent } from './profile.ts'
import type { UpgradeEvent } from './upgrade.ts'

/** The `source` of everything on the bus. */
export const publicSource = 'drydock'

/** The events of an upgrade that integrations hear of. */
const ofUpgrades = [
  'UpgradeRequested',
  'UpgradePlanned',
  'PlanningFailed',
  'ApprovalGiven',
  'UpgradeRejected',
  'UpgradeExpired',
  'WaveStarted',
  'WaveEnded',
  'ThresholdBreached',
  'GateEvaluated',
  'ContinueAwaited',
  'ContinueGiven',
  'HoldPlaced',
  'HoldLifted',
  'FreezeOverridden',
  'UpgradePaused',
  'UpgradeResumed',
  'AbortRequested',
  'ChildRequested',
  'UpgradeAborted',
  'UpgradeCompleted',
  'UpgradeFailed',
] as const satisfies readonly UpgradeEvent['type'][]

/** Those of a profile: what takes it out of service, or costs it its windows, until a person acts. */
const ofProfiles = ['AlertRaised'] as const satisfies readonly ProfileEvent['type'][]

/** What integrations hear of. None of it comes once a target, so what the bus carries does not grow with the fleet. */
export const publicTypes = [...ofUpgrades, ...ofProfiles] as const

/** The `detail` of a public event. `id` is the same however often it is delivered. */
export const publicDetail = z.object({
  id: z.string().describe('Stream, commit and place of the event: deliveries of one event share it.'),
  upgradeId: z.string(),
  profileId: z
    .exactOptional(z.string())
    .describe('The profile that tells it; left out: the upgrade itself does.'),
  commit: z.int().positive(),
  at: z.iso.datetime(),
  actor: z.string(),
  type: z.enum(publicTypes),
  data: z.record(z.string(), z.unknown()),
})
export type PublicDetail = z.output<typeof publicDetail>
