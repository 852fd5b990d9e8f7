import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import type { Fleet, Running } from '../../infra/local/demo/fleets.ts'
import { startFleets } from '../../infra/local/demo/fleets.ts'
import { mayMount } from '../e2e/small-disk.ts'
import { laySynthesized } from '../infra/synthesized.ts'
import { randomFrom } from '../views/random.ts'
import { customers, firstVersion, registerFleet, runCanaries } from './canaries.ts'
import { diskOn, runAgainOn } from './disk.ts'
import { endLives } from './ends.ts'
import { planKills } from './kills.ts'
import { processesOn } from './leftovers.ts'
import { Person } from './person.ts'
import { runUnderProcedures } from './procedures.ts'
import { edges, runProfiles } from './profiles.ts'
import { scopedKey } from './promises.ts'
import { deadLetters, madeGood, quiescence } from './quiescence.ts'
import { repeat } from './repeats.ts'
import { type Outcome, report } from './report.ts'
import { platform, runRollouts } from './rollouts.ts'
import { type Places, Runtime } from './runtime.ts'
import { judge } from './verdict.ts'
import { openWitness } from './witness.ts'

const usage = `npm run test:crash -- [options]

Kills a runtime under running canaries, rollouts and profiles, again and again, and judges what is left. In
between it stands still, its functions lose their rights, and its disk is full, where this machine lets a
program have a disk of its own.

  --kills N    how often something is done to it (50)
  --seed S     repeats a choice of kills and canaries (by the clock)
  --size T     simulated customer instances (20), besides the few that profiles and rollouts upgrade
  --procedures kills it under procedures instead, whose calls are counted by the nodes that they reach
  --json FILE  where the figures go as well
  --keep       keep the data directory although all is well`

const speed = 30
/** Half a minute of it is the quarter of an hour of the clock after which a round begins for what was given up. */
const endsWithin = 120_000
const restsWithin = 30_000
/** Instances that profiles upgrade. */
const edgeCount = 6
/** Instances that rollouts upgrade, a third in each phase. */
const platformCount = 6

interface Options {
  readonly kills: number
  readonly seed: number
  readonly size: number
  readonly json: string | undefined
  readonly keep: boolean
  readonly procedures: boolean
  /** Where this run is, with a small disk on it; undefined: it has none yet. */
  readonly on: string | undefined
}

function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: {
      kills: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      size: { type: 'string', default: '20' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      procedures: { type: 'boolean', default: false },
      on: { type: 'string' },
    },
  })
  const whole = (name: 'kills' | 'seed' | 'size', least: number): number => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < least)
      throw new Error(`--${name} is a whole number from ${least}, not ${values[name]}.\n\n${usage}`)
    return value
  }
  const numbers = { kills: whole('kills', 0), seed: whole('seed', 0), size: whole('size', 4) }
  return { ...numbers, json: values.json, keep: values.keep, procedures: values.procedures, on: values.on }
}

async function ask(fleets: readonly Fleet[]): Promise<Running[]> {
  return (await Promise.all(fleets.map((fleet) => fleet.ask()))).flatMap((answer) => answer ?? [])
}

