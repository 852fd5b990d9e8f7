import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
} from 'jose'
import * as z from 'zod'
import type { Clock } from '../clock.ts'
import { DamagedFile, readJson } from '../damage.ts'
import { dataFile } from '../data-files.ts'

/** What a token says about its bearer. */
export interface TokenRequest {
  readonly user: string
  readonly roles: readonly string[]
  /** How long it is valid on the clock; 12 hours when left out. */
  readonly ttlSeconds?: number
  /** More claims, or other values for the usual ones. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** Issues the tokens that people and tooling present to the local gateway. */
export interface Issuer {
  readonly issuerUrl: string
  readonly audience: string
  token(request: TokenRequest): Promise<string>
  /** The public keys, as a JSON Web Key Set. */
  jwks(): JSONWebKeySet
}

const issuerFile = z.object({
  issuerUrl: z.string(),
  audience: z.string(),
  roleClaim: z.string(),
  // What an RSA key has of its own to be signed with, and what tokens name it by.
  privateKey: z.looseObject({
    kty: z.literal('RSA'),
    n: z.string(),
    e: z.string(),
    d: z.string(),
    kid: z.string(),
  }),
})
type IssuerFile = z.infer<typeof issuerFile>

const fileName = 'issuer.json'
const twelveHours = 12 * 60 * 60
// API Gateway's JWT authorizer accepts RSA signatures only.
const algorithm = 'RS256'

/**
 * Opens the issuer of a data directory and makes its key at the first time. The file that holds the key is readable
 * by its owner only; another process that opens the same directory issues tokens that are just as valid.
 */
export async function openIssuer(directory: string, clock: Clock): Promise<Issuer> {
  return issuerOf((await readIssuerFile(directory)) ?? (await createIssuerFile(directory)), clock)
}

/** Opens the issuer of a data directory only if a runtime has made one there; undefined otherwise. */
export async function openExistingIssuer(directory: string, clock: Clock): Promise<Issuer | undefined> {
  const file = await readIssuerFile(directory)
  return file === undefined ? undefined : issuerOf(file, clock)
}

async function issuerOf(file: IssuerFile, clock: Clock): Promise<Issuer> {
  const { issuerUrl, audience, roleClaim, privateKey } = file
  const key = await importJWK(privateKey, algorithm)
  const { kty, n, e, kid } = privateKey
  const publicKeys = { keys: [{ kty, n, e, kid, alg: algorithm, use: 'sig' } as JWK] } // RSA keys have just these
  return {
    issuerUrl,
    audience,
    jwks: () => publicKeys,
    token({ user, roles, ttlSeconds = twelveHours, claims = {} }) {
      const now = Math.floor(clock.now() / 1000)
      return new SignJWT({
        iss: issuerUrl,
        aud: audience,
        sub: user,
        [roleClaim]: [...roles],
        iat: now,
        exp: now + ttlSeconds,
        jti: randomUUID(),
        ...claims,
      })
        .setProtectedHeader({ alg: algorithm, kid: kid ?? '', typ: 'JWT' })
        .sign(key)
    },
  }
}

async function readIssuerFile(directory: string): Promise<IssuerFile | undefined> {
  const file = dataFile(directory, fileName)
  if (!existsSync(file)) return undefined
  const read = issuerFile.safeParse(readJson(file))
  if (read.success) return read.data
  throw new DamagedFile(file, `it is no issuer: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`)
}

async function createIssuerFile(directory: string): Promise<IssuerFile> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(privateKey)
  const file = {
    issuerUrl: 'https://issuer.drydock.localhost',
    audience: 'drydock',
    roleClaim: 'roles',
    privateKey: { ...jwk, kid: await calculateJwkThumbprint(jwk) },
  }
  await mkdir(directory, { recursive: true })
  const draft = join(directory, `${fileName}.${randomUUID()}`)
  await writeFile(draft, JSON.stringify(file, undefined, 2), { mode: 0o600, flush: true })
  try {
    // A link appears complete or not at all, and never replaces the key of a process that was faster.
    await link(draft, dataFile(directory, fileName))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // file system errors carry a code
  } finally {
    await rm(draft)
  }
  const created = await readIssuerFile(directory)
  if (created === undefined) throw new Error(`${dataFile(directory, fileName)} vanished while it was made`)
  return created
}
