import type { Commit } from '../../events/envelope.ts'
import { BoundedMap } from '../bounded-map.ts'
import { BrokenStream } from '../log/fold.ts'
import type { Log } from '../log/log.ts'

/** How many streams' beginnings one warm function remembers. They never change. */
const remembered = 1000

/** Tells when streams began. */
export type StreamStart = (stream: string, known: readonly Commit[]) => Promise<string>

/** Returns what tells when a stream began: from its first commit, where that is at hand, else from the log. */
export function streamStart(log: Pick<Log, 'commits'>): StreamStart {
  const starts = new BoundedMap<string, string>(remembered)
  return async (stream, known) => {
    const present = known.find(({ commit }) => commit === 1)?.at ?? starts.get(stream)
    const at = present ?? (await firstOf(log, stream))
    starts.set(stream, at)
    return at
  }
}

async function firstOf(log: Pick<Log, 'commits'>, stream: string): Promise<string> {
  for await (const { at } of log.commits(stream, { from: 1, to: 1, consistent: true })) return at
  throw new BrokenStream(stream, 1, 0)
}
