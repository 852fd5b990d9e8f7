import { createPrivateKey, type JsonWebKey, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { misused } from '../failure.ts'

/** What the issuer of a data directory keeps, as docs/one-machine.md describes it. */
interface IssuerFile {
  readonly issuerUrl: string
  readonly audience: string
  readonly roleClaim: string
  readonly privateKey: JsonWebKey & { readonly kid: string }
}

/** In seconds. */
const lifetime = 12 * 60 * 60

/**
 * Returns a token of the runtime that keeps its data in a directory: whoever may read that may be anybody there. Throws a Failure where
 * there is no issuer.
 */
export function localToken(directory: string, user: string, roles: readonly string[]): string {
  const { issuerUrl, audience, roleClaim, privateKey } = issuerOf(directory)
  const wall = Date.now()
  const clock = anchorOf(directory) ?? wall
  // The runtime's clock may be ahead of the wall, and its file is ahead of that by up to a second.
  const claims = {
    ...{ iss: issuerUrl, aud: audience, sub: user, [roleClaim]: roles, jti: randomUUID() },
    iat: Math.floor(Math.min(wall, clock - 1000) / 1000),
    exp: Math.floor(Math.max(wall, clock) / 1000) + lifetime,
  }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'RS256', kid: privateKey.kid, typ: 'JWT' })}.${part(claims)}`
  const key = createPrivateKey({ key: privateKey, format: 'jwk' })
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}

function issuerOf(directory: string): IssuerFile {
  const file = join(directory, 'issuer.json')
  try {
    const read: Partial<IssuerFile> = JSON.parse(readFileSync(file, 'utf8'))
    const { issuerUrl, audience, roleClaim, privateKey } = read
    if (issuerUrl && audience && roleClaim && privateKey?.kid)
      return { issuerUrl, audience, roleClaim, privateKey }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw misused(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
    throw misused(
      `${directory} has no issuer: no runtime keeps its data there, or none has been started yet.`,
      `Next: npm start -- --data ${directory}, or another --data DIR.`,
    )
  }
  throw misused(`${file} is no issuer.`)
}

function anchorOf(directory: string): number | undefined {
  try {
    const { instant } = JSON.parse(readFileSync(join(directory, 'clock.json'), 'utf8'))
    return typeof instant === 'number' ? instant : undefined
  } catch {
    return undefined
  }
}
