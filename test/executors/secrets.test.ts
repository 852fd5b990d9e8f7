import { createServer } from 'node:http'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterEach, describe, expect, test } from 'vitest'
import { type Answer, openSend, type Send } from '../../functions/aws-send.ts'
import { isPassing } from '../../functions/errors.ts'
import { openSecrets, readReference } from '../../functions/executors/secrets.ts'

const kept = (value: object): Answer => ({ status: 200, text: JSON.stringify(value) })
const failing = (name: string, status = 400): Answer => ({
  status,
  text: JSON.stringify({ __type: `com.amazonaws.secretsmanager#${name}`, message: 'canary' }),
})

/** Opens secrets that are kept by who answers for each of them; `count` is how often anything was asked for. */
function open(answer: (id: string, count: number) => Answer) {
  let now = 0
  const calls: string[] = []
  const ask: Send = async ({ body = '' }) => {
    const { SecretId } = JSON.parse(body)
    return answer(SecretId, calls.push(SecretId))
  }
  const secrets = openSecrets({ ask, now: () => now })
  return {
    read: (reference: string) => secrets.read(reference),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    calls,
  }
}

describe('a secret', () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:drydock/vcf-AbCdEf'

  test.each([
    ['drydock/vcf', 'drydock/vcf', 'plain'],
    [arn, arn, 'plain'],
    ['drydock/json#password', 'drydock/json', 'word'],
    [`${arn.replace('vcf', 'json')}#with#hash`, arn.replace('vcf', 'json'), 'inside'],
  ])('is read by %s', async (reference, id, value) => {
    const here = open((SecretId) =>
      kept({
        SecretString: SecretId.includes('json') ? '{"password":"word","with#hash":"inside"}' : 'plain',
      }),
    )
    expect(await here.read(reference)).toEqual({ kind: 'secret', value })
    expect(here.calls).toEqual([id])
  })

  test('is read once for many at once and for all its members, and again after five minutes', async () => {
    let version = 1
    const here = open(() => kept({ SecretString: `{"a":"${version}","b":"x"}` }))
    const first = await Promise.all(['s#a', 's#b', 's', 's#a'].map(here.read))
    expect(first[0]).toEqual({ kind: 'secret', value: '1' })
    expect(here.calls).toEqual(['s'])
    version = 2
    here.pass(5 * 60_000 - 1)
    expect(await here.read('s#a')).toEqual({ kind: 'secret', value: '1' })
    here.pass(1)
    expect(await here.read('s#a')).toEqual({ kind: 'secret', value: '2' })
    expect(here.calls).toEqual(['s', 's'])
  })

  test.each([
    'ResourceNotFoundException',
    'AccessDeniedException',
    'DecryptionFailure',
    'InvalidRequestException',
    'InvalidParameterException',
  ])('that is not there for us (%s) is said to be, and asked for again', async (name) => {
    const { read } = open((_, count) => (count === 1 ? failing(name) : kept({ SecretString: 'now' })))
    expect(await read('drydock/vcf')).toEqual({
      kind: 'unavailable',
      why: expect.stringMatching(/^The secret drydock\/vcf cannot be read: /),
    })
    expect(await read('drydock/vcf')).toEqual({ kind: 'secret', value: 'now' })
  })

  test.each([
    failing('ThrottlingException'),
    failing('InternalServiceError', 500),
    { status: 503, text: '<html>canary</html>' },
  ])(
    'that cannot be read for now ($status) is a passing error to everybody who waits, and is asked for again',
    async (answer) => {
      const { read } = open((_, count) => (count === 1 ? answer : kept({ SecretString: 'now' })))
      const both = await Promise.allSettled([read('s'), read('s')])
      const errors = both.map((one) => (one.status === 'rejected' ? one.reason : undefined))
      expect(errors.map(isPassing)).toEqual([true, true])
      expect(String(errors)).not.toContain('canary')
      expect(await read('s')).toEqual({ kind: 'secret', value: 'now' })
    },
  )

  test.each(['canary', '"canary"', 'null', '[]', '{"a":{"b":"canary"}}', '{"a":7}', '{}'])(
    'of %j has no text at a key, and nothing of it is told',
    async (SecretString) => {
      const { read } = open(() => kept({ SecretString }))
      for (const key of ['a', 'constructor', '__proto__', '0']) {
        const answer = await read(`s#${key}`)
        expect(answer).toMatchObject({ kind: 'unavailable' })
        expect(JSON.stringify(answer)).not.toContain('canary')
      }
    },
  )

  test('that is bytes is none', async () => {
    const { read } = open(() => kept({ SecretBinary: 'AQ==' }))
    expect(await read('s')).toMatchObject({ kind: 'unavailable', why: 'The secret s is not a text.' })
  })

  test.each([
    ...['', '#a', 'a b', 'a\nb', 'ä', 'a?b', 'a*', 'x'.repeat(513), `s#${'k'.repeat(257)}`, 's#'],
    ...[
      'arn:aws:s3:::bucket',
      'arn:aws:secretsmanager:eu-central-1:1:secret:x',
      `${arn}:`,
      'https://x.example/',
    ],
  ])('is not referred to by %j, and nobody is asked', async (reference) => {
    const here = open(() => kept({ SecretString: 'canary' }))
    expect(await here.read(reference)).toMatchObject({ kind: 'unavailable' })
    expect(here.calls).toEqual([])
    expect(readReference(reference)).toBeUndefined()
  })
})

describe('what is asked of Secrets Manager', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  test('is what the SDK asks, signed for that service', async () => {
    const asked: { headers: Record<string, unknown>; body: unknown }[] = []
    const server = createServer(async (request, response) => {
      const chunks = await request.toArray()
      asked.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) })
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      response.end('{"SecretString":"value"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const { port } = server.address() as { port: number } // it listens
    const endpoint = `http://127.0.0.1:${port}`
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
    const client = new SecretsManagerClient({ endpoint, credentials, region: 'eu-central-1' })
    closing.push(() => client.destroy())
    const now = () => Date.now()
    const ask = openSend({
      ...{ service: 'secretsmanager', addressOf: () => endpoint, credentials: async () => credentials },
      ...{ region: async () => 'eu-central-1', now },
    })
    expect(await openSecrets({ ask, now }).read('drydock/vcf#k')).toMatchObject({ kind: 'unavailable' })
    await client.send(new GetSecretValueCommand({ SecretId: 'drydock/vcf' }))
    const [own, bySdk] = asked
    expect(own?.body).toEqual(bySdk?.body)
    for (const header of ['x-amz-target', 'content-type'])
      expect(own?.headers[header]).toEqual(bySdk?.headers[header])
    const scope = /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/secretsmanager\//
    for (const one of [own, bySdk]) expect(one?.headers.authorization).toMatch(scope)
  })
})
