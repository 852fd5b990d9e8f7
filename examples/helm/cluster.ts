import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Cluster, callCluster } from './nodes.ts'
import { serveStandIn } from './stand-in.ts'

/** Opens the Kubernetes API that the environment names, or else the stand-in. */
export async function openCluster(): Promise<Cluster & { close(): void }> {
  const { KUBERNETES_SERVER: server, KUBERNETES_TOKEN: token, KUBERNETES_AUTHORITY: file } = process.env
  if (!server || !token || !file) return serveStandIn(randomUUID())
  return { server, token, authority: readFileSync(file, 'utf8'), close: () => undefined }
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

/** Makes a namespace. */
export function makeNamespace(cluster: Cluster, name: string): Promise<unknown> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  return callCluster(cluster, 'POST', '/api/v1/namespaces', body)
}

interface Deployed {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
  }
}

/** Returns the image that an instance runs; undefined: there is none. */
export async function imageOf(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
  const found = await callCluster<Deployed>(cluster, 'GET', path).catch(() => undefined)
  return found?.spec.template.spec.containers[0]?.image
}

interface Kept {
  readonly items: readonly { readonly metadata: { readonly labels: Readonly<Record<string, string>> } }[]
}

/** Returns the revisions of all releases in a namespace, as "1 superseded", in their order. */
export async function revisionsIn(cluster: Cluster, namespace: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm`
  const { items } = await callCluster<Kept>(cluster, 'GET', path)
  return items
    .map(({ metadata: { labels } }) => `${labels.version} ${labels.status}`)
    .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
}
