import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { misused } from '../failure.ts'

const login = z.object({
  issuer: z.string(),
  clientId: z.string(),
  tokenEndpoint: z.string(),
  token: z.string(),
  /** In milliseconds since 1970, by the clock of this machine. */
  expiresAt: z.number(),
  refreshToken: z.string().nullable(),
})
export type Login = z.output<typeof login>
const file = z.record(z.string(), login)

type Env = Readonly<Record<string, string | undefined>>

function fileOf(env: Env): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'drydock', 'logins.json')
}

/** Reads the logins by the address of their API: a token is for that one alone. Throws a Failure where others could have read the file. */
export async function readLogins(env: Env): Promise<Readonly<Record<string, Login>>> {
  const path = fileOf(env)
  let text: string
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0 && process.platform !== 'win32')
      throw misused(
        `${path} can be read by others: treat its tokens as known to them.`,
        `Next: rm ${path}, then drydock login`,
      )
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
  try {
    return file.parse(JSON.parse(text))
  } catch {
    throw misused(`${path} is damaged.`, `Next: rm ${path}, then drydock login`)
  }
}

/** Keeps the login for an API, or forgets it. The file is exchanged as a whole, so that nobody reads half of it. */
export async function keepLogin(env: Env, url: string, kept: Login | undefined): Promise<string> {
  const path = fileOf(env)
  const { [url]: _, ...others } = await readLogins(env)
  const logins = kept === undefined ? others : { ...others, [url]: kept }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: 0o600, flush: true })
  await chmod(draft, 0o600)
  await rename(draft, path)
  return path
}
