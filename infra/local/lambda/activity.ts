import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { LocalFunction } from './function.ts'

/** Knows whether functions run. */
export interface Activity {
  /** Returns the same function, whose invocations are seen from now on. */
  watched(target: LocalFunction): LocalFunction
  /** Resolves when no function runs and `busy` is false, and that has lasted for as long as one may need to hear of the other. */
  over(busy: () => boolean): Promise<void>
}

/** `busy` looks for what a function wrote last: three quiet looks, so far apart in milliseconds, see that it wrote nothing. */
const lookEvery = 4
const quietLooks = 3

/** In milliseconds of the wall. The clock keeps a second ahead of what it has shown: threads that look at it do not tell. */
const touchClockEvery = 250

/** Watches invocations, whoever asks for them, and lets the clock go on while they look at it. */
export function watchActivity(clock: Clock): Activity {
  let underWay = 0
  let begun = 0
  let touching: NodeJS.Timeout | undefined
  const begin = () => {
    begun += 1
    underWay += 1
    clock.now()
    touching ??= setInterval(() => clock.now(), touchClockEvery)
  }
  const end = () => {
    underWay -= 1
    if (underWay > 0) return
    clearInterval(touching)
    touching = undefined
  }
  return {
    watched: (target) => ({
      ...target,
      async invoke(payload) {
        begin()
        try {
          return await target.invoke(payload)
        } finally {
          end()
        }
      },
    }),
    async over(busy) {
      let seen = begun
      for (let quiet = 0; quiet < quietLooks; quiet += 1) {
        await delay(lookEvery)
        if (underWay > 0 || begun !== seen || busy()) quiet = -1
        seen = begun
      }
    },
  }
}
