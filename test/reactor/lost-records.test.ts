import { describe, expect, it, test, vi } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { duties } from '../../functions/reactor/duties.ts'
import { healers } from '../../functions/reactor/healers.ts'
import { reconcileAll } from '../../functions/reactor/reconcile.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import type { World } from '../api/world.ts'
import { type Story, stories } from './lost-stories.ts'
import { openProfileWorld } from './profile-world.ts'

/** Lets a reconciliation look for what was missed, and a few minutes pass after it. */
async function reconciled(world: World) {
  // By now the reactor must have heard of everything.
  world.pass(400)
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const report = await reconcileAll({ ...world.services, viewStore: world.store }, { start: true })
  log.mockRestore()
  await world.settle()
  for (let minute = 0; minute < 2; minute++) {
    world.pass(60)
    await tickDue(world.services)
    await world.settle()
  }
  return report
}

/** Plays a story in a world of its own; `lost` is the duty whose records are given up. */
async function play({ tell }: Story, lost?: string) {
  const opened = await openProfileWorld()
  const { world } = opened
  const told = await tell(opened, async () => {
    await world.settle()
    if (lost !== undefined) world.givenUp.add(lost)
  })
  await world.settle()
  world.givenUp.clear()
  return { world, told }
}

const names = [...duties.single, ...duties.collecting].map(({ name }) => name)

test('each duty has somebody who makes good what it missed, and a story', () => {
  expect(Object.keys(healers).sort()).toEqual(names.toSorted())
  expect(Object.keys(stories).sort()).toEqual(names.toSorted())
  for (const name of Object.keys(healers)) expect(healers[name as keyof typeof healers]).not.toEqual([])
})

describe.each(Object.entries(stories))(
  'what %s has missed is made good by the reconciliation',
  (name, told) => {
    it.each(told.map((story) => [story.words, story] as const))('when %s', async (_words, story) => {
      const usual = await play(story)
      const right = await usual.told()
      const lost = await play(story, name)
      expect(await lost.told(), 'nothing was missed: the story tells nothing').not.toEqual(right)
      await reconciled(lost.world)
      await reconciled(usual.world)
      expect(await lost.told()).toEqual(await usual.told())
      expect(await usual.told()).toEqual(right)
      expect(await lost.world.services.parked.list()).toEqual([])
    })

    it.each(told.map((story) => [story.words, story] as const))(
      'and nothing changes where nothing was missed: %s',
      async (_words, story) => {
        const { world } = await play(story)
        await reconciled(world)
        const written = world.log.records.length
        const { missed, healed, drift } = await reconciled(world)
        const more = world.log.records
          .slice(written)
          .map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
          // An upgrade that is told the time wants to be told it again a day later.
          .flatMap(({ stream, events }) => events.map(({ type }) => `${stream} ${type}`))
          .filter((words) => !words.endsWith('WakeUpMoved'))
        expect([missed, healed, drift, more]).toEqual([0, 0, 0, []])
      },
    )
  },
)
