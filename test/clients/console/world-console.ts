import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import type { Role } from '../../../contracts/routes.ts'
import { consoleEndpoint } from '../../../functions/api/console.ts'
import { readBrowserFiles } from '../../../functions/browser.ts'
import { writeBrowserFiles } from '../../../infra/constructs/browser-files.ts'
import type { World } from '../../api/world.ts'
import { goTo, type Seat, watched } from '../../browser.ts'

/** Somebody at the console, who need not sign in. */
interface Person {
  readonly user: string
  readonly roles: readonly Role[]
}

const signIn = {
  ...{ issuer: 'https://login.test/', client: 'console', scope: 'openid', roleClaim: 'roles' },
  ...{ authorizationUrl: 'https://login.test/authorize', tokenUrl: 'https://login.test/token' },
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** Returns who asks, by the token that {@link WorldConsole.sit} has given them. */
function personOf({ headers }: IncomingMessage): Person {
  return JSON.parse(
    Buffer.from((headers.authorization ?? '').slice('Bearer '.length), 'base64url').toString(),
  )
}

/** The console as browsers load it, over the API in this process: no runtime, and nothing of AWS. */
export class WorldConsole {
  readonly url: string
  readonly #server: Server
  readonly #files: string

  private constructor(server: Server, files: string) {
    this.#server = server
    this.#files = files
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
  }

  /** Builds it, and shows it until it is closed. */
  static async over(world: World): Promise<WorldConsole> {
    const files = mkdtempSync(join(tmpdir(), 'drydock-world-console-'))
    writeBrowserFiles(files)
    const pages = consoleEndpoint({ browserFiles: readBrowserFiles(pathToFileURL(`${files}/`)), signIn })
    // One after the other: projector and reactor of a world are called by who asks.
    let last: Promise<unknown> = Promise.resolve()
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
      const answered = async () => {
        if (!pathname.startsWith('/api/')) {
          const event = { rawPath: pathname, headers: request.headers } as unknown as APIGatewayProxyEventV2 // what of it is read
          const { statusCode = 500, headers, body = '', isBase64Encoded = false } = await pages(event)
          const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
          response.writeHead(statusCode, headers as Record<string, string>).end(bytes) // handlers set text only
          return
        }
        const raw = await textOf(request)
        const { authorization: _, host: __, ...headers } = request.headers as Record<string, string> // none comes twice
        const {
          status,
          headers: told,
          body,
        } = await world.call(request.method ?? 'GET', decodeURI(pathname), {
          ...{ as: personOf(request), query: Object.fromEntries(searchParams), headers },
          ...(raw !== '' && { raw }),
        })
        response.writeHead(status, told).end(body === null ? undefined : JSON.stringify(body))
      }
      last = last.then(answered).catch((error: unknown) => response.writeHead(500).end(String(error)))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new WorldConsole(server, files)
  }

  /** Sits somebody down at a page, signed in. */
  async sit(
    browser: Browser,
    { user, roles }: Person,
    place: string,
    options: BrowserContextOptions = {},
  ): Promise<Seat> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    const token = Buffer.from(JSON.stringify({ user, roles })).toString('base64url')
    const session = JSON.stringify({ token, name: user, subject: user, roles })
    await context.addInitScript(`sessionStorage.setItem('drydock.session', ${JSON.stringify(session)})`)
    const seat = watched(await context.newPage())
    await goTo(seat.page, this.url, place)
    return seat
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    rmSync(this.#files, { recursive: true })
  }
}
