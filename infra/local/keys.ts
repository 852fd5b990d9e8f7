import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { dataFile } from './data-files.ts'
import { ofType } from './template/read.ts'
import type { Resource } from './template/stack.ts'

/** The signing keys of a template, as far as KMS is asked for them here. */
export interface Keys {
  /** Answers one call; throws {type, message}. */
  request(operation: string, input: unknown): unknown
}

const signing = z.strictObject({
  KeyId: z.string(),
  Message: z.base64(),
  MessageType: z.literal('RAW'),
  SigningAlgorithm: z.literal('ED25519_SHA_512'),
})

const asking = z.strictObject({ KeyId: z.string() })

function fault(type: string, message: string): Error {
  return Object.assign(new Error(message), { type })
}

function read<Asked>(schema: z.ZodType<Asked>, input: unknown): Asked {
  const asked = schema.safeParse(input)
  if (!asked.success) throw fault('ValidationException', z.prettifyError(asked.error))
  return asked.data
}

/** Returns where the private and the public half of a key lie. */
function keyFiles(data: string, id: string) {
  const directory = dataFile(data, 'keys')
  return { directory, secret: join(directory, `${id}.pem`), shown: join(directory, `${id}.public.pem`) }
}

/** Makes a key at the first time. Its file is readable by its owner only, and appears whole or not at all. */
function openKey(data: string, id: string): KeyObject {
  const { directory, secret, shown } = keyFiles(data, id)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const draft = join(directory, `.${randomUUID()}`)
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(draft, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flush: true })
  try {
    linkSync(draft, secret)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // file system errors carry a code
  } finally {
    rmSync(draft)
  }
  const key = createPrivateKey(readFileSync(secret))
  writeFileSync(shown, createPublicKey(key).export({ format: 'pem', type: 'spki' }))
  return key
}

/** Opens the keys of a template that sign; those that encrypt tables have nothing to do on one machine. */
export function openKeys(resources: readonly Resource[], data: string): Keys {
  const signers = ofType(resources, 'AWS::KMS::Key').filter(
    ({ properties }) => properties.KeyUsage === 'SIGN_VERIFY',
  )
  const byArn = new Map(
    signers.map(({ logicalId, identity }) => [identity.attributes.Arn, openKey(data, logicalId)]),
  )
  const keyOf = (arn: string): KeyObject => {
    const key = byArn.get(arn)
    if (key === undefined) throw fault('NotFoundException', `No key that signs is called ${arn}.`)
    return key
  }
  return {
    request(operation, input) {
      if (operation === 'GetPublicKey') {
        const { KeyId } = read(asking, input)
        const der = createPublicKey(keyOf(KeyId)).export({ format: 'der', type: 'spki' })
        const what = { KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' }
        return { KeyId, PublicKey: der.toString('base64'), ...what, SigningAlgorithms: ['ED25519_SHA_512'] }
      }
      if (operation !== 'Sign')
        throw fault('UnknownOperationException', `One machine does not ${operation} with keys.`)
      const { KeyId, Message, SigningAlgorithm } = read(signing, input)
      const key = keyOf(KeyId)
      const message = Buffer.from(Message, 'base64')
      // KMS takes no more (AWS).
      if (message.length > 4096) throw fault('ValidationException', 'A message has at most 4096 bytes.')
      return { KeyId, SigningAlgorithm, Signature: sign(null, message, key).toString('base64') }
    },
  }
}
