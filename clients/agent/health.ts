import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from './config.ts'
import { type Ask, textOf } from './exchange.ts'

/** How often is asked, and how long one answer may take, in milliseconds. */
const every = 500
const each = 5000
const mostBytes = 65_536

async function whyIll(
  ask: Ask,
  { name, url, status }: Config['health'][number],
): Promise<string | undefined> {
  try {
    const answer = await ask(new URL(url), { signal: AbortSignal.timeout(each) })
    if (answer.statusCode === status) {
      // Whatever else it says, and however long: that it breaks off in the middle of it is nobody's concern.
      answer.on('error', () => {}).resume()
      return undefined
    }
    const body = await textOf(answer, mostBytes).catch(() => 'more than is read')
    return `${name} answered ${answer.statusCode}, not ${status}: ${body.slice(0, 200)}`
  } catch (error) {
    return `${name}: ${(error as Error).message}`
  }
}

/** Waits until all that is asked is well, twice one after the other; returns why it is not when the time, in seconds, is over. */
export async function whyNotHealthy(
  ask: Ask,
  checks: Config['health'],
  seconds: number,
): Promise<string | undefined> {
  const until = performance.now() + seconds * 1000
  let well = 0
  for (;;) {
    const ill = (await Promise.all(checks.map((check) => whyIll(ask, check)))).filter(
      (words) => words !== undefined,
    )
    well = ill.length === 0 ? well + 1 : 0
    if (checks.length === 0 || well >= 2) return undefined
    if (performance.now() >= until) return ill.join('; ') || 'It was not well for long enough.'
    await pause(every)
  }
}
