import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

/** A repository of charts, as helm reads it. */
export interface ChartRepository {
  readonly url: string
  /** How often each version was asked for. */
  readonly asked: ReadonlyMap<string, number>
  close(): void
}

const chart = new URL('chart/', import.meta.url)
const block = 512

/** Returns an entry of an archive (POSIX.1-1988, ustar). */
function entryOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(block)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write(' '.repeat(8), 148)
  header.write('0ustar\x0000', 156)
  const sum = header.reduce((all, byte) => all + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padded = Buffer.alloc(Math.ceil(content.length / block) * block)
  content.copy(padded)
  return Buffer.concat([header, padded])
}

/** Returns the chart of an instance at a version, packed. */
function packed(version: string): Buffer {
  const entries = readdirSync(chart, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.replace(/\/+/g, '/'))
    .map((path) => {
      const text = readFileSync(path, 'utf8').replace('version: 0.0.0', `version: ${version}`)
      return entryOf(`customer/${path.slice(chart.pathname.length)}`, Buffer.from(text))
    })
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * block)]))
}

/** Serves the chart of an instance at some versions on this machine. */
export async function serveCharts(versions: readonly string[]): Promise<ChartRepository> {
  const archives = new Map(versions.map((version) => [`/customer-${version}.tgz`, packed(version)]))
  const asked = new Map<string, number>()
  const index = () => ({
    apiVersion: 'v1',
    entries: {
      customer: versions.map((version) => {
        const path = `/customer-${version}.tgz`
        const digest = createHash('sha256')
          .update(archives.get(path) ?? '')
          .digest('hex')
        return { apiVersion: 'v2', name: 'customer', version, digest, urls: [path.slice(1)] }
      }),
    },
  })
  const server = createServer(({ url = '' }, response) => {
    const archive = archives.get(url)
    if (archive) {
      asked.set(url, (asked.get(url) ?? 0) + 1)
      response.end(archive)
    } else if (url === '/index.yaml') response.end(JSON.stringify(index()))
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
