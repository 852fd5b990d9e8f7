import { createHash, randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { dataFile } from './data-files.ts'
import { arn } from './template/types/type.ts'

/** The secrets of this machine, as far as Secrets Manager is asked for them here. */
export interface SecretsOfMachine {
  /** Answers one call; throws {type, message}. */
  request(operation: string, input: unknown): unknown
}

/** As AWS bounds them ("CreateSecret"). */
const name = z.string().regex(/^[\w/+=.@-]{1,512}$/)
const text = z.string().min(1).max(65_536)
const got = z.strictObject({
  SecretId: z.string().min(1).max(2048),
  VersionStage: z.literal('AWSCURRENT').optional(),
})
const created = z.strictObject({ Name: name, SecretString: text, ClientRequestToken: z.string().optional() })
const put = z.strictObject({
  SecretId: z.string().min(1).max(2048),
  SecretString: text,
  ClientRequestToken: z.string().optional(),
})

const kept = z.strictObject({ name, value: text, version: z.string(), at: z.number() })
type Kept = z.infer<typeof kept>

function fault(type: string, message: string): Error {
  return Object.assign(new Error(message), { type })
}

/** AWS puts six characters behind a name, so that an ARN means one secret and not the next of that name; here they follow from it. */
function suffixOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 6)
}

/** Returns the ARN of a secret. */
export function secretArn(secret: string): string {
  return arn('secretsmanager', `secret:${secret}-${suffixOf(secret)}`)
}

/** Returns the name of a secret from what it is called by: that name, or its ARN with or without the characters behind it. */
export function secretName(id: string): string {
  const prefix = arn('secretsmanager', 'secret:')
  if (!id.startsWith(prefix)) return id
  const named = id.slice(prefix.length)
  const whole = named.slice(0, -7)
  return named === `${whole}-${suffixOf(whole)}` ? whole : named
}

/** Returns where a secret lies: its name may hold slashes, so that its file is called by a hash. */
function fileOf(data: string, secret: string): string {
  return join(dataFile(data, 'secrets'), `${createHash('sha256').update(secret).digest('hex')}.json`)
}

/** Keeps a value whole or not at all, readable by its owner alone. `EEXIST` where it is new and was there. */
function write(data: string, secret: Kept, isNew: boolean): void {
  const directory = dataFile(data, 'secrets')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const draft = join(directory, `.${randomUUID()}`)
  writeFileSync(draft, JSON.stringify(secret), { mode: 0o600, flush: true })
  try {
    if (isNew) linkSync(draft, fileOf(data, secret.name))
    else renameSync(draft, fileOf(data, secret.name))
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Keeps the value of a secret, in place of one that was there. Throws a ZodError for a name or value that AWS would not take. */
export function storeSecret(data: string, secret: string, value: string): void {
  write(data, kept.parse({ name: secret, value, version: randomUUID(), at: Date.now() }), false)
}

/** Opens the secrets in a data directory. They are read anew for each call, as another process may store one. */
export function openSecretsOfMachine(data: string): SecretsOfMachine {
  const read = (id: string): Kept => {
    try {
      return kept.parse(JSON.parse(readFileSync(fileOf(data, secretName(id)), 'utf8')))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      throw fault('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
    }
  }
  const named = (secret: Kept) => ({
    ARN: secretArn(secret.name),
    Name: secret.name,
    VersionId: secret.version,
  })
  const checked = <Input>(schema: z.ZodType<Input>, input: unknown): Input => {
    const asked = schema.safeParse(input)
    if (asked.success) return asked.data
    // Without what was given: it may be the secret.
    const places = asked.error.issues.map(({ path, code }) => `${path.join('.')} (${code})`)
    throw fault('InvalidParameterException', `One machine does not know: ${places.join(', ')}.`)
  }
  return {
    request(operation, input) {
      switch (operation) {
        case 'GetSecretValue': {
          const secret = read(checked(got, input).SecretId)
          const { value: SecretString, at } = secret
          return { ...named(secret), SecretString, VersionStages: ['AWSCURRENT'], CreatedDate: at / 1000 }
        }
        case 'CreateSecret': {
          const { Name, SecretString, ClientRequestToken = randomUUID() } = checked(created, input)
          const secret = { name: Name, value: SecretString, version: ClientRequestToken, at: Date.now() }
          try {
            write(data, secret, true)
          } catch (error) {
            if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
            throw fault('ResourceExistsException', `The secret ${Name} is there already.`)
          }
          return named(secret)
        }
        case 'PutSecretValue': {
          const { SecretId, SecretString, ClientRequestToken = randomUUID() } = checked(put, input)
          const secret = {
            ...read(SecretId),
            value: SecretString,
            version: ClientRequestToken,
            at: Date.now(),
          }
          write(data, secret, false)
          return { ...named(secret), VersionStages: ['AWSCURRENT'] }
        }
        default:
          throw fault('UnknownOperationException', `One machine does not ${operation} with secrets.`)
      }
    },
  }
}
