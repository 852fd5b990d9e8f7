import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, openSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Call, caller, type Seen } from './api.ts'
import type { FleetPlan } from './fleet.ts'
import { type Fleet, type Running, startFleets } from './fleets.ts'
import { Screen } from './screen.ts'
import { follow, type Status } from './story.ts'

const usage = `npm run demo -- [options]

  --size N            simulated customer instances (50)
  --fail PERCENT      share of the instances whose upgrade fails (0)
  --strategy NAME     canary, batch or all (canary)
  --canary-percent N  share of the canary (10)
  --batch-size N      instances a batch (10)
  --processes N       processes that the instances share (5)
  --port N            port of the API (3100)
  --speed N           how fast the clock runs (10)
  --data DIR          where the demo keeps its data; emptied at the start (.drydock/demo)
  --exit              end when the story is told, with status 0 only if it went as told`

const component = 'api'
const before = 'v1.1.0'
const after = 'v1.2.0'

interface Options {
  readonly size: number
  readonly fail: number
  readonly strategy: 'canary' | 'batch' | 'all'
  readonly canaryPercent: number
  readonly batchSize: number
  readonly processes: number
  readonly port: number
  readonly speed: number
  readonly data: string
  readonly exit: boolean
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}.\n\n${usage}`)
  }
  return value
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '50' },
      fail: { type: 'string', default: '0' },
      strategy: { type: 'string', default: 'canary' },
      'canary-percent': { type: 'string', default: '10' },
      'batch-size': { type: 'string', default: '10' },
      processes: { type: 'string', default: '5' },
      port: { type: 'string', default: '3100' },
      speed: { type: 'string', default: '10' },
      data: { type: 'string', default: join('.drydock', 'demo') },
      exit: { type: 'boolean', default: false },
    },
  })
  const { strategy } = values
  if (strategy !== 'canary' && strategy !== 'batch' && strategy !== 'all') {
    throw new Error(`--strategy is canary, batch or all, not ${strategy}.\n\n${usage}`)
  }
  return {
    size: wholeNumber('size', values.size, 1, 10_000),
    fail: wholeNumber('fail', values.fail, 0, 100),
    strategy,
    canaryPercent: wholeNumber('canary-percent', values['canary-percent'], 1, 100),
    batchSize: wholeNumber('batch-size', values['batch-size'], 1, 10_000),
    processes: wholeNumber('processes', values.processes, 1, 64),
    port: wholeNumber('port', values.port, 1, 65_535),
    speed: wholeNumber('speed', values.speed, 1, 1000),
    data: resolve(values.data),
    exit: values.exit,
  }
}

/** Refuses to begin where another program answers: its data must not be deleted, and it is not ours to talk to. */
async function refuseTakenPort(port: number): Promise<void> {
  const free = await new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
  if (!free)
    throw new Error(
      `Port ${port} is taken, perhaps by an earlier demo: end that, or choose another one with --port.`,
    )
}

/** Starts the runtime in a process of its own, its output in a file, and waits until it is healthy. */
async function startRuntime({ port, speed, data }: Options): Promise<{ url: string; process: ChildProcess }> {
  const output = openSync(join(data, 'runtime.log'), 'a')
  const script = new URL('../start.ts', import.meta.url).pathname
  const runtime = spawn(
    process.execPath,
    [script, '--port', String(port), '--data', data, '--speed', String(speed)],
    { stdio: ['ignore', output, output] },
  )
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (runtime.exitCode !== null) {
      const said = execFileSync('tail', ['-n', '12', join(data, 'runtime.log')], { encoding: 'utf8' })
      throw new Error(`The runtime did not start:\n${said}`)
    }
    try {
      if ((await fetch(`${url}/health`)).ok) return { url, process: runtime }
    } catch {
      // Not listening yet.
    }
    await sleep(100)
  }
}

function tokenFor(data: string, user: string, ...roles: readonly string[]): string {
  const script = new URL('../token.ts', import.meta.url).pathname
  const chosen = roles.flatMap((role) => ['--role', role])
  return execFileSync(process.execPath, [script, '--data', data, '--user', user, ...chosen], {
    encoding: 'utf8',
  }).trim()
}

interface Registration {
  readonly targets: readonly {
    readonly id: string
    readonly status: string
    readonly enrolmentToken: string
  }[]
}

/** Registers the fleet and returns each instance with its one-time enrolment token. */
async function register(operator: Call, size: number): Promise<{ id: string; enrolment: string }[]> {
  await operator('POST', '/api/v1/releases', {
    component,
    version: after,
    channel: 'stable',
    digest: `sha256:${'4b'.repeat(32)}`,
  })
  const ids = Array.from({ length: size }, (_, number) => `cust_${String(number + 1).padStart(4, '0')}`)
  const registered: { id: string; enrolment: string }[] = []
  for (let start = 0; start < ids.length; start += 500) {
    const targets = ids.slice(start, start + 500).map((id) => ({
      id,
      type: 'customer-instance',
      region: ['eu-central', 'us-east', 'ap-south'][id.charCodeAt(id.length - 1) % 3],
      namespace: id.replace('cust_', 'customer-'),
      components: { [component]: before },
    }))
    const answer = await operator<Registration>('POST', '/api/v1/targets', { targets, enrol: true })
    registered.push(...answer.targets.map(({ id, enrolmentToken }) => ({ id, enrolment: enrolmentToken })))
  }
  return registered
}

/** Chooses evenly which instances fail, so that `--fail 20` is every fifth one. */
function failing(number: number, percent: number): boolean {
  return Math.floor(((number + 1) * percent) / 100) > Math.floor((number * percent) / 100)
}

async function ask(fleets: readonly Fleet[]): Promise<Running[]> {
  return (await Promise.all(fleets.map((fleet) => fleet.ask()))).flatMap((answer) => answer ?? [])
}

async function enrolled(fleets: readonly Fleet[], size: number, screen: Screen): Promise<void> {
  for (;;) {
    const count = (await ask(fleets)).filter((instance) => instance.enrolled).length
    screen.draw([`  enrolled ${count} of ${size}`])
    if (count === size) break
    await sleep(200)
  }
  screen.settle()
}

interface Scene {
  readonly options: Options
  readonly screen: Screen
  readonly operator: Call
  readonly second: Call
  readonly fleets: readonly Fleet[]
}

async function deploy({ options, screen, operator }: Scene): Promise<{ upgradeId: string; jobId: string }> {
  const { strategy, canaryPercent, batchSize, fail } = options
  const answer = await operator<{ upgradeId: string; jobId: string; message: string }>(
    'POST',
    '/api/upgrades/deploy',
    {
      component,
      version: after,
      strategy,
      ...(strategy === 'canary' ? { canaryPercent } : {}),
      ...(strategy === 'batch' ? { batchSize } : {}),
      failureThreshold: { percent: 10, action: 'pause' },
      // A larger fleet asks less often, so its instances hear later of an update.
      deadlines: {
        acceptSeconds: 90 + options.size,
        attemptSeconds: 120 + options.size,
        expectedSeconds: 20,
      },
      reason: fail > 0 ? `demo with ${fail} % of the instances failing` : 'demo',
    },
  )
  screen.say(`operator-1  ${answer.message}`)
  screen.say(`            upgrade ${answer.upgradeId}, job ${answer.jobId}`)
  return answer
}

/** Follows the upgrade, continuing as a second person where it waits for one; stops where an operator has to look. */
async function rollOut(scene: Scene, upgradeId: string): Promise<Status> {
  const seen: Seen = { commit: null }
  for (;;) {
    const stops = ({ status, holds }: Status): boolean =>
      status === 'paused' || holds.some(({ code }) => code === 'APPROVAL')
    const reader = { ...scene, call: scene.operator }
    const status = await follow(reader, `${component} ${after}`, upgradeId, stops, seen)
    if (status.completedAt !== null || status.status === 'paused') return status
    const path = `/api/upgrades/${upgradeId}/continue`
    const { message } = await scene.second<{ message: string }>('POST', path, undefined, seen)
    scene.screen.say(`operator-2  ${message}`)
  }
}

/** Says why the upgrade halted, takes back what it touched, and follows that to its end. */
async function rollBack({ screen, operator, fleets }: Scene, halted: Status): Promise<Status> {
  const why = halted.holds.map(({ ref, code }) => ref ?? code).join('; ')
  screen.say(`drydock     halted: ${why || halted.status}`)
  const child = await operator<{ message: string; upgradeId: string }>(
    'POST',
    `/api/upgrades/${halted.upgradeId}/rollback`,
  )
  screen.say(`operator-1  ${child.message}: upgrade ${child.upgradeId}`)
  const never = (): boolean => false
  const parent = await follow({ call: operator, screen, fleets }, 'stopping', halted.upgradeId, never)
  const end = await follow(
    { call: operator, screen, fleets },
    `back to ${before}`,
    child.upgradeId,
    ({ status }) => status === 'paused',
  )
  screen.say(`drydock     the upgrade is ${parent.status}, the rollback ${end.status}`)
  return end
}

interface Exposure {
  readonly waves: readonly {
    readonly wave: number
    readonly exposed: { readonly count: number; readonly limit: number }
  }[]
}

/** Tells what happened, as the log and the instances themselves say; returns whether it went as it should. */
async function summarise(scene: Scene, upgradeId: string, last: Status, began: number): Promise<boolean> {
  const { screen, operator, fleets, options } = scene
  const running = await ask(fleets)
  const versions = Map.groupBy(running, ({ version }) => version)
  const exposure = await operator<Exposure>('GET', `/api/upgrades/${upgradeId}/blast-radius`)
  screen.say()
  screen.say('Summary')
  screen.say(
    `  upgrade   ${last.status}: ${last.completed} completed, ${last.failed} failed, ${last.unreachable} unreachable, ${last.skipped} skipped`,
  )
  for (const [version, instances] of versions)
    screen.say(`  fleet     ${instances.length} instances say they run ${version}`)
  const missing = options.size - running.length
  if (missing > 0) screen.say(`  silent    ${missing} instances do not answer: their process is gone`)
  screen.say(
    `  exposed   ${exposure.waves.map(({ wave, exposed }) => `${exposed.count} after wave ${wave + 1}`).join(', ')}`,
  )
  screen.say(`  took      ${((Date.now() - began) / 1000).toFixed(1)} s`)
  const expected = options.fail > 0 && last.upgradeId !== upgradeId ? before : after
  const all = versions.get(expected)?.length === options.size
  if (!all) screen.say(`  not as told: all ${options.size} instances should run ${expected}`)
  return all && last.status === 'completed'
}

async function main(): Promise<void> {
  const options = readOptions()
  const screen = new Screen()
  const began = Date.now()
  await refuseTakenPort(options.port)
  rmSync(options.data, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  mkdirSync(options.data, { recursive: true })
  screen.say('Starting the runtime from the synthesized template …')
  const runtime = await startRuntime(options)
  const children: ChildProcess[] = [runtime.process]
  const end = (): void => {
    for (const child of children) child.kill('SIGTERM')
  }
  process.once('exit', end)
  process.once('SIGTERM', () => process.exit(143))
  process.once('SIGINT', () => process.exit(130))

  const operator = caller(runtime.url, tokenFor(options.data, 'operator-1', 'operator'))
  const second = caller(runtime.url, tokenFor(options.data, 'operator-2', 'operator', 'approver'))
  screen.say(
    `${runtime.url} is up. Registering ${options.size} customer instances with ${component} ${before} …`,
  )
  const registered = await register(operator, options.size)
  const plan: FleetPlan = {
    url: runtime.url,
    pollEvery: Math.max(500, options.size * 4),
    upgradeTakes: [600, 2400],
    instances: registered.map(({ id, enrolment }, number) => ({
      id,
      enrolment,
      version: before,
      fails: failing(number, options.fail),
    })),
  }
  const fleets = await startFleets(plan, options.processes, options.data)
  children.push(...fleets.map((fleet) => fleet.process))
  await enrolled(fleets, options.size, screen)

  const scene: Scene = { options, screen, operator, second, fleets }
  const { upgradeId } = await deploy(scene)
  const rolledOut = await rollOut(scene, upgradeId)
  const last = rolledOut.status === 'paused' ? await rollBack(scene, rolledOut) : rolledOut
  const asTold = await summarise(scene, upgradeId, last, began)
  if (options.exit) process.exit(asTold ? 0 : 1)
  screen.say()
  screen.say('Everything keeps running: explore it, and end it with Ctrl+C.')
  screen.say(`  TOKEN=$(npm run --silent token -- --data ${options.data} --user operator-1 --role operator)`)
  screen.say(`  curl -s -H "authorization: Bearer $TOKEN" ${runtime.url}/api/upgrades/${upgradeId}/status`)
  screen.say(`  curl -s -H "authorization: Bearer $TOKEN" ${runtime.url}/api/upgrades/${upgradeId}/events`)
  await new Promise(() => undefined)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
