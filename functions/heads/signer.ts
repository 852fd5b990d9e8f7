import * as z from 'zod'
import { type Question, Refused, type Send } from '../aws-send.ts'

/** Signs with a key that never leaves its place. */
export interface Signer {
  /** Returns the Ed25519 signature under a text, in base64. */
  sign(text: string): Promise<string>
}

const signed = z.object({ Signature: z.string() })

/** Opens the signer that is a key of KMS. A text has at most 4,096 bytes (AWS). */
export function openSigner(send: Send, keyArn: string): Signer {
  return {
    async sign(text) {
      const question: Question = {
        ...{ method: 'POST', path: '' },
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.Sign' },
        body: JSON.stringify({
          KeyId: keyArn,
          Message: Buffer.from(text).toString('base64'),
          // Plain Ed25519 over the text itself, which anybody verifies with the public key alone.
          MessageType: 'RAW',
          SigningAlgorithm: 'ED25519_SHA_512',
        }),
      }
      const answer = await send(question)
      if (answer.status !== 200) throw new Refused(question, answer)
      return signed.parse(JSON.parse(answer.text)).Signature
    },
  }
}
