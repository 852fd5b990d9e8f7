/** One look at a domain from outside, as its customers meet it. */
export interface Probe {
  readonly at: string
  /** The status of HTTP; null: it was not answered. */
  readonly code: number | null
  /** Until it was answered, or given up. */
  readonly milliseconds: number
  /** Was it answered as it should be? */
  readonly well: boolean
  /** Why it was not answered; null: it was. */
  readonly why: string | null
}

/** A time in which a domain was not well at any look; `until` null: it is not over. */
export interface Outage {
  readonly since: string
  readonly until: string | null
}

/** What has been seen of a domain while a rollout runs. Plain JSON, bounded. */
export interface Impact {
  readonly probes: number
  readonly failed: number
  readonly latest: Probe
  /** The one that took longest of those that were answered; null: none was. */
  readonly slowest: Probe | null
  /** The last of them, the oldest first. */
  readonly outages: readonly Outage[]
  /** The last of them, the oldest first, the latest included. */
  readonly history: readonly Probe[]
}

/** So much is kept of a domain: about 10 KB. */
export const kept = { outages: 20, history: 60 } as const

/** Returns what is known of a domain after one more look; undefined: where that is no later than what is known. */
export function seenAt(known: Impact | undefined, probe: Probe): Impact | undefined {
  if (known && probe.at <= known.latest.at) return undefined
  const { probes = 0, failed = 0, slowest = null, outages = [], history = [] } = known ?? {}
  const isSlower = probe.code !== null && probe.milliseconds > (slowest?.milliseconds ?? -1)
  return {
    probes: probes + 1,
    failed: failed + (probe.well ? 0 : 1),
    latest: probe,
    slowest: isSlower ? probe : slowest,
    outages: outagesAfter(outages, probe).slice(-kept.outages),
    history: [...history, probe].slice(-kept.history),
  }
}

function outagesAfter(outages: readonly Outage[], { at, well }: Probe): readonly Outage[] {
  const last = outages.at(-1)
  const isOut = last !== undefined && last.until === null
  if (well === !isOut) return outages
  return well && last
    ? [...outages.slice(0, -1), { ...last, until: at }]
    : [...outages, { since: at, until: null }]
}
