import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where people sign in, by OpenID Connect: an authorization code, with PKCE. What is empty was not told: nobody can sign in then. */
export interface SignIn {
  readonly issuer: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  /** The public client that the console is at the issuer. */
  readonly client: string
  readonly scope: string
  /** The claim of a token that lists the roles of a person. */
  readonly roleClaim: string
}

/** A file for browsers. */
export interface BrowserFile {
  readonly type: string
  readonly bytes: Buffer
  /** The same, packed by gzip; undefined: it does not get smaller. */
  readonly packed: Buffer | undefined
  /** What is said is known by. */
  readonly hash: string
}

/** Every file by its name, with `/` between folders. What is not in it cannot be asked for, whatever a path looks like. */
export type BrowserFiles = ReadonlyMap<string, BrowserFile>

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
}

/** Reads all files below a directory, at once: they are few, and small. A file `x.gz` is the packed form of `x`. Throws where a file has a type that browsers are not served. */
export function readBrowserFiles(directory: URL): BrowserFiles {
  const root = fileURLToPath(directory)
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.gz'))
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    names.map((path) => {
      const type = types[path.split('.').at(-1) ?? '']
      if (type === undefined) throw new Error(`${path} has no type that browsers are served.`)
      const bytes = readFileSync(path)
      const packed = existsSync(`${path}.gz`) ? readFileSync(`${path}.gz`) : undefined
      const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
      return [path.slice(root.length), { type, bytes, packed, hash }] as const
    }),
  )
}
