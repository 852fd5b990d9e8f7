import { releaseId } from '../domain/release/release.ts'
import { resolveRelease } from '../domain/release/resolve.ts'
import { sameVersion } from '../domain/version/identity.ts'
import { countAttempts, toldOn } from './attempt-totals.ts'
import { cursorAfter, rowOf } from './cursor.ts'
import { readProfileFigure } from './figures.ts'
import { merged } from './merge.ts'
import { inVersion, knownPointer } from './pointer.ts'
import { shownRollout } from './projections/rollouts.ts'
import { shownUpgrade } from './projections/upgrades.ts'
import { countHeldSince, countQueue } from './queue-count.ts'
import {
  type AttemptRow,
  type CalendarRow,
  type ComponentRow,
  type ExecutionRow,
  type HeldStepRow,
  type LicenceRow,
  type LiveRow,
  type ProcedureRow,
  type ProfileRow,
  placeRow,
  type ReleaseRow,
  type RolloutBody,
  type TargetRow,
  type UpgradeBody,
  type UpgradePlace,
  type UpgradeRow,
  viewNames,
} from './rows.ts'
import type { SpreadView } from './spread.ts'
import type { RowRange, StoredRow, ViewStore } from './store.ts'
import type { Page, Paging, UpgradeFilters, Versioned, Views } from './views.ts'

/** How many rows one page of a filtered list looks at before it is cut short, and how many one request reads. */
const examined = { page: 2000, request: 200 } as const

