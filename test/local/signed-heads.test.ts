import { createPublicKey } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { followHeads, type HeadsStatement, readHeadsKey, signedText } from '../../events/heads.ts'
import { openSend, type Question } from '../../functions/aws-send.ts'
import { openVault } from '../../functions/heads/vault.ts'
import { openPublicKey, openSigner } from '../../functions/signer.ts'
import { type AwsEndpoint, bucketsPath, openAwsEndpoint } from '../../infra/local/aws-endpoint.ts'
import { openBuckets } from '../../infra/local/buckets.ts'
import { openKeys } from '../../infra/local/keys.ts'
import type { Resource } from '../../infra/local/template/stack.ts'
import { scratch } from './fixture.ts'

const keyArn = 'arn:aws:kms:eu-central-1:000000000000:key/HeadsKey'
const resources: readonly Resource[] = [
  resource('HeadsKey', 'AWS::KMS::Key', 'HeadsKey', { KeyUsage: 'SIGN_VERIFY' }, keyArn),
  resource('LogKey', 'AWS::KMS::Key', 'LogKey', {}, 'arn:aws:kms:eu-central-1:000000000000:key/LogKey'),
  resource('HeadsBucket', 'AWS::S3::Bucket', 'drydock-heads', {}, 'arn:aws:s3:::drydock-heads'),
]

function resource(
  logicalId: string,
  type: string,
  ref: string,
  properties: Record<string, unknown>,
  Arn: string,
): Resource {
  return { logicalId, type, properties, identity: { ref, attributes: { Arn } } } as Resource // as far as it is looked at here
}

let endpoint: AwsEndpoint | undefined
afterEach(() => endpoint?.close())

/** The stand-ins of one machine on a data directory, and the clients of the function that writes heads. */
async function open(data = scratch()) {
  await endpoint?.close()
  const keys = openKeys(resources, data)
  const nothing = () => {
    throw new Error('Nobody asks for this.')
  }
  endpoint = await openAwsEndpoint(
    {
      ...{ stepFunctions: nothing, machineOfToken: nothing, eventBridge: nothing, scheduler: nothing },
      ...{ secrets: nothing, commands: nothing, mail: nothing, metrics: nothing, queues: nothing },
      keys: (operation, input) => keys.request(operation, input),
      buckets: openBuckets(resources, data),
    },
    { demand: () => {} },
  )
  const { url } = endpoint
  const to = (service: 's3' | 'kms', address: string) =>
    openSend({
      ...{ service, addressOf: () => address, region: async () => 'eu-central-1', now: Date.now },
      credentials: async () => ({ accessKeyId: 'local', secretAccessKey: 'local' }),
      pause: async () => {},
    })
  const bucket = to('s3', `${url}${bucketsPath}/drydock-heads`)
  return {
    data,
    bucket,
    signer: openSigner(to('kms', url), keyArn),
    other: openSigner(to('kms', url), 'LogKey'),
    publicKey: openPublicKey(to('kms', url), keyArn),
    otherPublicKey: openPublicKey(to('kms', url), 'LogKey'),
    vault: openVault(bucket),
  }
}

const stated = (number: number): HeadsStatement => ({
  ...{ number, previous: '', day: '2026-03-02', at: '2026-03-02T08:00:00.000Z', through: null },
  heads: [['target#ä', 3, 'f'.repeat(64)]],
})

describe('heads on one machine', () => {
  test('are kept once each, and the newest is found', async () => {
    const { vault, signer, data } = await open()
    expect(await vault.newest()).toBeUndefined()
    for (const number of [1, 2, 9, 10, 11]) {
      const document = { ...stated(number), signature: await signer.sign(signedText(stated(number))) }
      expect(await vault.keep(document)).toBe('kept')
      expect(await vault.keep({ ...document, heads: [] })).toBe('taken')
      expect(await vault.newest()).toEqual(document)
    }
    expect(readdirSync(join(data, 'buckets', 'drydock-heads', 'heads'))).toHaveLength(5)
    expect(readdirSync(join(data, 'buckets', 'drydock-heads'))).toEqual(['heads'])
  })

  test('are signed by a key of their own, which only its owner may read and which a start finds again', async () => {
    const { data, signer } = await open()
    const key = readHeadsKey(readFileSync(join(data, 'keys', 'HeadsKey.public.pem'), 'utf8'))
    const first = { ...stated(1), signature: await signer.sign(signedText(stated(1))) }
    expect(followHeads(key)(first)).toEqual([])
    expect(statSync(join(data, 'keys', 'HeadsKey.pem')).mode & 0o777).toBe(0o600)
    expect(statSync(join(data, 'keys')).mode & 0o777).toBe(0o700)
    expect(createPublicKey(readFileSync(join(data, 'keys', 'HeadsKey.pem'))).equals(key)).toBe(true)
    expect(existsSync(join(data, 'keys', 'LogKey.pem')), 'what encrypts tables signs nothing').toBe(false)
    const told = await (await open(data)).publicKey()
    expect(told.keyId).toBe('HeadsKey')
    expect(createPublicKey(told.publicKey).equals(key)).toBe(true)
    const again = await open(data)
    expect(
      followHeads(key)({ ...stated(1), signature: await again.signer.sign(signedText(stated(1))) }),
    ).toEqual([])
  })

  test('are refused where AWS refuses them', async () => {
    const { bucket, signer, other, otherPublicKey, vault } = await open()
    const put = (headers: Question['headers'], path = 'heads/1.json') =>
      bucket({ method: 'PUT', path, body: '{}', ...(headers && { headers }) })
    expect(await put({})).toMatchObject({ status: 403, text: expect.stringContaining('AccessDenied') })
    expect(await put({ 'if-none-match': '*' }, 'heads/..%2F..%2Fclock.json')).toMatchObject({ status: 400 })
    expect(await bucket({ method: 'GET', path: 'heads/2.json' })).toMatchObject({ status: 404 })
    await expect(otherPublicKey()).rejects.toThrow(/NotFoundException/)
    await expect(other.sign('text')).rejects.toThrow(/answered with 400: .*NotFoundException/)
    await expect(signer.sign('x'.repeat(4097))).rejects.toThrow(/ValidationException/)
    await endpoint?.close()
    await expect(vault.newest()).rejects.toThrow()
  })
})
