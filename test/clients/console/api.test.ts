import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Api, Refused } from '../../../clients/console/api.ts'

/** Answers one request after the other, and notes when each was sent. */
function answering(...answers: readonly (readonly [status: number, headers?: Record<string, string>])[]) {
  const sent: number[] = []
  const start = Date.now()
  vi.stubGlobal('fetch', async () => {
    const [status, headers = {}] = answers[Math.min(sent.length, answers.length - 1)] ?? [500]
    sent.push(Date.now() - start)
    return new Response(
      JSON.stringify(status === 200 ? { targets: [] } : { code: 'too-many-requests', detail: 'Later.' }),
      {
        status,
        headers,
      },
    )
  })
  return sent
}

describe('who asks for more than one may', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const api = new Api('token', () => {})
  const read = () => api.read('listTargets')

  it('waits for as long as the API says, and asks for the very same then', async () => {
    const sent = answering([429, { 'retry-after': '3' }], [429, { 'retry-after': '1' }], [200])
    const answer = read()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([await answer, sent]).toEqual([{ targets: [] }, [0, 3000, 4000]])
  })

  it('does not wait for ever, nor long at once', async () => {
    const sent = answering([429, { 'retry-after': '86400' }])
    const answer = read().catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(await answer).toBeInstanceOf(Refused)
    expect([sent.length, sent[1]]).toEqual([21, 10_000])
  })
})
