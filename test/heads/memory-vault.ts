import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { type HeadsDocument, readHeads } from '../../events/heads.ts'
import type { Vault } from '../../functions/heads/vault.ts'
import type { Signer } from '../../functions/signer.ts'

/** A vault in memory, its documents in the order of their numbers. */
export interface MemoryVault extends Vault {
  documents(): readonly HeadsDocument[]
}

export function memoryVault(): MemoryVault {
  const texts = new Map<number, string>()
  const documents = () => [...texts.values()].map(readHeads).sort((one, other) => one.number - other.number)
  return {
    documents,
    async newest() {
      const text = texts.get(Math.max(...texts.keys()))
      return text === undefined ? undefined : readHeads(text)
    },
    async numbered(number) {
      return readHeads(texts.get(number) ?? '')
    },
    async keep(document) {
      if (texts.has(document.number)) return 'taken'
      texts.set(document.number, JSON.stringify(document))
      return 'kept'
    },
  }
}

/** A key of its own, with the half that verifies. */
export function memorySigner(): Signer & { readonly key: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    keyId: 'a key in memory',
    key: publicKey,
    sign: async (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  }
}
