import type { ProcedureReference } from '../../events/procedure.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { longestCourse } from '../../functions/domain/procedure/steps.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { documents } from './nodes.ts'
import { storeProcedures } from './procedures.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** What there is to upgrade. */
export interface Fleet {
  readonly targets: readonly [string, ...string[]]
  readonly releases: readonly [string, ...string[]]
  readonly procedures: readonly ProcedureReference[]
}

type Gate = NonNullable<UpgradeRequest['gate']>

/** What gates ask, and what follows where they fail. */
const gates: readonly [Gate, ...Gate[]] = [
  { successRatePercent: 50 },
  { successRatePercent: 90 },
  { successRatePercent: 90, action: 'rollback' },
]

/** What most of the fleet runs at first: rollbacks go there. */
const before = '1.0.0'
const versions = ['1.1.0', '1.2.0', '2.0.0-beta.1'] as const

/** Registers releases and targets. Their names carry the seed: chunks of plans are remembered by what is in them. */
export async function registerFleet(world: World, seed: number): Promise<Fleet> {
  const { random } = world
  const { log } = world.services()
  const metadata = { actor: 'alice', correlation: 'fleet' }
  const releases: string[] = []
  for (const [place, version] of [before, ...versions].entries()) {
    const release = { component: 'api', version, channel: 'stable', digest: `sha256:${version}`, notes: null }
    const registered = registerRelease({ ...release, scheme: 'semver', number: place + 1 })
    await log.execute(releaseAggregate, `api@${version}`, registered, metadata)
    releases.push(`api@${version}`)
  }
  // A profile that names no component upgrades the one that bears the name of the type.
  for (const component of ['publisher', 'broker']) {
    const digest = `sha256:${component}`
    const release = { component, version: '1.1.0', channel: 'stable', digest, notes: null }
    await log.execute(
      releaseAggregate,
      `${component}@1.1.0`,
      registerRelease({ ...release, scheme: 'semver', number: 1 }),
      metadata,
    )
  }
  const targets: string[] = []
  for (let place = 0; place < random.between(3, 18); place++) {
    const target = `t${seed}-${place}`
    const facts = {
      type: random.pick(['publisher', 'broker']),
      region: random.pick(['eu', 'us']),
      tags: random.chance(0.8) ? { ring: random.pick(['inner', 'outer', 'other']) } : {},
      critical: random.chance(0.1),
      namespace: null,
      gateway: null,
    }
    const components = { api: random.pick([before, before, '1.1.0']), [facts.type]: '1.0.0' }
    await log.execute(
      targetAggregate,
      target,
      registerTarget({ facts, components, enrolment: null }),
      metadata,
    )
    targets.push(target)
  }
  const [firstTarget = '', ...otherTargets] = targets
  const [firstRelease = '', ...otherReleases] = releases
  return {
    targets: [firstTarget, ...otherTargets],
    releases: [firstRelease, ...otherReleases],
    procedures: await storeProcedures(world),
  }
}

/** The calendar that somebody closes and opens again. */
export const calendar = 'closed'

/** Returns what only some strategies have. */
function ofStrategy(
  random: Random,
  strategy: UpgradeRequest['strategy'],
): Pick<UpgradeRequest, 'percentages' | 'groups' | 'rolling' | 'spacingSeconds'> {
  switch (strategy) {
    case 'percentages': {
      const percents = random.pick([
        [5, 25, 75, 100],
        [30, 31, 100],
        [50, 100],
      ])
      return {
        percentages: percents.map((percent) => ({
          percent,
          bakeSeconds: random.pick([0, 120, 600]),
          gate: random.chance(0.4) ? { successRatePercent: random.pick([40, 80]) } : null,
          continueByHand: percent < 100 && random.chance(0.3),
          continueBySecondPerson: false,
        })),
      }
    }
    case 'groups':
      return {
        groups: {
          ...random.pick([
            { by: 'region', order: ['eu', 'us'] },
            { by: 'region', order: ['us', 'nowhere'] },
            { by: 'ring', order: ['inner', 'outer'] },
          ]),
          others: random.chance(0.9) ? 'last' : 'refuse',
        },
      }
    case 'rolling':
      return {
        rolling: {
          unavailable: random.pick([{ targets: 1 }, { targets: 2 }, { percent: 25 }, { targets: 0 }]),
          surge: random.pick([{ targets: 0 }, { targets: 1 }, { percent: 10 }]),
        },
      }
    case 'serial':
      return { spacingSeconds: random.pick([0, 60, 240]) }
    default:
      return {}
  }
}

/** Returns some request, at an instant. */
export function someRequest(random: Random, { targets, procedures }: Fleet, now: number): UpgradeRequest {
  const [first, ...others] = procedures
  const procedure = first && random.chance(0.3) ? random.pick([first, ...others]) : undefined
  const strategy = random.pick<UpgradeRequest['strategy']>([
    ...(['all', 'canary', 'canary', 'batch'] as const),
    ...(['percentages', 'groups', 'rolling', 'serial'] as const),
  ])
  const start = now + random.between(-600, 3600) * 1000
  const window = {
    start: new Date(start).toISOString(),
    end: new Date(start + random.between(1200, 7200) * 1000).toISOString(),
  }
  const named = random.chance(0.4) ? targets.filter(() => random.chance(0.6)) : null
  return {
    kind: 'deploy',
    parent: null,
    component: 'api',
    version: random.pick([...versions, 'latest', 'stable']),
    strategy,
    canaryPercent: strategy === 'canary' ? random.pick([10, 25, 50]) : null,
    batchSize: strategy === 'batch' ? random.between(1, 5) : null,
    ...ofStrategy(random, strategy),
    selection: {
      targets: named,
      types: random.chance(0.1) ? ['publisher'] : null,
      regions: null,
      tags: null,
      canaries: random.chance(0.2) ? [targets[0]] : [],
    },
    parallel: strategy === 'serial' ? 1 : random.between(1, 8),
    failures: {
      percent: random.pick([0, 10, 30, 60]),
      absolute: random.chance(0.3) ? random.between(0, 3) : null,
      action: random.pick(['pause', 'pause', 'abort', 'rollback']),
    },
    budget: random.chance(0.2) ? { percent: 20, absolute: null } : null,
    unreachable: { percent: random.pick([0, 20, 60]), absolute: null },
    approvals: {
      required: random.pick([0, 0, 1, 2]),
      approvers: random.chance(0.2) ? ['bob', 'carol'] : null,
      expiresInSeconds: random.pick([600, 3600, 86_400]),
    },
    continueByHand: random.chance(0.3),
    continueBySecondPerson: random.chance(0.3),
    window: random.chance(0.3) ? window : null,
    bakeSeconds: random.pick([0, 0, 300, 900]),
    gate: random.chance(0.4) ? random.pick(gates) : null,
    retry: { attempts: random.between(0, 2), delaySeconds: random.pick([30, 120]) },
    calendars: random.chance(0.3) ? [calendar] : [],
    ...(procedure && { procedure }),
    deadlines: {
      ...{ accept: 300, expected: 120, continue: 86_400, linger: 86_400 },
      attempt: Math.max(900, ...(procedure ? Object.values(documents).map(longestCourse) : [])),
    },
    breakGlass: false,
    reason: null,
  }
}
