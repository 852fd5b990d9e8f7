import { describe, expect, it } from 'vitest'
import { errorAnswer } from '../../functions/api/http/error-answer.ts'
import { NotInTheLog, SomeFailed } from '../../functions/errors.ts'
import { Contended } from '../../functions/log/outcome.ts'

type Request = Parameters<NonNullable<ReturnType<typeof errorAnswer>['onError']>>[0]

/** Returns the status and the code by which an error is answered. */
async function answered(error: Error): Promise<readonly unknown[]> {
  const request = { event: { rawPath: '/api/v1/rollouts/r/pause' }, error } as unknown as Request // what is read of it
  await errorAnswer().onError?.(request)
  const { statusCode, body } = request.response as { statusCode: number; body: string }
  return [statusCode, JSON.parse(body).code]
}

const failed = (...errors: readonly Error[]) =>
  new SomeFailed(errors.map((error, place) => ({ what: `phase ${place}`, error })))

describe('what some of many have failed with', () => {
  it('is contention where it is nothing else, and may pass where some of it may', async () => {
    const contended = new Contended('upgrade#a')
    expect(await answered(failed(contended, contended))).toEqual(await answered(contended))
    expect(await answered(failed(contended, new NotInTheLog('A plan')))).toEqual([503, 'unavailable'])
    expect(await answered(failed(new NotInTheLog('A plan')))).toEqual([500, 'internal-error'])
  })
})
