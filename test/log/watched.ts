import type { Log } from '../../functions/log/log.ts'
import { streamIn } from '../../functions/log/stream.ts'

/** Returns the same log, each of whose writes goes through `before` first: it may wait, or throw as a process that is gone. */
function watched(log: Log, before: (stream: string) => Promise<void> | void): Log {
  const watching: Log = {
    ...log,
    async execute(aggregate, id, ...rest) {
      await before(`${aggregate.name}#${id}`)
      return log.execute(aggregate, id, ...rest)
    },
    of: (aggregate, id) => streamIn(watching, aggregate, id),
  }
  return watching
}

/** Returns the same log, of whose writes one is lost with its process. */
export function dyingOnce(log: Log, at: number): Log {
  let writes = 0
  return watched(log, () => {
    writes += 1
    if (writes === at) throw new Error('The process is gone.')
  })
}

/** Returns the same log of a process that dies at its next write after so many: what was written before stays. */
export function dying(log: Log, last: number): Log {
  let writes = 0
  return watched(log, () => {
    writes += 1
    if (writes > last) throw new Error('The process is gone.')
  })
}
