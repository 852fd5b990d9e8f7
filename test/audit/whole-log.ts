import type { Commit } from '../../events/envelope.ts'
import { streamKinds, streamOf } from '../../events/stream.ts'
import type { Log } from '../../functions/log/log.ts'

/** Returns every commit of a log, with the plans that its upgrades name, of which no list tells: what an audit reads. */
export async function commitsIn(log: Pick<Log, 'streams' | 'commits'>): Promise<Commit[]> {
  const commits: Commit[] = []
  for (const name of streamKinds)
    for await (const { stream } of log.streams({ name }))
      for await (const commit of log.commits(stream)) commits.push(commit)
  const hashes = commits.flatMap(({ events }) =>
    events.flatMap(({ type, data }) =>
      type === 'UpgradePlanned' ? [JSON.parse(data).planHash as string] : [],
    ),
  )
  for (const hash of new Set(hashes))
    for await (const commit of log.commits(streamOf('plan', `${hash}#0`))) commits.push(commit)
  return commits
}
