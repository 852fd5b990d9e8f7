import { canonicalJson } from '../../events/canonical.ts'
import { registerRelease, releaseAggregate, releaseId } from '../../functions/domain/release/release.ts'
import { logOver } from '../../functions/log/append.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import { prospectOf, storePlan } from '../../functions/planning/planning.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { type TargetRow, viewNames } from '../../functions/views/rows.ts'
import { oneByOne, type StoredRow, type ViewStore } from '../../functions/views/store.ts'
import { requestOf, start } from '../domain/upgrade/world.ts'

const megabyte = 1024 * 1024

/** A target as one of a large fleet is: a few types, regions and versions, some tags, one in fifty critical. */
function targetRow(place: number): TargetRow {
  return {
    id: idOf(place),
    facts: {
      type: ['customer_instance', 'node', 'appliance'][place % 3] ?? '',
      region: ['eu-central-1', 'us-east-1', 'ap-south-1', null][place % 4] ?? null,
      tags: { tier: place % 10 === 0 ? 'gold' : 'silver', customer: `customer-${place % 5000}` },
      critical: place % 50 === 7,
      namespace: null,
      gateway: null,
    },
    components: { api: `v1.${place % 7}.0`, database: '14.2.0' },
    drift: {},
    pin: place % 1000 === 3 ? { component: null, reason: 'asked for', since: start } : null,
    retired: null,
    enrolled: true,
    memberships: {},
    lastOutcome: null,
    updatedAt: start,
  }
}

const idOf = (place: number) => `target-${String(place).padStart(7, '0')}`

/** A view of so many targets of which nothing lies in memory: each row is made when it is read. */
function fleetOf(size: number): ViewStore {
  const { parts, partOf } = viewNames.targets
  const places = new Map(parts.map((part) => [`v1/${part}`, new Uint32Array(size)]))
  const sizes = new Map<string, number>()
  for (let place = 0; place < size; place++) {
    const part = `v1/${partOf(idOf(place))}`
    const length = sizes.get(part) ?? 0
    const inPart = places.get(part)
    if (inPart) inPart[length] = place
    sizes.set(part, length + 1)
  }
  return oneByOne({
    get: async () => undefined,
    put: async () => ({ stored: true }),
    consumed: () => ({ written: 0, lost: 0, read: 0 }),
    async page(view, { after, limit }) {
      const inPart = places.get(view) ?? new Uint32Array()
      const length = sizes.get(view) ?? 0
      let from = 0
      if (after !== undefined) {
        const last = Number(after.slice('target-'.length))
        let to = length
        while (from < to) {
          const middle = (from + to) >> 1
          if ((inPart[middle] ?? 0) <= last) from = middle + 1
          else to = middle
        }
      }
      const end = Math.min(length, from + limit)
      const rows: StoredRow[] = Array.from(inPart.subarray(from, end), (place) => {
        const row = idOf(place)
        return { view, row, version: 1, commit: 1, body: canonicalJson(targetRow(place)) }
      })
      return { rows, last: end < length ? rows.at(-1)?.row : undefined }
    },
  })
}

/** Plans an upgrade of so many targets and stores it. Chunks are thrown away when they are stored: what grows is the planning. */
async function planLarge(size: number) {
  const now = () => Date.parse(start)
  const store = memoryStore()
  let chunks = 0
  const kept = {
    ...store,
    put(commit: Parameters<typeof store.put>[0]) {
      if (!commit.stream.startsWith('plan#')) return store.put(commit)
      chunks++
      return Promise.resolve({ kind: 'stored' as const, units: 0 })
    },
  }
  const log = logOver(kept, { now })
  const release = {
    component: 'api',
    version: 'v1.6.0',
    channel: 'stable',
    digest: `sha256:${'0'.repeat(64)}`,
  }
  await log.execute(
    releaseAggregate,
    releaseId(release.component, release.version),
    registerRelease({ ...release, notes: null, scheme: 'semver', number: 1 }),
    { actor: 'bench', correlation: 'large' },
  )
  const services = { log, views: viewsOver(fleetOf(size), now), now, exposure: { targets: 100, percent: 20 } }
  const request = requestOf({
    ...{ component: 'api', version: 'v1.6.0', strategy: 'canary', canaryPercent: 1, parallel: 4000 },
  })
  const before = process.memoryUsage().rss
  const began = performance.now()
  const prospect = await prospectOf(services, request)
  if ('rejected' in prospect) throw new Error(prospect.rejected.detail)
  await storePlan(services, prospect.plan, request, 'large')
  const seconds = (performance.now() - began) / 1000
  const grown = (process.resourceUsage().maxRSS * 1024 - before) / megabyte
  const { planHash, members } = prospect.plan
  return { planHash, members, chunks, seconds, grown }
}

console.log(JSON.stringify(await planLarge(Number(process.argv[2]))))