/** Resolves to whether it happened within so many milliseconds. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const late = Symbol('late')
  return (await Promise.race([work, sleep(milliseconds, late, { ref: false })])) !== late
}

/** Runs canaries under kills on a data directory and judges what is left. */
async function run({ kills, seed, size, on }: Options, places: Places): Promise<Outcome> {
  const { data: directory, notes } = places
  const began = performance.now()
  const random = randomFrom(seed)
  const runtime = new Runtime(places, { speed })
  const witness = await openWitness(notes)
  const fleets: Fleet[] = []
  const violations: string[] = []
  laySynthesized(directory)
  const first = await runtime.begin()
  if (!first) throw new Error('The first life had no fail point and was killed.')
  let last = first
  try {
    witness.follow(first.url)
    const as = (name: string, ...roles: string[]) => new Person({ name, roles, url: witness.url, directory })
    const operator = as('operator-1', 'operator')
    const second = as('operator-2', 'operator', 'approver')
    const owner = as('owner-1', 'operator')
    const ids = Array.from({ length: size }, (_, number) => `cust_${String(number + 1).padStart(4, '0')}`)
    const edgeIds = Array.from({ length: edgeCount }, (_, number) => `edge_${number + 1}`)
    const platformIds = Array.from({ length: platformCount }, (_, number) => `node_${number + 1}`)
    const asked = performance.now()
    const registered = [
      ...(await registerFleet(operator, customers, ids)),
      ...(await registerFleet(operator, edges, edgeIds)),
      ...(await registerFleet(operator, platform, platformIds)),
    ]
    const warmUp = performance.now() - asked
    const instances = registered.map((instance, number) => ({
      ...instance,
      version: firstVersion,
      // A few always fail, so that failures are counted under kills too.
      fails: number < size && number % 10 === 7,
    }))
    const plan = {
      url: witness.url,
      pollEvery: 1000,
      upgradeTakes: [200, 900] as [number, number],
      instances,
    }
    fleets.push(...(await startFleets(plan, 2, notes)))

    const killing = { done: false }
    const canaries = runCanaries({
      operator,
      second,
      random: randomFrom(seed + 1),
      enough: () => killing.done,
    })
    const rollouts = runRollouts({
      operator: as('operator-3', 'operator'),
      second,
      random: randomFrom(seed + 2),
      targets: platformIds,
      enough: () => killing.done,
    })
    const profiles = runProfiles({
      operator: owner,
      targets: edgeIds,
      enough: () => killing.done,
      calm: async () => {
        if (!(await madeGood(directory, endsWithin)))
          violations.push(
            `no round began for what was given up, or none was over ${endsWithin / 1000} s later`,
          )
      },
    })
    // Looked at below; what goes wrong must not end the process before that.
    canaries.catch(() => undefined)
    rollouts.catch(() => undefined)
    profiles.catch(() => undefined)
    const ends = await endLives({
      runtime,
      fates: planKills(kills, random, on !== undefined),
      ...(on !== undefined && { disk: diskOn(directory) }),
      ...{ first, warmUp },
      begun: (life) => {
        last = life
        witness.follow(life.url)
      },
    })
    killing.done = true
    const killed = performance.now()
    if (!(await within(endsWithin, canaries)))
      violations.push(`I11: the last canary had not ended ${endsWithin / 1000} s after the last restart`)
    if (!(await within(endsWithin, rollouts)))
      violations.push(`I11: the last rollout had not ended ${endsWithin / 1000} s after the last restart`)
    if (!(await within(endsWithin, profiles)))
      violations.push(`I11: the last execution had not ended ${endsWithin / 1000} s after the last restart`)
    const told = (await within(0, canaries)) ? await canaries : undefined
    const rolledOut = (await within(0, rollouts)) ? await rollouts : undefined
    const owned = (await within(0, profiles)) ? await profiles : undefined
    const settled = (performance.now() - killed) / 1000

    const again = await repeat(witness.url, witness.journal)
    const rest = await quiescence(directory, restsWithin)
    if (rest.executions + rest.records + rest.deliveries + rest.firings > 0)
      violations.push(`it did not come to rest: ${JSON.stringify(rest)} still under way`)
    const running = await ask(fleets)
    const silent = instances.length - running.length
    if (silent > 0) violations.push(`${silent} instances do not answer`)
    for (const { process } of fleets.splice(0)) process.kill('SIGTERM')
    if (!(await last.stop())) violations.push('the last life did not stop by itself when it was asked to')
    const left = processesOn(directory)
    if (left.length > 0) violations.push(`left behind: ${left.join('; ')}`)

    const verdict = await judge(directory, witness.journal, running, owned?.steady)
    violations.push(...verdict.violations)
    for (const { before, words } of again.differing) {
      const key = scopedKey(before)
      if (key === null || verdict.keys.has(key)) violations.push(words)
    }
    const letters = deadLetters(directory)
    if (letters.lost > 0 && ends.kills.withoutRights === 0)
      violations.push(
        `${letters.lost} records or events were given up though no rights were lost: see the queues`,
      )
    for (const { point, side, hits } of ends.hits) {
      if (hits === 0 && kills >= 50) violations.push(`fail point never hit: ${point}, ${side}`)
    }
    const windows = verdict.windows + verdict.executions
    const checks =
      windows +
      witness.journal.length +
      again.repeated +
      verdict.commits +
      verdict.upgrades +
      verdict.rollouts +
      size
    return {
      ...ends,
      seed,
      size,
      seconds: Math.round((performance.now() - began) / 100) / 10,
      violations,
      passed: checks + verdict.assignments,
      figures: {
        canaries: told?.canaries ?? 0,
        continued: told?.continued ?? 0,
        paused: told?.paused ?? 0,
        'taken back': told?.rolledBack ?? 0,
        'rollouts of three phases': rolledOut?.rollouts ?? 0,
        'rollouts approved': rolledOut?.approved ?? 0,
        'rollouts paused': rolledOut?.paused ?? 0,
        'phases continued': rolledOut?.continued ?? 0,
        'rollouts taken back': rolledOut?.takenBack ?? 0,
        rollouts: verdict.rollouts,
        upgrades: verdict.upgrades,
        profiles: owned?.profiles ?? 0,
        'profiles deleted': owned?.deleted ?? 0,
        'windows judged': verdict.windows,
        'executions of profiles': verdict.executions,
        'out of turn': owned?.started ?? 0,
        'acknowledged writes': witness.journal.filter(({ status }) => status < 300).length,
        'refused writes': witness.journal.filter(({ status }) => status >= 400 && status < 500).length,
        'requests without an answer': witness.unanswered,
        'writes repeated': again.repeated,
        streams: verdict.streams,
        commits: verdict.commits,
        assignments: verdict.assignments,
        'audit findings': verdict.findings,
        'rows healed': verdict.healed,
        'rows of drift': verdict.drift,
        'duties parked': verdict.parked,
        'ticks that came too late': letters.ticks,
        'given up, and made good by a round': letters.lost,
        'notices given up': letters.notices,
        'seconds until the last canary ended': Math.round(settled * 10) / 10,
      },
    }
  } finally {
    for (const { process } of fleets) process.kill('SIGTERM')
    await last.kill()
    witness.close()
  }
}

