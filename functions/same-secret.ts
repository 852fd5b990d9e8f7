import { timingSafeEqual } from 'node:crypto'

/** Is it the same secret, by its SHA-256 in hexadecimal? Takes as long whatever differs; what is not there is no secret. */
export function sameSecret(presented: string, kept: string | null | undefined): boolean {
  const [left, right] = [Buffer.from(presented, 'hex'), Buffer.from(kept ?? '', 'hex')]
  return left.length > 0 && left.length === right.length && timingSafeEqual(left, right)
}
