import type { FieldError } from '../../../contracts/problem-document.ts'
import { hashOf } from '../../../events/canonical.ts'
import type { ApiMiddleware } from './exchange.ts'
import { exchangeOf } from './exchange.ts'
import { Problem } from './problem.ts'

const longestKey = 128

function commitIn(text: string | undefined, pattern: RegExp): number | null | undefined {
  if (text === undefined) return null
  const digits = pattern.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/**
 * Reads `Idempotency-Key` (of a write), `If-Match` (of a write) and `Drydock-Commit` (of a read). The key is scoped to the
 * principal, the route and the path: the same key elsewhere is another key.
 */
export function conditions(): ApiMiddleware {
  return {
    name: 'conditions',
    before(request) {
      const exchange = exchangeOf(request)
      const { headers = {}, rawPath, queryStringParameters: query } = request.event
      const errors: FieldError[] = []
      if (exchange.route.method === 'GET') {
        const seen = commitIn(headers['drydock-commit'], /^([1-9]\d{0,8})$/)
        if (seen === undefined) {
          errors.push({ field: 'headers.drydock-commit', value: null, expected: 'a commit number' })
        }
        exchange.seen = seen ?? null
      } else {
        const key = headers['idempotency-key']
        if (key !== undefined && !(key.length <= longestKey && /^[\x21-\x7e]+$/.test(key))) {
          const expected = `1 to ${longestKey} visible ASCII characters`
          errors.push({ field: 'headers.idempotency-key', value: null, expected })
        } else if (key !== undefined) {
          const scope = [
            exchange.principal.kind,
            exchange.principal.id,
            exchange.route.operation,
            rawPath,
            key,
          ]
          exchange.idempotency = {
            id: hashOf(scope),
            bodyHash: hashOf(query ? [exchange.json ?? null, query] : (exchange.json ?? null)),
          }
        }
        const ifMatch = commitIn(headers['if-match'], /^"([1-9]\d{0,8})(?:-[0-9a-f]{16})?"$/)
        if (ifMatch === undefined) {
          errors.push({
            field: 'headers.if-match',
            value: null,
            expected: 'the ETag of a read, or "7" for commit 7',
          })
        }
        exchange.ifMatch = ifMatch ?? null
      }
      if (errors.length > 0)
        throw new Problem('validation-failed', 'A header is not valid: see errors.', { errors })
    },
  }
}