/** Copies what the runtime has kept off a disk that nobody else can see. */
function keep({ data, notes }: Places): void {
  cpSync(data, join(notes, 'kept'), { recursive: true })
  console.log(`The data is in ${join(notes, 'kept')}, what was noted in ${notes}.`)
}

async function main(): Promise<void> {
  const options = readOptions()
  const notes = options.on ?? mkdtempSync(join(tmpdir(), 'drydock-crash-'))
  const places = { notes, data: join(notes, 'data') }
  mkdirSync(places.data, { recursive: true })
  if (options.on === undefined && !options.procedures) {
    // Chosen here, so that the run on the disk has the same.
    if (mayMount) {
      const status = runAgainOn(places.data, ['--on', notes, '--seed', String(options.seed)])
      if (status === 0 && !options.keep) rmSync(notes, { recursive: true, force: true })
      process.exit(status)
    }
    console.log('No disk is filled: this machine lets no program have a disk of its own.')
  }
  console.log(`seed ${options.seed}: ${options.kills} kills under canaries of ${options.size} instances`)
  const under = options.procedures ? runUnderProcedures : run
  const outcome = await under(options, places).catch((error: unknown) => {
    console.error(readFileSync(join(notes, 'runtime.log'), 'utf8').split('\n').slice(-30).join('\n'))
    keep(places)
    throw error
  })
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(outcome, null, 2)}\n`)
  const failed = outcome.violations.length > 0
  for (const line of report(outcome)) console.log(line)
  if (failed || options.keep) keep(places)
  else if (options.on === undefined) rmSync(notes, { recursive: true, force: true })
  console.log(`${outcome.passed} passed, ${outcome.violations.length} failed`)
  process.exit(failed ? 1 : 0)
}

main().catch(endCommand)
