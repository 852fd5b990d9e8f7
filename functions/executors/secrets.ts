import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { minute } from '../../events/time.ts'

/** A secret as it is named where it is needed: its name or ARN, and the member of the JSON that it is. */
export interface SecretReference {
  readonly id: string
  readonly key: string | undefined
}

/** The value of a secret, or why there is none, in words that show nothing of it. */
export type SecretRead =
  | { readonly kind: 'secret'; readonly value: string }
  | { readonly kind: 'unavailable'; readonly why: string }

/** Secrets, read where they are kept. They are in no event, log or answer: a reference is all that is ever written down (S24). */
export interface Secrets {
  /** Reads a secret by its reference; rejects where the service does not answer, which passes. */
  read(reference: string): Promise<SecretRead>
}

/** So long a value is used after it was read: a rotated one is taken up within this time. */
const keptFor = 5 * minute
const keptAtMost = 100

/** AWS, "CreateSecret": a name is of these 1 to 512 characters. `#` is none of them, so that it parts a name and a key. */
const named = /^[\w/+=.@-]{1,512}$/
const byArn = /^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,519}$/

/** By these the service says that there is no such secret for us; what else it says passes. */
const lasting: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'there is none of that name',
  AccessDeniedException: 'it may not be read from here: its name has to begin as the deployment says',
  DecryptionFailure: 'its key does not open it',
  InvalidRequestException: 'it is marked to be deleted',
  InvalidParameterException: 'its name is none',
}

/** Reads a reference: `name`, `name#key`, `arn:aws:secretsmanager:…`, `arn:…#key`. Undefined: it is none. */
export function readReference(reference: string): SecretReference | undefined {
  const [, id = '', key] = /^([^#]*)(?:#(.+))?$/s.exec(reference) ?? []
  if (!(named.test(id) || byArn.test(id)) || (key?.length ?? 0) > 256) return undefined
  return { id, key }
}

interface Kept {
  readonly read: Promise<SecretRead>
  /** In milliseconds since the epoch. */
  readonly until: number
}

/** Opens the secrets in Secrets Manager. `now` is in milliseconds since the epoch. */
export function openSecrets({
  client,
  now,
}: {
  readonly client: SecretsManagerClient
  now(): number
}): Secrets {
  const kept = new Map<string, Kept>()

  const fetch = async (id: string): Promise<SecretRead> => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }))
      if (SecretString !== undefined) return { kind: 'secret', value: SecretString }
      return { kind: 'unavailable', why: `The secret ${id} is not a text.` }
    } catch (error) {
      const why = error instanceof Error ? lasting[error.name] : undefined
      if (why === undefined) throw error
      return { kind: 'unavailable', why: `The secret ${id} cannot be read: ${why}.` }
    }
  }

  const whole = (id: string): Promise<SecretRead> => {
    const present = kept.get(id)
    if (present !== undefined && now() < present.until) return present.read
    // One request for all who want it: it is kept before it is answered, and only while it is a value.
    const read = fetch(id)
    const entry = { read, until: now() + keptFor }
    const forget = () => {
      if (kept.get(id) === entry) kept.delete(id)
    }
    read.then(({ kind }) => kind === 'secret' || forget(), forget)
    kept.delete(id)
    kept.set(id, entry)
    const [oldest] = kept.keys()
    if (kept.size > keptAtMost && oldest !== undefined) kept.delete(oldest)
    return read
  }

  return {
    async read(text) {
      const reference = readReference(text)
      if (reference === undefined)
        return {
          kind: 'unavailable',
          why: 'A reference is the name or ARN of a secret, and #key where it is JSON.',
        }
      const { id, key } = reference
      const read = await whole(id)
      if (read.kind !== 'secret' || key === undefined) return read
      const value = memberOf(read.value, key)
      if (value !== undefined) return { kind: 'secret', value }
      return { kind: 'unavailable', why: `The secret ${id} is not JSON with a text at ${key}.` }
    },
  }
}

function memberOf(text: string, key: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    const member = (value as Readonly<Record<string, unknown>>)[key] // it has the key
    return typeof member === 'string' ? member : undefined
  } catch {
    return undefined
  }
}
