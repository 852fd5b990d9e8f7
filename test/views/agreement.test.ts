import { describe, expect, test } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { hasEnded, isPlanned, type UpgradeState } from '../../functions/domain/upgrade/state.ts'
import { decodeEvents } from '../../functions/log/fold.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { shownUpgrade } from '../../functions/views/projections/upgrades.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { reconcile } from '../../functions/views/reconcile.ts'
import { type UpgradeBody, viewNames } from '../../functions/views/rows.ts'
import { sourceOf } from '../../functions/views/sources.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { existing, start, toldOf } from '../domain/upgrade/world.ts'
import { historyOf } from './history.ts'

/** What the row of an upgrade and the fold of its stream both say. */
function said(state: UpgradeState) {
  const { status, holds, startedAt, endedAt, wave, generation, counts } = existing(state).standing
  return { status, holds, startedAt, completedAt: endedAt, wave, generation, inProgress: counts.inFlight }
}

describe('rows and the folds of the domain', () => {
  test('say the same of an upgrade after each of its commits', async () => {
    const holds = new Set<string>()
    for (let seed = 100; seed < 130; seed++) {
      const { log, upgrade } = await historyOf(seed)
      const source = sourceOf(`upgrade#${upgrade}`) ?? expect.fail('no source')
      let body: object | undefined
      let state = upgradeAggregate.initial
      for await (const commit of log.commits(`upgrade#${upgrade}`)) {
        for (const { place, apply } of source.changes(commit, start)) {
          if (place.view === viewNames.upgrades) body = apply(body) as object // this view has no deletions
        }
        for (const event of decodeEvents(upgradeAggregate, commit)) {
          state = upgradeAggregate.evolve(state, event, commit)
        }
        const row = shownUpgrade(`${start}#${upgrade}`, body as UpgradeBody) // of the view of upgrades
        expect(row, `${upgrade} at ${commit.commit}`).toMatchObject(said(state))
        for (const { code } of row.holds) holds.add(code)
      }
    }
    expect([...holds].sort()).toEqual([
      'APPROVAL',
      'BAKING',
      'CONTINUE',
      'FREEZE',
      'GATE_INCONCLUSIVE',
      'OPERATOR',
    ])
  })

  test('say the same of every upgrade, target and wake-up (I5)', async () => {
    for (let seed = 100; seed < 130; seed++) {
      const { log, upgrade, targets } = await historyOf(seed)
      const store = memoryViewStore()
      await reconcile({ store, log, parked: memoryParked(() => 0) })
      const views = viewsOver(store)

      const { state } = await log.load(upgradeAggregate, upgrade)
      const commits = await Array.fromAsync(log.commits(`upgrade#${upgrade}`))
      const last = commits.findLast(({ count }) => count > 0) ?? expect.fail('no commit')
      const row = (await views.getUpgrade(upgrade)) ?? expect.fail('no row')
      const told = toldOf(state)
      const { counts } = told
      expect(row, `seed ${seed}`).toMatchObject({
        commit: last.commit,
        version: last.version + last.count - 1,
        row: {
          status: told.status,
          holds: told.holds,
          total: told.plan?.members,
          completed: counts.succeeded,
          failed: counts.failed,
          inProgress: counts.inFlight,
          skipped: counts.skipped,
          unreachable: counts.unreachable,
          rolledBack: counts.rolledBack,
          retrying: counts.retrying,
          deferred: counts.deferred,
          wave: told.wave,
          generation: told.generation,
          approvals: {
            given: isPlanned(state) || hasEnded(state) ? state.approvals.length : 0,
            needed: told.request.approvals.required,
          },
          requestedBy: told.requestedBy,
          requestedAt: told.requestedAt,
          startedAt: told.startedAt,
          completedAt: told.endedAt,
          planHash: told.plan?.planHash,
        },
      })
      const sum = (name: 'succeeded' | 'failed' | 'unreachable' | 'skipped') =>
        row.row.waves.reduce((total, wave) => total + wave[name], 0)
      for (const name of ['succeeded', 'failed', 'unreachable', 'skipped'] as const) {
        expect(sum(name), name).toBe(counts[name])
      }
      const live = await Array.fromAsync(views.liveUpgrades())
      expect(live).toEqual(told.wakeUp === null ? [] : [{ upgrade, nextDue: told.wakeUp }])

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
