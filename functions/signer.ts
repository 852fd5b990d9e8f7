import { createPublicKey } from 'node:crypto'
import * as z from 'zod'
import { type Answer, type Question, Refused, type Send } from './aws-send.ts'
import { PassingError } from './errors.ts'

/** Signs with a key that never leaves its place. */
export interface Signer {
  /** Which key it is. */
  readonly keyId: string
  /** Returns the Ed25519 signature under a text, in base64. */
  sign(text: string): Promise<string>
}

/** The half of a key that verifies, for others to hold signatures against. */
export interface PublicKey {
  readonly keyId: string
  /** As PEM. */
  readonly publicKey: string
}

/** KMS does not take it now; what was asked may be asked again. */
export class KeyBusy extends PassingError {
  override readonly name = 'KeyBusy'
}

const signed = z.object({ Signature: z.string() })
const shown = z.object({ PublicKey: z.string() })

/** By these KMS says that the same question is answered later. */
const busy = /ThrottlingException|LimitExceededException/

function bodyOf(question: Question, answer: Answer): unknown {
  if (answer.status === 200) return JSON.parse(answer.text)
  const { message } = new Refused(question, answer)
  if (answer.status >= 500 || busy.test(answer.text)) throw new KeyBusy(message)
  throw new Refused(question, answer)
}

function asking(target: string, body: object): Question {
  return {
    ...{ method: 'POST', path: '' },
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
  }
}

/** Returns what KMS calls a key, from its ARN. */
function idIn(keyArn: string): string {
  return keyArn.slice(keyArn.lastIndexOf('/') + 1)
}

/** Opens the signer that is a key of KMS. A text has at most 4,096 bytes (AWS). Signing rejects with {@link KeyBusy} where it passes by itself. */
export function openSigner(send: Send, keyArn: string): Signer {
  return {
    keyId: idIn(keyArn),
    async sign(text) {
      const question = asking('TrentService.Sign', {
        KeyId: keyArn,
        Message: Buffer.from(text).toString('base64'),
        // Plain Ed25519 over the text itself, which anybody verifies with the public key alone.
        MessageType: 'RAW',
        SigningAlgorithm: 'ED25519_SHA_512',
      })
      return signed.parse(bodyOf(question, await send(question))).Signature
    },
  }
}

/** Returns what reads the public half of a key of KMS: once, since it never changes. It rejects as signing does. */
export function openPublicKey(send: Send, keyArn: string): () => Promise<PublicKey> {
  let known: PublicKey | undefined
  return async () => {
    if (known) return known
    const question = asking('TrentService.GetPublicKey', { KeyId: keyArn })
    const { PublicKey: der } = shown.parse(bodyOf(question, await send(question)))
    const key = createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' })
    known = { keyId: idIn(keyArn), publicKey: key.export({ format: 'pem', type: 'spki' }).toString() }
    return known
  }
}
