import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { endCommand } from '../../command-line.ts'
import { deploy, rollBack, rollOut } from './acts.ts'
import { caller } from './api.ts'
import { emptyForDemo } from './directory.ts'
import { farewell } from './farewell.ts'
import type { FleetPlan } from './fleet.ts'
import { type Fleet, startFleets } from './fleets.ts'
import { readOptions } from './options.ts'
import { failing, register } from './registration.ts'
import { refuseTakenPort, startRuntime, tokenFor } from './runtime.ts'
import { ask, before, component, type Scene } from './scene.ts'
import { Screen } from './screen.ts'
import { summarise } from './summary.ts'

async function enrolled(fleets: readonly Fleet[], size: number, screen: Screen): Promise<void> {
  for (;;) {
    const count = (await ask(fleets)).filter((instance) => instance.enrolled).length
    screen.draw([`  enrolled ${count} of ${size}`])
    if (count === size) break
    await sleep(200)
  }
  screen.settle()
}

async function main(): Promise<void> {
  const options = readOptions()
  const screen = new Screen()
  const began = Date.now()
  await refuseTakenPort(options.port)
  emptyForDemo(options.data)
  screen.say('Starting Drydock on this machine, as it is deployed to AWS. That takes some ten seconds.')
  const runtime = await startRuntime(options, (what) => screen.draw([`  ${what} …`]))
  screen.settle()
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
  const [first] = fleets
  const fleet = first && `http://127.0.0.1:${first.port}`
  for (const line of farewell({ url: runtime.url, data: options.data, upgradeId, fleet })) screen.say(line)
  await new Promise(() => undefined)
}

main().catch(endCommand)
