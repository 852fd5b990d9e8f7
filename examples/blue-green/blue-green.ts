import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, caller } from '../../infra/local/demo/api.ts'
import { emptyForDemo } from '../../infra/local/demo/directory.ts'
import { refuseTakenPort, tokenFor } from '../../infra/local/demo/runtime.ts'
import { startKillable } from '../killable.ts'
import { serve } from '../server.ts'
import { judge, say } from '../told.ts'
import { readOptions } from './options.ts'
import { Sites } from './sites.ts'

const names = Array.from({ length: 8 }, (_, place) => `site-${place + 1}`)
const [before, after] = ['1.0.0', '2.0.0']
/** In milliseconds: by then the story has ended, or will not. */
const longest = 300_000

interface Rollout {
  readonly status: string
  readonly phases: readonly { readonly name: string; readonly status: string }[]
}

const textOf = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Registers the releases and the sites, and stores the procedures. */
async function register(operator: Call, url: string): Promise<void> {
  for (const component of ['shop', 'shop-former'])
    for (const [place, version] of [before, after].entries()) {
      const digest = `sha256:${String(place).repeat(64)}`
      await operator('POST', '/api/v1/releases', { component, version, digest })
    }
  for (const name of ['blue-green-switch', 'blue-green-retire'])
    await operator('PUT', `/api/v1/procedures/${name}`, textOf(`procedures/${name}.yaml`))
  const targets = names.map((id) => ({
    ...{ id, type: 'site', region: 'eu-central', tags: { url: `${url}/sites/${id}` } },
    components: { shop: before, 'shop-former': before },
  }))
  await operator('POST', '/api/v1/targets', { targets })
}

/** Starts the rollout of the plan file, whose metrics are asked of this server, and approves it; returns its id. */
async function begin(operator: Call, second: Call, url: string): Promise<string> {
  const plan = textOf('../blue-green.yaml').replaceAll('https://metrics.example', url)
  const path = '/api/v1/rollouts'
  const { rolloutId, message, planHash } = await operator<
    Record<'rolloutId' | 'message' | 'planHash', string>
  >(...(['POST', path, plan] as const))
  say(`operator-1  ${message}`)
  await second('POST', `${path}/${rolloutId}/approve`, { planHash })
  say('operator-2  approves both phases')
  return rolloutId
}

const onColour = ({ sites }: Sites, version: string) =>
  [...sites.values()].filter(({ versions }) => Object.values(versions).includes(version)).length
const served = (sites: Sites, version: string) => sites.served.filter((one) => one === version).length

/** Looks at the rollout until it is over and the sites stand as they are to; returns it. */
async function watch(operator: Call, id: string, sites: Sites, isOver: () => boolean): Promise<Rollout> {
  const ends = performance.now() + longest
  for (let shown = ''; ; await sleep(100)) {
    const rollout = await operator<Rollout>('GET', `/api/v1/rollouts/${id}/status`).catch(() => undefined)
    if (!rollout) continue
    const phases = rollout.phases.map(({ name, status }) => `${name} ${status}`).join(', ')
    const line = `  ${phases}; ${after} serves ${served(sites, after)} sites, ${before} is at ${onColour(sites, before)}`
    if (line !== shown) say(line)
    shown = line
    if (/completed|aborted/.test(rollout.status) && isOver()) return rollout
    if (performance.now() > ends)
      throw new Error(`It is still ${rollout.status}: see runtime.log in the data directory.`)
  }
}

/** Shows a shop that is switched from blue to green. Returns whether it went as told. */
export async function blueGreen(): Promise<boolean> {
  const options = readOptions()
  const { fault, data, port } = options
  await refuseTakenPort(port)
  emptyForDemo(data)
  const sites = new Sites(names, before)
  if (fault === 'unwell') sites.behave({ unwell: { version: after, sites: names } })
  if (fault === 'errors') sites.behave({ errors: { [after]: 0.2 } })
  /** At how many sites the old version was not there any more while another had its traffic on it. */
  let early = 0
  const server = await serve(sites, (method, path) => {
    if (served(sites, before) > 0) early = Math.max(early, names.length - onColour(sites, before))
    // The worst moment: traffic is switched, and nobody has heard that it is.
    if (fault === 'killed' && method === 'PUT' && path.endsWith('/traffic'))
      drydock.kill('Drydock is killed as traffic is switched, and started again …')
  })
  const drydock = await startKillable({ ...options, outbound: server.url })
  const operator = caller(drydock.url, tokenFor(data, 'operator-1', 'operator'))
  const second = caller(drydock.url, tokenFor(data, 'operator-2', 'operator', 'approver'))
  try {
    await register(operator, server.url)
    const isWell = fault === 'none' || fault === 'killed'
    const left = isWell ? before : after
    const id = await begin(operator, second, server.url)
    const rollout = await watch(operator, id, sites, () => onColour(sites, left) === 0)
    await drydock.again()
    const [switched, retired] = rollout.phases.map(({ status }) => status)
    const traffic = sites.changes.filter((change) => change.includes('traffic'))
    return judge({
      [`customers of all sites get ${isWell ? after : before}`]:
        served(sites, isWell ? after : before) === names.length,
      [`nothing is left of ${left}`]: onColour(sites, left) === 0,
      'the old colour was kept everywhere while a site had its traffic there': early === 0,
      'nothing was done twice': new Set(sites.changes).size === sites.changes.length,
      ...(isWell
        ? { 'both phases are completed': switched === 'completed' && retired === 'completed' }
        : { 'the phase that retires never began': switched === 'aborted' && retired === 'waiting' }),
      ...(fault === 'unwell' && { 'traffic was never switched': traffic.length === 0 }),
      ...(fault === 'errors' && { 'two canaries were switched, and back': traffic.length === 4 }),
      ...(fault === 'killed' && { 'Drydock was killed once': drydock.wasKilled }),
    })
  } finally {
    await drydock.stop()
    server.close()
  }
}
