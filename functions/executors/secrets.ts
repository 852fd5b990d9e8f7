import * as z from 'zod'
import { minute } from '../../events/time.ts'
import type { Send } from '../aws-send.ts'
import { BoundedMap } from '../bounded-map.ts'
import { PassingError } from '../errors.ts'

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

const found = z.object({ SecretString: z.string().optional() })
const fault = z.object({ __type: z.string() })

/** Secrets Manager does not answer now. What it said is left out: it is of a secret. */
class SecretsUnanswered extends PassingError {
  override readonly name = 'SecretsUnanswered'
}

/** Returns the name of the error that an answer tells of, without the shape's namespace; empty: it tells of none. */
function faultIn(text: string): string {
  try {
    return fault.parse(JSON.parse(text)).__type.replace(/^.*#/, '')
  } catch {
    return ''
  }
}

/** Opens the secrets in Secrets Manager, which `ask` asks. `now` is in milliseconds since the epoch. */
export function openSecrets({ ask, now }: { readonly ask: Send; now(): number }): Secrets {
  const kept = new BoundedMap<string, Kept>(keptAtMost)

  const fetch = async (id: string): Promise<SecretRead> => {
    const { status, text } = await ask({
      ...{ method: 'POST', path: '' },
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
      },
      body: JSON.stringify({ SecretId: id }),
    })
    if (status === 200) {
      const { SecretString } = found.parse(JSON.parse(text))
      if (SecretString !== undefined) return { kind: 'secret', value: SecretString }
      return { kind: 'unavailable', why: `The secret ${id} is not a text.` }
    }
    const name = faultIn(text)
    const why = lasting[name]
    if (why === undefined)
      throw new SecretsUnanswered(`Secrets Manager answered ${status} ${name} when asked for ${id}.`)
    return { kind: 'unavailable', why: `The secret ${id} cannot be read: ${why}.` }
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
    kept.set(id, entry)
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
