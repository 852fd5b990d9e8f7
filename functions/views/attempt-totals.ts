import { after, day } from '../../events/time.ts'
import { type Series, type Told, withTold } from '../domain/tally/groups.ts'
import { dayOf } from '../domain/upgrade/telling.ts'
import { readAttemptFigure, writeAttemptFigure } from './figures.ts'
import { merged } from './merge.ts'
import type { ViewStore } from './store.ts'

/** An upgrade that lives is asked once a day, and tells then how attempts ended a day ago: what is older than so long, in milliseconds, is complete. */
const settledAfter = 3 * day
/** So many rows are summed at a time: what is read is not kept. */
const rowsAtATime = 1000

/** Yields how attempts ended on these days, the last one included, in the order of the days. `list` is the view of them. */
export async function* toldOn(
  store: Pick<ViewStore, 'page'>,
  list: string,
  { from, to }: { readonly from: string; readonly to: string },
): AsyncGenerator<Told> {
  // A name is a day, a separator and what tells it apart: the day alone comes before all of them.
  for await (const { row, body } of merged(store, [list], { after: from, limit: rowsAtATime })) {
    if (row.slice(0, to.length) > to) return
    yield JSON.parse(body ?? 'null') as Told // written by the one projection that feeds the view
  }
}

async function summed(before: readonly Series[], told: AsyncIterable<Told>): Promise<readonly Series[]> {
  let series = before
  let some: Told[] = []
  for await (const one of told) {
    some.push(one)
    if (some.length < rowsAtATime) continue
    series = withTold(series, some)
    some = []
  }
  return withTold(series, some)
}

/** The last day that there may be. */
const lastDay = '9999-12-31'
const firstDay = '0000-00-00'

/** Returns what was counted from the first attempt on: what is kept, and what was told since. `list` is the view of what was told. */
export async function countAttempts(store: ViewStore, list: string): Promise<readonly Series[]> {
  const figure = await readAttemptFigure(store)
  const from = figure ? dayOf(after(`${figure.through}T00:00:00Z`, day)) : firstDay
  return summed(figure?.series ?? [], toldOn(store, list, { from, to: lastDay }))
}

/** Counts all that was told anew, and keeps what will not change: whoever asks reads the last days. */
export async function keepAttemptFigure(store: ViewStore, list: string, now: string): Promise<void> {
  const through = dayOf(after(now, -settledAfter))
  const series = await summed([], toldOn(store, list, { from: firstDay, to: through }))
  await writeAttemptFigure(store, { through, series })
}
