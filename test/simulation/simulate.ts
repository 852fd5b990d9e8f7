import type { RolloutEvent } from '../../events/rollout.ts'
import type { UpgradeEvent } from '../../events/upgrade.ts'
import { Agents } from './agents.ts'
import { faultsIn } from './checks.ts'
import { registerFleet, someRequest } from './fleet.ts'
import { Owners } from './owners.ts'
import { People } from './people.ts'
import { StepPeople } from './procedures.ts'
import { scheduleFaults } from './profile-checks.ts'
import { RolloutPeople } from './rollouts.ts'
import { World } from './world.ts'

/** What became of one seed. */
export interface Simulated {
  readonly seed: number
  /** What broke an invariant, in words; none is as it should be. */
  readonly faults: readonly string[]
  readonly commits: number
  readonly upgrades: number
  /** Documents of heads that were written. */
  readonly heads: number
  /** Task tokens that were given out. */
  readonly tokens: number
  /** Every commit and remark, in their order. */
  readonly story: readonly string[]
}

/** How long things go wrong, and how long everything may take to come to an end after that, in simulated seconds. */
const storm = 2 * 3600
const healing = 36 * 3600
/** So long after that profiles go on to open windows; then they are taken out of service. A few minutes off every opening. */
const windowsAfter = 4 * 3600 + 7 * 60

/**
 * Runs the whole system through one story, which the seed decides: hours in which everything goes wrong that may go wrong, then a
 * calm in which people care for what waits for them. Then every invariant is held against what is there.
 */
export async function simulate(seed: number): Promise<Simulated> {
  // The local engine spreads retries by it, and has no other source.
  const { random: untouched } = Math
  const world = new World(seed)
  Math.random = () => world.random.next()
  const listened = world.outputs.listen()
  try {
    const { people, midway } = await play(world, seed)
    const faults = [...midway, ...(await faultsIn(world, people.answers))]
    const heads = world.vault.documents().length
    const [commits, upgrades] = [world.commits.length, world.upgrades.size]
    const tokens = world.issuedTokens.size
    return { seed, faults, commits, upgrades, heads, tokens, story: world.story }
  } finally {
    Math.random = untouched
    listened()
    await world.machine.engine.stop()
  }
}

async function play(world: World, seed: number): Promise<{ people: People; midway: string[] }> {
  const { random, clock, faults } = world
  faults.on = false
  const fleet = registerFleet(world, seed)
  await world.run(60)
  faults.on = true
  new Agents(world)
  const people = new People(world, await fleet)
  for (let place = 0; place < random.between(1, 3); place++) {
    clock.after(random.between(0, 2400), () => {
      const request = someRequest(random, people.fleet, clock.now())
      world.begin('request', () => people.request(`u${seed}-${place}`, request))
    })
  }
  people.interfere()
  const owners = new Owners(world, people)
  // Every second story has profiles: the others stay as short as they are.
  const profiles = random.pick([0, 1, 2, 0])
  for (let place = 0; place < profiles; place++) {
    clock.after(random.between(0, 1200), () => world.begin('owner', () => owners.create(`p${seed}-${place}`)))
  }
  owners.interfere()
  const rollouts = new RolloutPeople(world, people)
  const steps = new StepPeople(world, people)
  steps.interfere()
  if (random.chance(0.4)) {
    clock.after(random.between(0, 1200), () => world.begin('rollout', () => rollouts.request(`r${seed}`)))
    rollouts.interfere()
  }
  await world.run(storm)

  faults.on = false
  world.tell('everything heals')
  let caring = true
  const care = () => {
    if (!caring) return
    world.begin('care', () => people.care())
    world.begin('care', () => rollouts.care())
    world.begin('care', () => steps.care())
    clock.after(300, care)
  }
  care()
  const midway: string[] = []
  if (owners.profiles.length > 0) {
    world.begin('owner', () => owners.release())
    await world.run(windowsAfter)
    midway.push(...scheduleFaults(world))
    world.begin('owner', () => owners.retire())
    await world.run(300)
  }
  await world.run(healing, endOf(world))
  caring = false
  await world.run(600)
  return { people, midway }
}

/** Returns what tells, from the events alone, that every upgrade has ended, and those of profiles are summarised. */
function endOf(world: World): () => boolean {
  const ends: ReadonlySet<string> = new Set<(UpgradeEvent | RolloutEvent)['type']>([
    'PlanningFailed',
    'UpgradeRejected',
    'UpgradeExpired',
    'UpgradeAborted',
    'UpgradeCompleted',
    'RolloutRejected',
    'RolloutExpired',
    'RolloutAborted',
    'RolloutCompleted',
  ])
  const ended = new Set<string>()
  let executions = 0
  const note = ({ stream, events }: World['commits'][number]) => {
    for (const { type } of events) {
      if (ends.has(type)) ended.add(stream)
      if (type === 'ExecutionStarted') executions++
      if (type === 'UpgradeSummarised') executions--
    }
  }
  world.commits.forEach(note)
  world.onCommit(note)
  return () => executions === 0 && ended.size === world.upgrades.size + world.rollouts.size
}