/** Returns the readers over a store. `now` is in milliseconds and only tells how old the known pointer is. */
export function viewsOver(store: ViewStore, now: () => number = Date.now): Views {
  const pointer = knownPointer(store, now)

  async function named(name: string): Promise<string> {
    return inVersion((await pointer()).version, name)
  }

  async function get<Row>(name: string, row: string): Promise<Versioned<Row> | undefined> {
    const stored = await store.get(await named(name), row)
    if (!stored || stored.body === null) return undefined
    return { row: parsed<Row>(stored), version: stored.version, commit: stored.commit }
  }

  /** The parts in which a view lies in the version that is read. */
  function partsOf(name: string | SpreadView): Promise<readonly string[]> {
    return Promise.all((typeof name === 'string' ? [name] : name.parts).map(named))
  }

  async function* rowsOf<Row>(
    name: string | SpreadView,
    range: Omit<RowRange, 'limit' | 'after'> = {},
  ): AsyncGenerator<[string, Row]> {
    for await (const stored of merged(store, await partsOf(name), { ...range, limit: 1000 }))
      yield [stored.row, parsed<Row>(stored)]
  }

  /** One page of the rows that match. `query` is what its cursors are bound to. */
  async function list<Row, Shown>(
    name: string | SpreadView,
    query: object,
    { cursor, limit }: Paging,
    range: Omit<RowRange, 'limit' | 'after'>,
    show: (body: Row, row: string) => Shown | undefined,
  ): Promise<Page<Shown>> {
    const parts = await partsOf(name)
    const bound = { ...query, name: typeof name === 'string' ? name : name.parts[0] }
    const after = cursor === undefined ? undefined : rowOf(cursor, bound)
    const most = Math.ceil(examined.request / parts.length)
    // Reading goes ahead of the cursor by one match: only then is it sure that there is another page.
    let resume = after
    let looked = 0
    const rows: Shown[] = []
    for await (const stored of merged(store, parts, { ...range, after, limit: most })) {
      if (looked++ === examined.page) return { rows, cursor: cursorAfter(resume ?? '', bound) }
      const shown = show(parsed<Row>(stored), stored.row)
      if (shown !== undefined) {
        if (rows.length === limit) return { rows, cursor: cursorAfter(resume ?? '', bound) }
        rows.push(shown)
      }
      if (shown !== undefined || rows.length < limit) resume = stored.row
    }
    return { rows, cursor: null }
  }

  return {
    async getUpgrade(id) {
      const place = await get<UpgradePlace>(viewNames.upgradePlace(id), placeRow)
      const found = place && (await get<UpgradeBody>(viewNames.upgrades, place.row.row))
      return found && { ...found, row: shownUpgrade(place.row.row, found.row) }
    },
    listUpgrades({ filters = {}, ...paging }) {
      return list(viewNames.upgrades, filters, paging, { descending: true }, (body: UpgradeBody, name) => {
        const row = shownUpgrade(name, body)
        return matches(row, filters) ? row : undefined
      })
    },
    listRollouts({ status, ...paging }) {
      return list(viewNames.rollouts, { status }, paging, { descending: true }, (body: RolloutBody, name) =>
        status === undefined || body.standing.status === status ? shownRollout(name, body) : undefined,
      )
    },
    listAttempts(upgrade, { status, ...paging }) {
      return list(viewNames.attempts(upgrade), { status }, paging, {}, (row: AttemptRow) =>
        status === undefined || row.status === status ? row : undefined,
      )
    },
    getTarget: (id) => get<TargetRow>(viewNames.targets.partOf(id), id),
    listTargets({ cursor, limit, ...filters }) {
      const { component, version, type, region, tags = {}, retired } = filters
      return list(viewNames.targets, filters, { cursor, limit }, {}, (row: TargetRow) => {
        const runs = component === undefined ? Object.values(row.components) : [row.components[component]]
        if (component !== undefined && runs[0] === undefined) return undefined
        if (version !== undefined && !runs.some((run) => run && sameVersion(run, version))) return undefined
        if (type !== undefined && row.facts.type !== type) return undefined
        if (region !== undefined && row.facts.region !== region) return undefined
        if (retired !== undefined && (row.retired !== null) !== retired) return undefined
        return Object.entries(tags).every(([tag, value]) => row.facts.tags[tag] === value) ? row : undefined
      })
    },
    async *everyTarget() {
      for await (const [, row] of rowsOf<TargetRow>(viewNames.targets)) yield row
    },
    async smallFleet(atMost) {
      const parts = await partsOf(viewNames.targets)
      const targets: TargetRow[] = []
      // Twice an even share each: a fleet that fits is read at once.
      const limit = Math.ceil((2 * atMost) / parts.length)
      for await (const stored of merged(store, parts, { limit })) {
        if (targets.length === atMost) return undefined
        targets.push(parsed<TargetRow>(stored))
      }
      return targets
    },
    getRelease: (component, version) => get<ReleaseRow>(viewNames.releases, releaseId(component, version)),
    listReleases({ cursor, limit, component, channel }) {
      const prefix = component === undefined ? undefined : `${component}@`
      return list(
        viewNames.releases,
        { component, channel },
        { cursor, limit },
        { prefix },
        (row: ReleaseRow) => (channel === undefined || row.channel === channel ? row : undefined),
      )
    },
    async latestRelease(component, channel) {
      const candidates: ReleaseRow[] = []
      for await (const [, row] of rowsOf<ReleaseRow>(viewNames.releases, { prefix: `${component}@` })) {
        if (channel === null || row.channel === channel) candidates.push(row)
      }
      const entries = candidates.map((row) => ({
        ...{ ...row, row },
        withdrawn: row.withdrawn !== null,
        heldBack: row.heldBack !== null,
      }))
      return resolveRelease(channel === 'stable' ? 'stable' : 'latest', entries)?.row
    },
    listComponents: (paging) => list(viewNames.components, {}, paging, {}, (row: ComponentRow) => row),
    listLicences: (paging) => list(viewNames.licences, {}, paging, {}, (row: LicenceRow) => row),
    listHeldSteps: (paging) => list(viewNames.heldSteps, {}, paging, {}, (row: HeldStepRow) => row),
    listProcedures: (paging) => list(viewNames.procedures, {}, paging, {}, (row: ProcedureRow) => row),
    async *dueUpgrades(instant) {
      for await (const [upgrade, row] of rowsOf<LiveRow>(viewNames.live)) {
        if (row.nextDue <= instant) yield { upgrade, ...row }
      }
    },
    async *dueRollouts(instant) {
      for await (const [rollout, row] of rowsOf<LiveRow>(viewNames.liveRollouts)) {
        if (row.nextDue <= instant) yield { rollout, ...row }
      }
    },
    async *liveRollouts() {
      for await (const [rollout, row] of rowsOf<LiveRow>(viewNames.liveRollouts)) yield { rollout, ...row }
    },
    async *liveUpgrades() {
      for await (const [upgrade, row] of rowsOf<LiveRow>(viewNames.live)) yield { upgrade, ...row }
    },
    getProfile: (id) => get<ProfileRow>(viewNames.profiles, id),
    listProfiles({ cursor, limit, ...filters }) {
      const { status, resourceType } = filters
      return list(viewNames.profiles, filters, { cursor, limit }, {}, (row: ProfileRow) => {
        if (row.status === 'deleted' || (status !== undefined && row.status !== status)) return undefined
        const types = row.definition.resource_filters.resource_types
        return resourceType === undefined || types.includes(resourceType) ? row : undefined
      })
    },
    async *everyProfile() {
      for await (const [, row] of rowsOf<ProfileRow>(viewNames.profiles)) {
        if (row.status !== 'deleted') yield row
      }
    },
    async *executionsOf(profile) {
      for await (const [, row] of rowsOf<ExecutionRow>(viewNames.executions(profile))) yield row
    },
    async *attemptsOf(upgrade) {
      for await (const [, row] of rowsOf<AttemptRow>(viewNames.attempts(upgrade))) yield row
    },
    listCalendars: (paging) => list(viewNames.calendars, {}, paging, {}, (row: CalendarRow) => row),
    queueStats: async () => countQueue(store, await named(viewNames.upgrades)),
    heldSince: async (instant) => countHeldSince(store, await named(viewNames.upgrades), instant),
    async *attemptsToldOn(days) {
      yield* toldOn(store, await named(viewNames.analytics), days)
    },
    attemptTotals: async () => countAttempts(store, await named(viewNames.analytics)),
    profileFigure: (profile) => readProfileFigure(store, profile),
  }
}

function parsed<Row>(stored: StoredRow): Row {
  return JSON.parse(stored.body ?? 'null') as Row // written by the one projection that feeds the view
}

function matches(row: UpgradeRow, filters: UpgradeFilters): boolean {
  const { component, version, status, kind, parentId, requestedBy } = filters
  if (version !== undefined && !sameVersion(row.version, version)) return false
  const asked = { component, status, kind, parentId, requestedBy }
  return Object.entries(asked).every(
    ([name, value]) => value === undefined || row[name as keyof typeof asked] === value, // `asked` names them all
  )
}
