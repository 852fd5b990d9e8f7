import { setTimeout as delay } from 'node:timers/promises'
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

/** Watches invocations, whoever asks for them. */
export function watchActivity(): Activity {
  let underWay = 0
  let begun = 0
  return {
    watched: (target) => ({
      ...target,
      async invoke(payload) {
        begun += 1
        underWay += 1
        try {
          return await target.invoke(payload)
        } finally {
          underWay -= 1
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
