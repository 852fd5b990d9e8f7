import { describe, expect, test } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { statusWords } from '../../functions/domain/upgrade/status.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { reconcile } from '../../functions/views/reconcile.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { historyOf } from './history.ts'

describe('rows and the folds of the domain', () => {
  test('say the same of every upgrade, target and wake-up (I5)', async () => {
    for (let seed = 100; seed < 160; seed++) {
      const { log, upgrade, targets } = await historyOf(seed)
      const store = memoryViewStore()
      await reconcile({ store, log, parked: memoryParked(() => 0) })
      const views = viewsOver(store)

      const { state, commit } = await log.load(upgradeAggregate, upgrade)
      const row = (await views.getUpgrade(upgrade)) ?? expect.fail('no row')
      const { counts } = state
      expect(row, `seed ${seed}`).toMatchObject({
        commit,
        version: commit,
        row: {
          phase: state.phase,
          status: statusWords[state.phase],
          holds: state.holds,
          total: state.plan?.members,
          completed: counts.succeeded,
          failed: counts.failed,
          inProgress: counts.inFlight,
          skipped: counts.skipped,
          unreachable: counts.unreachable,
          rolledBack: counts.rolledBack,
          retrying: counts.retrying,
          deferred: counts.deferred,
          wave: state.wave,
          generation: state.generation,
          approvals: { given: state.approvals.length, needed: state.request?.approvals.required },
          requestedBy: state.requestedBy,
          requestedAt: state.requestedAt,
          startedAt: state.startedAt,
          completedAt: state.endedAt,
          planHash: state.plan?.planHash,
        },
      })
      const sum = (name: 'succeeded' | 'failed' | 'unreachable' | 'skipped') =>
        row.row.waves.reduce((total, wave) => total + wave[name], 0)
      for (const name of ['succeeded', 'failed', 'unreachable', 'skipped'] as const) {
        expect(sum(name), name).toBe(counts[name])
      }
      const live = await Array.fromAsync(views.liveUpgrades())
      expect(live).toEqual(state.nextDue === null ? [] : [{ upgrade, nextDue: state.nextDue }])

      for (const target of targets) {
        const { state: fold } = await log.load(targetAggregate, target)
        const found = await views.getTarget(target)
        expect(found === undefined, target).toBe(!fold.registered)
        if (!found) continue
        const { facts, components, pin, retired, revision } = fold
        const last = fold.attempts.at(-1)
        expect(found.version).toBe(revision)
        expect(found.row).toMatchObject({ id: target, facts, components, pin, retired })
        expect(found.row.lastOutcome?.attempt ?? null).toBe(last?.attempt ?? null)
        expect(found.row.lastOutcome?.outcome ?? null).toBe(last?.outcome ?? null)
      }
    }
  })
})
