import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { BrowserFile, BrowserFiles, SignIn } from '../browser.ts'
import { securityHeaders } from './http/security-headers.ts'

type Result = APIGatewayProxyStructuredResultV2

/** What the console is made of, and where people sign in to it. */
export interface ConsoleServices {
  readonly browserFiles: BrowserFiles
  readonly signIn: SignIn
}

/** Which file is shown at a path that is no file's. */
const shownAt: Readonly<Record<string, string>> = {
  '/console': 'index.html',
  '/reference': 'reference.html',
}

/** What is loaded from elsewhere than the API: the token of who signs in. */
function originOf(url: string): string {
  return URL.canParse(url) ? ` ${new URL(url).origin}` : ''
}

/**
 * Returns the handler of what browsers load: pages, the files that they refer to, and `config.json`, which says where to sign in. Every
 * answer has the policy by which nothing else is loaded, run, framed or sent (ASVS 5.0, chapter 3). Pages are asked for again each time and
 * known by their tag; files have the hash of what is in them in their names, and are kept for a year.
 */
export function consoleEndpoint({ browserFiles, signIn }: ConsoleServices) {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self'${originOf(signIn.tokenUrl)}`,
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
  const { 'cache-control': never, ...always } = securityHeaders
  const headers = {
    ...always,
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    // For browsers that do not know frame-ancestors.
    'x-frame-options': 'DENY',
  }
  const config = JSON.stringify(signIn)

  return async (event: APIGatewayProxyEventV2): Promise<Result> => {
    const { rawPath = '/', headers: asked = {} } = event
    if (rawPath === '/') {
      return { statusCode: 302, headers: { ...headers, 'cache-control': never, location: '/console' } }
    }
    if (rawPath === '/console/config.json') {
      const json = { 'content-type': 'application/json', 'cache-control': never }
      return { statusCode: 200, headers: { ...headers, ...json }, body: config }
    }
    const shown = Object.hasOwn(shownAt, rawPath) ? shownAt[rawPath] : undefined
    const file = browserFiles.get(shown ?? rawPath.replace(/^\/console\//, ''))
    // A page is at its own path alone: what else is called so would be kept like a file that never changes.
    if (file === undefined || (shown === undefined && file.type.startsWith('text/html'))) {
      const words = 'There is no such page.\n'
      const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': never }
      return { statusCode: 404, headers: { ...headers, ...plain }, body: words }
    }
    const kept = rawPath.startsWith('/console/assets/')
    const caching = kept ? 'public, max-age=31536000, immutable' : 'no-cache'
    return fileAnswer(file, { ...headers, 'cache-control': caching }, asked)
  }
}

function fileAnswer(
  { type, bytes, packed, hash }: BrowserFile,
  headers: Readonly<Record<string, string>>,
  asked: Readonly<Record<string, string | undefined>>,
): Result {
  const takesPacked = /(^|,)\s*gzip\s*(,|$)/.test(asked['accept-encoding'] ?? '')
  const isPacked = packed !== undefined && takesPacked
  // What is sent in two forms has two tags.
  const etag = isPacked ? `"${hash}-gzip"` : `"${hash}"`
  const told = { ...headers, etag, vary: 'accept-encoding' }
  const known = (asked['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
  if (known.includes(etag)) return { statusCode: 304, headers: told }
  const body = isPacked ? packed : bytes
  return {
    statusCode: 200,
    headers: { ...told, 'content-type': type, ...(isPacked && { 'content-encoding': 'gzip' }) },
    body: body.toString('base64'),
    isBase64Encoded: true,
  }
}
