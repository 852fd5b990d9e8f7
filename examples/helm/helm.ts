import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, caller } from '../../infra/local/demo/api.ts'
import { emptyForDemo } from '../../infra/local/demo/directory.ts'
import { refuseTakenPort, startRuntime, tokenFor } from '../../infra/local/demo/runtime.ts'
import { deploy, judge, say, watch } from '../told.ts'
import { imageOf, kubeconfigOf, makeNamespace, openCluster, revisionsIn } from './cluster.ts'
import type { Cluster } from './nodes.ts'
import { playNodes } from './nodes.ts'
import { type Options, readOptions } from './options.ts'
import { serveCharts } from './repository.ts'

const component = 'instance'
const [before, first, second, broken] = ['1.0.0', '1.1.0', '1.2.0', '1.3.0']

/** What of a request to install a version is the same each time. */
const of = (version: string) => ({ component, version, procedure: { name: 'customer' } })

function storeSecret(data: string, name: string, input: string): void {
  const script = new URL('../../infra/local/secret.ts', import.meta.url).pathname
  execFileSync(process.execPath, [script, '--data', data, '--name', name], { input })
}

async function register(operator: Call, customers: readonly string[], charts: string): Promise<void> {
  for (const [place, version] of [first, second, broken].entries()) {
    const digest = `sha256:${String(place).repeat(64)}`
    await operator('POST', '/api/v1/releases', { component, version, digest })
  }
  const document = readFileSync(new URL('procedures/customer.yaml', import.meta.url), 'utf8')
  await operator('PUT', '/api/v1/procedures/customer', document)
  const targets = customers.map((id) => ({
    ...{ id, type: 'customer', components: { [component]: before }, tags: { cluster: 'cluster', charts } },
  }))
  await operator('POST', '/api/v1/targets', { targets })
}

/** Resolves when helm is in the middle of a release. */
async function pendingOne(cluster: Cluster, customers: readonly string[]): Promise<void> {
  for (;;) {
    const all = await Promise.all(customers.map((id) => revisionsIn(cluster, id)))
    if (all.flat().some((revision) => revision.includes('pending'))) return
    await sleep(20)
  }
}

/** What the instances run, each version once. */
async function versionsOf(cluster: Cluster, customers: readonly string[]): Promise<string> {
  const images = await Promise.all(customers.map((id) => imageOf(cluster, id, component)))
  return [...new Set(images.map((image) => image?.split(':').at(-1) ?? 'nothing'))].join(', ')
}

/** Shows the instances of customers that are upgraded by helm. Returns whether it went as told. */
export async function helm(): Promise<boolean> {
  const options = readOptions()
  const { fault, data, port } = options
  await refuseTakenPort(port)
  emptyForDemo(data)
  const cluster = await openCluster()
  const charts = await serveCharts([first, second, broken])
  // A slow start lets the middle of an upgrade be seen.
  let slow = false
  const prefix = `customer-${process.pid.toString(36)}-`
  const nodes = playNodes(cluster, prefix, (image) => slow || image.endsWith(`:${broken}`))
  const customers = Array.from({ length: options.customers }, (_, place) => `${prefix}${place + 1}`)
  for (const id of customers) await makeNamespace(cluster, id)
  storeSecret(data, 'drydock/cluster', kubeconfigOf(cluster))
  storeSecret(data, 'drydock/customers', JSON.stringify({ password: 'correct-horse-battery-staple' }))
  const outbound = `127.0.0.0/8:${new URL(cluster.server).port},http://127.0.0.0/8:${new URL(charts.url).port}`
  const start = () => startRuntime({ ...options, outbound }, () => undefined)
  say('Starting Drydock on this machine, as it is deployed to AWS. That takes some ten seconds.')
  let runtime = await start()
  process.once('exit', () => runtime.process.kill('SIGTERM'))
  try {
    const operator = caller(runtime.url, tokenFor(data, 'operator-1', 'operator'))
    await register(operator, customers, charts.url)
    const installed = await watch(operator, await deploy(operator, { ...of(first), strategy: 'all' }))
    const installedAll = await versionsOf(cluster, customers)
    slow = fault === 'killed'
    const id = await deploy(operator, { ...of(second), strategy: 'batch', batchSize: 5 })
    if (fault === 'killed') {
      await pendingOne(cluster, customers)
      runtime.process.kill('SIGKILL')
      say('  Drydock is killed while helm waits for the pods of a release, and started again …')
      slow = false
      runtime = await start()
    }
    const upgraded = await watch(operator, id)
    const upgradedAll = await versionsOf(cluster, customers)
    const size = customers.length
    const findings = {
      [`${size} instances were installed at ${first}`]:
        installed.completed === size && installedAll === first,
      [`${size} instances were upgraded to ${second}`]: upgraded.completed === size && upgradedAll === second,
    }
    return judge({ ...findings, ...(await further(options, { operator, cluster, customers, id })) })
  } finally {
    runtime.process.kill('SIGTERM')
    await nodes.stop()
    charts.close()
    cluster.close()
  }
}

/** Goes on as the fault says, and returns what then holds. */
async function further(
  { fault }: Options,
  all: {
    readonly operator: Call
    readonly cluster: Cluster
    readonly customers: readonly string[]
    readonly id: string
  },
): Promise<Readonly<Record<string, boolean>>> {
  const { operator, cluster, customers, id } = all
  const histories = () => Promise.all(customers.map((one) => revisionsIn(cluster, one)))
  switch (fault) {
    case 'none':
      return {
        'each release has two revisions': (await histories()).every(
          (one) => one.join() === '1 superseded,2 deployed',
        ),
      }
    case 'killed':
      return {
        'no release is pending': (await histories()).every((one) => one.at(-1)?.endsWith('deployed')),
        'what was pending was settled first, and then upgraded': (await histories()).some(
          (one) => one.length === 4 && one[1]?.includes('pending') === true,
        ),
      }
    case 'never-ready': {
      const strategy = { strategy: 'canary', canaryPercent: 10, failureThreshold: { percent: 0 } }
      const { status, failed } = await watch(operator, await deploy(operator, { ...of(broken), ...strategy }))
      const touched = (await histories()).filter((one) => one.length > 2)
      return {
        [`the canary failed, and the upgrade to ${broken} waits for a person`]:
          status === 'paused' && failed === 1,
        'helm took it back, and nobody else was touched':
          touched.length === 1 && touched[0]?.join() === '1 superseded,2 superseded,3 failed,4 deployed',
        [`every instance runs ${second}`]: (await versionsOf(cluster, customers)) === second,
      }
    }
    case 'rollback': {
      const { upgradeId } = await operator<{ upgradeId: string }>('POST', `/api/upgrades/${id}/rollback`, {
        reason: 'unwanted',
      })
      say('operator-1  takes it back')
      const { completed } = await watch(operator, upgradeId)
      return {
        [`${customers.length} instances were taken back to ${first}`]:
          completed === customers.length && (await versionsOf(cluster, customers)) === first,
      }
    }
  }
}
