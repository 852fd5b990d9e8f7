import { timingSafeEqual } from 'node:crypto'

/**
 * Is it the same secret, or what was made of one: its hash, a signature by it? Takes as long whatever differs, but for the length; what is not there is no
 * secret.
 */
export function sameSecret(presented: string, kept: string | null | undefined): boolean {
  const [left, right] = [Buffer.from(presented), Buffer.from(kept ?? '')]
  return left.length > 0 && left.length === right.length && timingSafeEqual(left, right)
}
