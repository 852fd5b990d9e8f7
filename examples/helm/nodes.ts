import { request as askInTheClear } from 'node:http'
import { request as ask } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

/** A Kubernetes API, and who asks it. */
export interface Cluster {
  readonly server: string
  readonly token: string
  /** Who has signed its certificate, in PEM; undefined: it answers in the clear. */
  readonly authority: string | undefined
}

interface Deployment {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation: number }
  readonly spec: {
    readonly replicas: number
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
  }
  readonly status?: { readonly observedGeneration?: number; readonly readyReplicas?: number }
}

/** Calls a Kubernetes API with JSON. Rejects where it does not answer with 2xx. */
export function callCluster<Body>(
  { server, token, authority }: Cluster,
  method: string,
  path: string,
  body?: object,
  type = 'application/json',
): Promise<Body> {
  const send = authority === undefined ? askInTheClear : ask
  return new Promise((resolve, reject) => {
    const request = send(
      new URL(path, server),
      { method, ca: authority, headers: { authorization: `Bearer ${token}`, 'content-type': type } },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          const { statusCode = 0 } = response
          if (statusCode >= 200 && statusCode < 300)
            resolve(JSON.parse(text) as Body) // as the API says
          else reject(new Error(`${method} ${path}: ${statusCode} ${text}`))
        })
      },
    )
    request.on('error', reject)
    request.end(body && JSON.stringify(body))
  })
}

/**
 * Plays the nodes of a cluster: what is deployed in namespaces of a prefix becomes ready, but for images of which `isBad` says that they never do.
 * Others may play those of other namespaces.
 */
export function playNodes(
  cluster: Cluster,
  prefix: string,
  isBad: (image: string, namespace: string) => boolean,
): { stop(): Promise<void> } {
  let over = false
  const settle = async ({ metadata, spec, status }: Deployment): Promise<void> => {
    const { name, namespace, generation } = metadata
    const [container] = spec.template.spec.containers
    const ready = container && !isBad(container.image, namespace) ? spec.replicas : 0
    if (status?.observedGeneration === generation && status.readyReplicas === ready) return
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/status`
    const now = new Date().toISOString()
    const condition = (type: string, reason: string) => ({
      ...{ type, reason, status: 'True', lastTransitionTime: now, lastUpdateTime: now },
    })
    const counts = { replicas: spec.replicas, updatedReplicas: spec.replicas, readyReplicas: ready }
    const patch = {
      status: {
        ...{ ...counts, availableReplicas: ready, observedGeneration: generation },
        conditions:
          ready === spec.replicas
            ? [
                condition('Available', 'MinimumReplicasAvailable'),
                condition('Progressing', 'NewReplicaSetAvailable'),
              ]
            : [condition('Progressing', 'ReplicaSetUpdated')],
      },
    }
    await callCluster(cluster, 'PATCH', path, patch, 'application/merge-patch+json')
  }
  const run = async () => {
    while (!over) {
      try {
        const { items } = await callCluster<{ items: Deployment[] }>(
          cluster,
          'GET',
          '/apis/apps/v1/deployments',
        )
        const own = items.filter(({ metadata }) => metadata.namespace.startsWith(prefix))
        await Promise.all(own.map((item) => settle(item).catch(() => undefined)))
      } catch {
        // The API is not there now: its nodes wait for it.
      }
      await sleep(50)
    }
  }
  const running = run()
  return {
    async stop() {
      over = true
      await running
    },
  }
}
