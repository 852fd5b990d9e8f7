import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { caller } from '../../infra/local/demo/api.ts'
import { emptyForDemo } from '../../infra/local/demo/directory.ts'
import { refuseTakenPort, startRuntime, tokenFor } from '../../infra/local/demo/runtime.ts'
import { Screen } from '../../infra/local/demo/screen.ts'
import {
  type Act,
  illLater,
  killed,
  neverDrains,
  nodeDies,
  regionCut,
  rolledBack,
  runs,
  unhealthy,
  wrongBaseVersion,
} from './acts.ts'
import { type FaultName, settingOf } from './faults.ts'
import { layoutOf } from './layout.ts'
import { readOptions } from './options.ts'
import { documentText, register } from './registration.ts'
import type { Scene } from './scene.ts'
import { Servers } from './servers.ts'
import { versionsLine } from './story.ts'
import { always, type Finding } from './verdict.ts'

const acts: Readonly<Record<FaultName, Act>> = {
  'never-drains': neverDrains,
  unhealthy,
  'unhealthy-word': unhealthy,
  'ill-later': illLater,
  'wrong-base': wrongBaseVersion,
  'region-cut': regionCut,
  'node-dies': nodeDies,
  killed,
  rollback: rolledBack,
}

interface Planned {
  readonly planHash: string
  readonly total: number
  readonly phases: readonly { readonly name: string; readonly total: number }[]
  readonly expectedFinish: string
}

/** Stores the authorities of the nodes where procedures find them, as a person does. */
function storeAuthorities(data: string, authorities: string): void {
  const script = new URL('../../infra/local/secret.ts', import.meta.url).pathname
  execFileSync(process.execPath, [script, '--data', data, '--name', 'drydock/platform-ca'], {
    input: authorities,
  })
}

/** Plans, starts and approves the rollout of the plan file; returns its id. */
async function begin({ operator, second, screen, servers }: Scene): Promise<string> {
  // Where the customers are is known when the servers run.
  const domains = servers.domains.map((url) => ({ url }))
  const plan = `${documentText('plan.yaml')}\nmonitor: ${JSON.stringify({ domains, everySeconds: 10 })}\n`
  const planned = await operator<Planned>('POST', '/api/v1/rollouts/plan', plan)
  for (const { name, total } of planned.phases) screen.say(`            ${name}: ${total}`)
  screen.say(`            expected to be over at ${planned.expectedFinish}`)
  const started = await operator<{ rolloutId: string; message: string; planHash: string }>(
    'POST',
    '/api/v1/rollouts',
    plan,
  )
  screen.say(`operator-1  ${started.message}`)
  await second('POST', `/api/v1/rollouts/${started.rolloutId}/approve`, { planHash: started.planHash })
  screen.say(`operator-2  approves ${started.planHash.slice(0, 12)}…`)
  return started.rolloutId
}

function tell({ screen }: Pick<Scene, 'screen'>, findings: readonly Finding[]): boolean {
  screen.say()
  screen.say('What is true of the servers')
  for (const [sentence, isTrue] of findings) screen.say(`  ${isTrue ? '✓' : '✗'} ${sentence}`)
  return findings.every(([, isTrue]) => isTrue)
}

/** Shows how a whole platform is upgraded; resolves to whether it went as told. */
export async function platform(): Promise<boolean> {
  const options = readOptions()
  const { data, size, speed, port, fault } = options
  const screen = new Screen()
  const began = Date.now()
  await refuseTakenPort(port)
  emptyForDemo(data)
  const setting = settingOf(fault)
  const servers = await Servers.start({ size, speed, data, faults: setting.nodes, schema: setting.schema })
  process.once('exit', () => servers.end())
  storeAuthorities(data, servers.authorities)
  const start = () =>
    startRuntime({ port, speed, data, outbound: servers.outbound }, (what) => screen.draw([`  ${what} …`]))
  screen.say('Starting Drydock on this machine, as it is deployed to AWS. That takes some ten seconds.')
  let runtime = await start()
  screen.settle()
  process.once('exit', () => runtime.process.kill('SIGTERM'))
  process.once('SIGTERM', () => process.exit(143))
  process.once('SIGINT', () => process.exit(130))

  const scene: Scene = {
    ...{ options, screen, servers },
    operator: caller(runtime.url, tokenFor(data, 'operator-1', 'operator')),
    second: caller(runtime.url, tokenFor(data, 'operator-2', 'operator', 'approver')),
    async killRuntime() {
      const ended = once(runtime.process, 'exit')
      runtime.process.kill('SIGKILL')
      await ended
      runtime = await start()
      return runtime.process
    },
  }
  const registered = await register(scene.operator, { size, servers, factsOf: setting.factsOf })
  screen.say(
    `${runtime.url} is up, with ${registered.targets} targets and ${registered.procedures} procedures.`,
  )
  const first = await servers.report()
  screen.say(`            ${versionsLine(first)}`)
  const id = await begin(scene)
  const order = layoutOf(size).map(({ name }) => name)
  const act = fault === undefined ? runs : acts[fault]
  const findings = await act(scene, { id, first, order })
  const last = await servers.report()
  const asTold = tell(scene, [...findings, ...always(last)])
  screen.say(`            ${versionsLine(last)}`)
  screen.say(`            ${((Date.now() - began) / 1000).toFixed(0)} s`)
  screen.say(asTold ? 'It went as told.' : 'It did not go as told.')
  return asTold
}
