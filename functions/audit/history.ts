import type { Commit } from '../../events/envelope.ts'
import { type PlanEvent, planEvents } from '../../events/plan.ts'
import { type PolicyEvent, policyEvents } from '../../events/policy.ts'
import { type ReleaseEvent, releaseEvents } from '../../events/release.ts'
import { type TargetEvent, targetEvents } from '../../events/target.ts'
import { type UpgradeEvent, upgradeEvents } from '../../events/upgrade.ts'

/** A commit with its events decoded. */
export interface Told<Event> extends Commit {
  readonly told: readonly Event[]
}

/** A whole log, by kind and id of its streams; the commits of each in their order. */
export interface History {
  readonly streams: ReadonlyMap<string, readonly Commit[]>
  readonly targets: ReadonlyMap<string, readonly Told<TargetEvent>[]>
  readonly upgrades: ReadonlyMap<string, readonly Told<UpgradeEvent>[]>
  readonly plans: ReadonlyMap<string, readonly Told<PlanEvent>[]>
  readonly releases: ReadonlyMap<string, readonly Told<ReleaseEvent>[]>
  readonly policies: ReadonlyMap<string, readonly Told<PolicyEvent>[]>
}

/** Reads a log, in any order of commits, into a history. Throws on an event that this version cannot read. */
export async function readHistory(commits: AsyncIterable<Commit> | Iterable<Commit>): Promise<History> {
  const streams = new Map<string, Commit[]>()
  for await (const commit of commits) {
    const known = streams.get(commit.stream)
    if (known) known.push(commit)
    else streams.set(commit.stream, [commit])
  }
  for (const stream of streams.values()) stream.sort((a, b) => a.commit - b.commit)
  const ofKind = <Event>(name: string, decode: (type: string, schema: number, data: unknown) => Event) => {
    const found = new Map<string, Told<Event>[]>()
    for (const [stream, listed] of streams) {
      if (!stream.startsWith(`${name}#`)) continue
      const told = listed.map((commit) => ({
        ...commit,
        told: commit.events.map(({ type, schema, data }) => decode(type, schema, JSON.parse(data))),
      }))
      found.set(stream.slice(name.length + 1), told)
    }
    return found
  }
  return {
    streams,
    targets: ofKind('target', targetEvents.decode),
    upgrades: ofKind('upgrade', upgradeEvents.decode),
    plans: ofKind('plan', planEvents.decode),
    releases: ofKind('release', releaseEvents.decode),
    policies: ofKind('policy', policyEvents.decode),
  }
}

/** Returns whether something placed and lifted was in force at an instant, and since when. */
export function inForce(
  changes: readonly { readonly at: string; readonly on: boolean }[],
  instant: string,
): { readonly since: string } | null {
  let since: string | null = null
  for (const { at, on } of changes) {
    if (at > instant) break
    since = on ? (since ?? at) : null
  }
  return since === null ? null : { since }
}
