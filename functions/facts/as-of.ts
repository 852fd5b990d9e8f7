import type { Log } from '../log/log.ts'

/** Returns the log as it was at an ISO instant, to those who read it: what was decided later is not there. It is not for writing. */
export function asOf(log: Log, at: string): Log {
  return {
    ...log,
    load: (aggregate, id) => log.load(aggregate, id, { at }),
    of: (aggregate, id) => {
      const stream = log.of(aggregate, id)
      return {
        ...stream,
        async *events(range, types) {
          for await (const told of stream.events(range, types)) {
            if (told.at > at) return
            yield told
          }
        },
      }
    },
  }
}
