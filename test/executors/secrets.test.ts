import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import { openSecrets, readReference } from '../../functions/executors/secrets.ts'

const manager = mockClient(SecretsManagerClient)
beforeEach(() => {
  manager.reset()
})

function open() {
  let now = 0
  const secrets = openSecrets({
    client: new SecretsManagerClient({ region: 'eu-central-1' }),
    now: () => now,
  })
  return {
    read: (reference: string) => secrets.read(reference),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    get calls() {
      return manager.commandCalls(GetSecretValueCommand).map(({ args }) => args[0].input.SecretId)
    },
  }
}

const failing = (name: string) => Object.assign(new Error('canary'), { name })

describe('a secret', () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:drydock/vcf-AbCdEf'

  test.each([
    ['drydock/vcf', 'drydock/vcf', 'plain'],
    [arn, arn, 'plain'],
    ['drydock/json#password', 'drydock/json', 'word'],
    [`${arn.replace('vcf', 'json')}#with#hash`, arn.replace('vcf', 'json'), 'inside'],
  ])('is read by %s', async (reference, id, value) => {
    manager.on(GetSecretValueCommand).callsFake(({ SecretId }) => ({
      SecretString: SecretId.includes('json') ? '{"password":"word","with#hash":"inside"}' : 'plain',
    }))
    const here = open()
    expect(await here.read(reference)).toEqual({ kind: 'secret', value })
    expect(here.calls).toEqual([id])
  })

  test('is read once for many at once and for all its members, and again after five minutes', async () => {
    let version = 1
    manager.on(GetSecretValueCommand).callsFake(() => ({ SecretString: `{"a":"${version}","b":"x"}` }))
    const here = open()
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
    manager.on(GetSecretValueCommand).rejectsOnce(failing(name)).resolves({ SecretString: 'now' })
    const { read } = open()
    expect(await read('drydock/vcf')).toEqual({
      kind: 'unavailable',
      why: expect.stringMatching(/^The secret drydock\/vcf cannot be read: /),
    })
    expect(await read('drydock/vcf')).toEqual({ kind: 'secret', value: 'now' })
  })

  test('that cannot be read for now passes on the error, to everybody who waits, and is asked for again', async () => {
    manager
      .on(GetSecretValueCommand)
      .rejectsOnce(failing('ThrottlingException'))
      .resolves({ SecretString: 'now' })
    const { read } = open()
    const both = await Promise.allSettled([read('s'), read('s')])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await read('s')).toEqual({ kind: 'secret', value: 'now' })
  })

  test.each(['canary', '"canary"', 'null', '[]', '{"a":{"b":"canary"}}', '{"a":7}', '{}'])(
    'of %j has no text at a key, and nothing of it is told',
    async (SecretString) => {
      manager.on(GetSecretValueCommand).resolves({ SecretString })
      const { read } = open()
      for (const key of ['a', 'constructor', '__proto__', '0']) {
        const answer = await read(`s#${key}`)
        expect(answer).toMatchObject({ kind: 'unavailable' })
        expect(JSON.stringify(answer)).not.toContain('canary')
      }
    },
  )

  test('that is bytes is none', async () => {
    manager.on(GetSecretValueCommand).resolves({ SecretBinary: new Uint8Array([1]) })
    expect(await open().read('s')).toMatchObject({ kind: 'unavailable', why: 'The secret s is not a text.' })
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
    const here = open()
    expect(await here.read(reference)).toMatchObject({ kind: 'unavailable' })
    expect(here.calls).toEqual([])
    expect(readReference(reference)).toBeUndefined()
  })
})
