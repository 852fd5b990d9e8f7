import { createPublicKey, verify } from 'node:crypto'

/**
 * Has a key signed a text: Ed25519 (RFC 8032) over its bytes in UTF-8? The key is SubjectPublicKeyInfo in DER, it and the signature in base64.
 * What is no key, or no signature, has signed nothing.
 */
export function hasSigned(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    // Another kind of key would be asked for another kind of signature.
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64'))
    )
  } catch {
    return false
  }
}
