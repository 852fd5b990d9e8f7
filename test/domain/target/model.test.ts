import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignAttempt, expireAttempt, withdrawAttempt } from '../../../functions/domain/target/attempt.ts'
import { pinTarget, retireTarget, unpinTarget } from '../../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt, hearVersion } from '../../../functions/domain/target/report.ts'
import { TargetWorld } from './world.ts'

/** What is asked of the target; attempts are named by upgrade and number, so that late and repeated ones come up often. */
class Act implements fc.Command<object, TargetWorld> {
  readonly words: string
  readonly act: (world: TargetWorld) => void
  constructor(words: string, act: (world: TargetWorld) => void) {
    this.words = words
    this.act = act
  }
  check(): boolean {
    return true
  }
  run(_model: object, world: TargetWorld): void {
    this.act(world)
  }
  toString(): string {
    return this.words
  }
}

const upgrade = fc.constantFrom('u1', 'u2', 'u3')
const n = fc.integer({ min: 1, max: 4 })
const version = fc.constantFrom('1.1.0', 'v1.2.0', '1.3.0')
const component = fc.constantFrom('api', 'api', 'web')
const kind = fc.constantFrom('deploy', 'retry', 'rollback' as const)
const named = fc.option(fc.tuple(upgrade, n), { freq: 3 })

/** The attempt's id as it was sent; undefined leaves it out of the report. */
function nameIn(world: TargetWorld, key: readonly [string, number] | null): { attempt?: string } {
  if (!key) return {}
  const [of, number] = key
  return { attempt: world.assignmentOf(of, number, {}).attempt }
}

const assign = fc
  .tuple(upgrade, n, component, version, kind, fc.nat(9))
  .map(([of, number, what, to, how, draw]) => {
    return new Act(`assign ${of}/${number} ${what} to ${to} (${how})`, (world) => {
      const from = draw === 0 ? '0.0.1' : (world.state.components[what] ?? '0.0.1')
      const plan = world.assignmentOf(of, number, { component: what, from, to, kind: how })
      world.do(assignAttempt(plan))
    })
  })
const withdraw = fc.tuple(upgrade, n).map(([of, number]) => {
  return new Act(`withdraw ${of}/${number}`, (world) => {
    world.do(withdrawAttempt(world.assignmentOf(of, number, {})))
  })
})
const accept = named.map((key) => {
  return new Act(`accept ${key?.join('/') ?? 'the active one'}`, (world) => {
    world.do(acceptAttempt(nameIn(world, key)))
  })
})
const finish = fc
  .record({
    key: named,
    status: fc.constantFrom('completed', 'completed', 'failed', 'rejected', 'rolled-back', 'rollback-failed'),
    version: fc.option(version),
    right: fc.boolean(),
    code: fc.option(fc.constantFrom('HEALTH_CHECK_FAILED', 'NO_SPACE')),
    retryable: fc.boolean(),
  })
  .map(({ key, right, ...said }) => {
    return new Act(
      `finish ${key?.join('/') ?? 'the active one'} ${said.status} at ${said.version}`,
      (world) => {
        const name = nameIn(world, key)
        const subject = [...world.sent.values()].find(
          ({ attempt }) => attempt === (name.attempt ?? world.state.active?.attempt),
        )
        const runs = right ? (subject?.to ?? said.version) : said.version
        world.do(finishAttempt({ ...said, ...name, version: runs, output: null }))
      },
    )
  })
const expire = fc.tuple(upgrade, n, fc.boolean()).map(([of, number, silent]) => {
  return new Act(`expire ${of}/${number}`, (world) => {
    const { attempt } = world.assignmentOf(of, number, {})
    world.do(expireAttempt({ attempt, lastSeen: silent ? null : world.now }))
  })
})
const wait = fc.integer({ min: 1, max: 1500 }).map((seconds) => {
  return new Act(`wait ${seconds} s`, (world) => {
    world.now = new Date(Date.parse(world.now) + seconds * 1000).toISOString()
  })
})
const report = fc.tuple(component, version).map(([what, runs]) => {
  return new Act(`report ${what} ${runs}`, (world) => {
    world.do(hearVersion({ component: what, version: runs, heard: 'check' }))
  })
})
const pin = fc.option(component).map((what) => {
  return new Act(`pin ${what ?? 'everything'}`, (world) => {
    world.do(pinTarget({ component: what, reason: 'audit' }))
  })
})
const unpin = fc.constant(new Act('unpin', (world) => world.do(unpinTarget())))
const retire = fc.tuple(fc.nat(19), fc.boolean()).map(([draw, force]) => {
  return new Act(`retire${draw > 0 ? ' (not this time)' : ''}${force ? ' by force' : ''}`, (world) => {
    if (draw === 0) world.do(retireTarget({ reason: 'sold', force }))
  })
})

const stories = fc.commands<object, TargetWorld>(
  [
    assign,
    assign,
    assign,
    accept,
    accept,
    finish,
    finish,
    withdraw,
    expire,
    wait,
    report,
    pin,
    unpin,
    unpin,
    retire,
  ],
  { maxCommands: 60, size: 'max' },
)

describe('a target under commands in any order', () => {
  it('has one active attempt, begins none twice, changes no end, and knows what ran before (I1, I10, I15, M19)', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(stories, (commands) => {
        const real = new TargetWorld()
        fc.modelRun(() => ({ model: {}, real }), commands)
        for (const [what, times] of real.seen) seen.set(what, (seen.get(what) ?? 0) + times)
      }),
      // A fixed seed: below it is shown that these runs reach every corner.
      { numRuns: 800, seed: 20260301 },
    )
    // A model that never gets into a corner shows nothing about it.
    for (const outcome of [
      ...['succeeded', 'failed', 'timed_out', 'lost', 'rejected', 'cancelled', 'rolled_back'],
      ...[
        'rollback_failed',
        'unreachable',
        'skipped',
        'deferred',
        'withdrawn',
        'VersionReported',
        'DriftFound',
      ],
      ...[
        'attempt-over',
        'attempt-not-accepted',
        'no-active-attempt',
        'target-retired',
        'update-in-progress',
      ],
    ]) {
      expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(0)
    }
  })
})
