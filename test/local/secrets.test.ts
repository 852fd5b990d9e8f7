import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { afterEach, describe, expect, it } from 'vitest'
import { openSend } from '../../functions/aws-send.ts'
import { openSecrets } from '../../functions/executors/secrets.ts'
import { rightsOnSecrets } from '../../infra/local/access/asked.ts'
import { type Runtime, startRuntime } from '../../infra/local/runtime.ts'
import { secretArn, secretName, storeSecret } from '../../infra/local/secrets.ts'
import { fixtureTemplate, scratch, writeAssembly } from './fixture.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let runtime: Runtime | undefined
afterEach(async () => {
  await runtime?.stop()
  runtime = undefined
})

async function start(data = scratch(), credentials?: { accessKeyId: string; secretAccessKey: string }) {
  runtime = await startRuntime({ template: writeAssembly(fixtureTemplate()), data })
  const client = new SecretsManagerClient({
    ...{ endpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_SECRETS_MANAGER), region: 'eu-central-1' },
    ...{ maxAttempts: 1, credentials: credentials ?? runtime.administrator },
  })
  return { client, data }
}

const store = (data: string, name: string, input: string | Buffer) =>
  spawnSync(process.execPath, ['infra/local/secret.ts', '--data', data, '--name', name], {
    ...{ cwd: root, input, encoding: 'utf8' },
  })

describe('the secrets of one machine', () => {
  it('are created, read and replaced as Secrets Manager does it, and outlive the runtime', async () => {
    const { client, data } = await start()
    const created = await client.send(new CreateSecretCommand({ Name: 'drydock/vcf', SecretString: 'one' }))
    expect(created).toMatchObject({ Name: 'drydock/vcf', ARN: secretArn('drydock/vcf') })
    const again = client.send(new CreateSecretCommand({ Name: 'drydock/vcf', SecretString: 'two' }))
    await expect(again).rejects.toMatchObject({ name: 'ResourceExistsException' })
    const changed = await client.send(
      new PutSecretValueCommand({ SecretId: String(created.ARN), SecretString: 'three' }),
    )
    expect(changed.VersionId).not.toBe(created.VersionId)
    await runtime?.stop()
    const { client: other } = await start(data)
    for (const SecretId of ['drydock/vcf', String(created.ARN), String(created.ARN).slice(0, -7)])
      expect(await other.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
        Name: 'drydock/vcf',
        SecretString: 'three',
        VersionId: changed.VersionId,
        VersionStages: ['AWSCURRENT'],
      })
  })

  it('are read by what functions read them with, and are there as soon as they are stored', async () => {
    const { data } = await start()
    const ask = openSend({
      ...{ service: 'secretsmanager', region: async () => 'eu-central-1', now: Date.now },
      addressOf: () => String(runtime?.endpoints.AWS_ENDPOINT_URL_SECRETS_MANAGER),
      credentials: async () => runtime?.administrator ?? { accessKeyId: '', secretAccessKey: '' },
    })
    const secrets = openSecrets({ ask, now: Date.now })
    expect(await secrets.read('drydock/vcf#password')).toMatchObject({ kind: 'unavailable' })
    const { status, stdout, stderr } = store(data, 'drydock/vcf', '{"password":"canary-word"}\n')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('refer to it as drydock/vcf, or as arn:aws:secretsmanager:')
    expect(stdout).not.toContain('canary')
    expect(await secrets.read('drydock/vcf#password')).toEqual({ kind: 'secret', value: 'canary-word' })
  })

  it('S24: are readable by their owner alone, each in a file whose name says nothing', async () => {
    const data = scratch()
    expect(store(data, '../../etc/passwd', 'canary').status).toBe(0)
    expect(store(data, '../../etc/passwd', 'canary-2').status).toBe(0)
    const directory = join(data, 'secrets')
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const [file = '', ...others] = readdirSync(directory)
    expect(others).toEqual([])
    expect(file).toMatch(/^[0-9a-f]{64}\.json$/)
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(join(directory, file), 'utf8')).value).toBe('canary-2')
  })

  it('are not read by who has no right to, nor by nobody', async () => {
    const { client, data } = await start()
    await client.send(new CreateSecretCommand({ Name: 'drydock/vcf', SecretString: 'one' }))
    await runtime?.stop()
    const { client: stranger } = await start(data, { accessKeyId: 'guessed', secretAccessKey: 'x' })
    const read = stranger.send(new GetSecretValueCommand({ SecretId: 'drydock/vcf' }))
    await expect(read).rejects.toMatchObject({ name: 'UnrecognizedClientException' })
    expect(rightsOnSecrets('GetSecretValue', { SecretId: 'drydock/vcf' })).toEqual([
      { action: 'secretsmanager:GetSecretValue', resource: secretArn('drydock/vcf') },
    ])
    expect(rightsOnSecrets('GetSecretValue', { SecretId: secretArn('drydock/vcf') })).toEqual(
      rightsOnSecrets('GetSecretValue', { SecretId: 'drydock/vcf' }),
    )
  })

  it('refuse what they do not know, and show nothing of it', async () => {
    const { client } = await start()
    const put = { SecretId: 'none', SecretString: 'canary' }
    const refused = await Promise.allSettled([
      client.send(new DeleteSecretCommand({ SecretId: 'x' })),
      client.send(
        new GetSecretValueCommand({ SecretId: 'x', VersionId: 'canary-version-of-the-secret-32-long' }),
      ),
      client.send(new GetSecretValueCommand({ SecretId: 'x', VersionStage: 'AWSPREVIOUS' })),
      client.send(new CreateSecretCommand({ Name: 'a b', SecretString: 'canary' })),
      client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'canary', KmsKeyId: 'x' })),
      client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'x'.repeat(65_537) })),
      client.send(new PutSecretValueCommand(put)),
    ])
    const names = refused.map((one) => (one.status === 'rejected' ? one.reason.name : 'taken'))
    expect(names).toEqual([
      'UnknownOperationException',
      ...Array(5).fill('InvalidParameterException'),
      'ResourceNotFoundException',
    ])
    const said = refused.map((one) => (one.status === 'rejected' ? one.reason.message : '')).join()
    expect(said).not.toContain('canary')
  })

  it.each([
    ['a name that is none', 'a b', 'x', /A name is of 1 to 512/],
    ['no value', 'a', '\n', /A value has 1 to 65,536/],
    ['too long a value', 'a', 'x'.repeat(65_537), /A value has 1 to 65,536/],
    ['bytes', 'a', Buffer.from([0xff, 0xfe]), /not text/],
  ])('are not stored with %s', (_, name, value, why) => {
    const data = scratch()
    const { status, stderr } = store(data, name, value)
    expect([status, stderr]).toEqual([1, expect.stringMatching(why)])
    expect(() => readdirSync(join(data, 'secrets'))).toThrow('ENOENT')
  })

  it('are called by a name that may look like the end of an ARN', () => {
    for (const name of ['a', 'a-b', 'a-123456', 'drydock/a-abcdef-123456']) {
      expect(secretName(secretArn(name))).toBe(name)
      expect(secretName(name)).toBe(name)
    }
    const data = scratch()
    storeSecret(data, 'a-123456', 'x')
    expect(readdirSync(join(data, 'secrets'))).toHaveLength(1)
  })
})
