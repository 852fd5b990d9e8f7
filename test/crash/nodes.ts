import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One node as its procedure sees it. */
interface Node {
  version: string
  enabled: boolean
  instances: number
  /** What its calls were, each with its idempotency key, in their order. */
  readonly calls: { readonly call: string; readonly key: string }[]
  sick: boolean
}

/** Nodes that outlive every runtime: what reached them is counted here. */
export interface Nodes {
  readonly port: number
  node(id: string): Node
  close(): void
}

/** Starts real HTTP servers for these nodes, each at a path of its own. */
export async function openNodes(ids: readonly string[]): Promise<Nodes> {
  const nodes = new Map(
    ids.map((id): [string, Node] => [
      id,
      { version: 'v1.0.0', enabled: true, instances: 2, calls: [], sick: false },
    ]),
  )
  const server = createServer((request, response) => {
    const [, id = '', call = ''] = (request.url ?? '').split('/')
    const node = nodes.get(id)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (!node) return response.writeHead(404).end()
      const text = Buffer.concat(parts).toString()
      const body: { version?: string } = text === '' ? {} : JSON.parse(text)
      if (request.method === 'POST')
        node.calls.push({ call, key: String(request.headers['idempotency-key']) })
      if (call === 'drain') node.enabled = false
      if (call === 'enable' || call === 'undrain') Object.assign(node, { enabled: true, instances: 2 })
      if (call === 'instances' && !node.enabled) node.instances = Math.max(0, node.instances - 1)
      if (call === 'replace' || call === 'restore') node.version = body.version ?? node.version
      const said = { ...node, calls: undefined, status: node.sick ? 'unhealthy' : 'healthy' }
      // An answer takes a little, so that a kill finds calls under way.
      setTimeout(() => response.writeHead(200).end(JSON.stringify(said)), 40)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // of a server that listens on a port
    node(id) {
      const found = nodes.get(id)
      if (!found) throw new Error(`There is no node ${id}.`)
      return found
    },
    close: () => server.close(),
  }
}
