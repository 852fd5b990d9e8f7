import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, describe, expect, it } from 'vitest'
import { consoleEndpoint } from '../../functions/api/console.ts'
import { readBrowserFiles, type SignIn } from '../../functions/browser.ts'

const directory = mkdtempSync(join(tmpdir(), 'drydock-console-'))
const page = '<!doctype html><title>Drydock</title>'
const script = 'console.log(1);'.repeat(50)
mkdirSync(join(directory, 'files', 'assets'), { recursive: true })
writeFileSync(join(directory, 'secret.json'), '{}')
writeFileSync(join(directory, 'files', 'index.html'), page)
writeFileSync(join(directory, 'files', 'reference.html'), page)
writeFileSync(join(directory, 'files', 'assets', 'index-a1b2c3.js'), script)
writeFileSync(join(directory, 'files', 'assets', 'index-a1b2c3.js.gz'), gzipSync(script))
afterAll(() => rmSync(directory, { recursive: true }))

const signIn: SignIn = {
  ...{ issuer: 'https://login.example.com/', client: 'console', scope: 'openid', roleClaim: 'roles' },
  ...{
    authorizationUrl: 'https://login.example.com/authorize',
    tokenUrl: 'https://tokens.example.com:8443/token',
  },
}
const browserFiles = readBrowserFiles(pathToFileURL(`${join(directory, 'files')}/`))
const endpoint = consoleEndpoint({ browserFiles, signIn })

async function get(rawPath: string, headers: Readonly<Record<string, string>> = {}) {
  const event = { rawPath, headers } as unknown as APIGatewayProxyEventV2 // what of it is read
  const { statusCode, headers: answered = {}, body = '', isBase64Encoded } = await endpoint(event)
  return { statusCode, headers: answered, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') }
}

const paths = [
  '/',
  '/console',
  '/reference',
  '/console/config.json',
  '/console/assets/index-a1b2c3.js',
  '/console/none',
]

describe('what browsers load', () => {
  it.each(paths)(
    '%s comes with a policy by which nothing else is loaded, run, framed or sent',
    async (path) => {
      const { headers } = await get(path)
      const policy = String(headers['content-security-policy']).split('; ')
      expect(policy).toEqual([
        ...["default-src 'none'", "script-src 'self'", "style-src 'self'"],
        ...[
          "connect-src 'self' https://tokens.example.com:8443",
          "img-src 'self' data:",
          "form-action 'self'",
        ],
        ...["base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"],
      ])
      expect(headers).toMatchObject({
        ...{
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'x-frame-options': 'DENY',
        },
        ...{ 'strict-transport-security': expect.stringMatching(/^max-age=\d{8}; includeSubDomains$/) },
        ...{ 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin' },
      })
    },
  )

  it('is a page at its own path, asked for again each time, and not sent again while it is the same', async () => {
    const { statusCode, headers, body } = await get('/console')
    expect([statusCode, headers['content-type'], headers['cache-control'], body.toString()]).toEqual([
      ...[200, 'text/html; charset=utf-8', 'no-cache', page],
    ])
    const again = await get('/console', { 'if-none-match': String(headers.etag) })
    expect([again.statusCode, again.body.length]).toEqual([304, 0])
    expect((await get('/console', { 'if-none-match': '"0000000000000000"' })).statusCode).toBe(200)
  })

  it('is a file with the hash of what is in it in its name, which is kept for a year', async () => {
    const { headers, body } = await get('/console/assets/index-a1b2c3.js')
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect([headers['content-type'], body.toString()]).toEqual(['text/javascript; charset=utf-8', script])
  })

  it('comes packed to who can unpack it, under a tag of its own', async () => {
    const plain = await get('/console/assets/index-a1b2c3.js')
    const packed = await get('/console/assets/index-a1b2c3.js', { 'accept-encoding': 'gzip, deflate, br' })
    expect([packed.headers['content-encoding'], gunzipSync(packed.body).toString()]).toEqual(['gzip', script])
    expect(packed.headers.etag).not.toBe(plain.headers.etag)
    expect(packed.headers.vary).toBe('accept-encoding')
    const never = await get('/console/assets/index-a1b2c3.js', { 'accept-encoding': 'xgzip' })
    expect(never.headers['content-encoding']).toBeUndefined()
  })

  it('says where to sign in, and is kept by nobody', async () => {
    const { headers, body } = await get('/console/config.json')
    expect([headers['content-type'], headers['cache-control'], JSON.parse(body.toString())]).toEqual([
      ...['application/json', 'no-store', signIn],
    ])
  })

  it('is found from the address alone', async () => {
    const { statusCode, headers } = await get('/')
    expect([statusCode, headers.location]).toEqual([302, '/console'])
  })

  it.each([
    ...[
      '/console/../secret.json',
      '/console/%2e%2e/secret.json',
      '/console/..%2fsecret.json',
      '/console//etc/passwd',
    ],
    ...[
      '/console/assets',
      '/console/assets/',
      '/console/',
      '/console/assets/index-a1b2c3.js.gz',
      '/console/index.html',
    ],
    ...[
      '/console/__proto__',
      '/console/constructor',
      '/reference/',
      '/console/<script>alert(1)</script>',
      '//evil.example',
    ],
  ])('is not found at %s, and nothing that was asked for is said back', async (path) => {
    const { statusCode, headers, body } = await get(path)
    expect([statusCode, headers['content-type'], body.toString()]).toEqual([
      ...[404, 'text/plain; charset=utf-8', 'There is no such page.\n'],
    ])
  })

  it('leads nobody elsewhere: no address of a token is a policy of its own', async () => {
    const nowhere = consoleEndpoint({ browserFiles, signIn: { ...signIn, tokenUrl: '' } })
    const { headers = {} } = await nowhere({
      rawPath: '/console',
      headers: {},
    } as unknown as APIGatewayProxyEventV2)
    expect(headers['content-security-policy']).toContain("connect-src 'self';")
  })

  it('is not started with a file of a type that browsers are not served', () => {
    expect(() => readBrowserFiles(pathToFileURL(`${directory}/`))).not.toThrow()
    writeFileSync(join(directory, 'files', 'key.pem'), '')
    expect(() => readBrowserFiles(pathToFileURL(`${join(directory, 'files')}/`))).toThrow('key.pem')
    rmSync(join(directory, 'files', 'key.pem'))
  })
})
