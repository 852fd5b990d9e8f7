import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Answer, Question } from '../../functions/aws-send.ts'
import { isPassing } from '../../functions/errors.ts'
import { openPublicKey, openSigner } from '../../functions/signer.ts'

const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd'

/** Opens both on a KMS that gives these answers, one after the other. */
function answered(...answers: readonly Answer[]) {
  const asked: Question[] = []
  const send = async (question: Question) => {
    asked.push(question)
    return answers[asked.length - 1] ?? { status: 500, text: '' }
  }
  return { asked, signer: openSigner(send, keyArn), publicKey: openPublicKey(send, keyArn) }
}

const refused = (type: string): Answer => ({ status: 400, text: JSON.stringify({ __type: type }) })

describe('a key of KMS', () => {
  it('that is asked too often, or does not answer, passes by itself: whoever waits is told to come again', async () => {
    for (const answer of [refused('ThrottlingException'), { status: 500, text: '' }]) {
      const error = await answered(answer)
        .signer.sign('text')
        .catch((thrown: unknown) => thrown)
      expect([(error as Error).name, isPassing(error)]).toEqual(['KeyBusy', true])
    }
  })

  it('that is disabled, or not ours to use, does not', async () => {
    for (const type of ['DisabledException', 'AccessDeniedException', 'KMSInvalidStateException']) {
      const error = await answered(refused(type))
        .signer.sign('text')
        .catch((thrown: unknown) => thrown)
      expect([(error as Error).message, isPassing(error)]).toEqual([expect.stringContaining(type), false])
    }
  })

  it('shows its public half, which is asked for until it is known, and once', async () => {
    const { publicKey: key } = generateKeyPairSync('ed25519')
    const PublicKey = key.export({ format: 'der', type: 'spki' }).toString('base64')
    const { asked, publicKey } = answered(refused('ThrottlingException'), {
      ...{ status: 200, text: JSON.stringify({ KeyId: keyArn, PublicKey }) },
    })
    await expect(publicKey()).rejects.toThrow()
    const pem = key.export({ format: 'pem', type: 'spki' }).toString()
    expect(await publicKey()).toEqual({ keyId: '1234abcd', publicKey: pem })
    expect(await publicKey()).toEqual({ keyId: '1234abcd', publicKey: pem })
    expect(asked).toHaveLength(2)
  })
})
