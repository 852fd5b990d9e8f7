import { type analyticsContracts, daysAtMost } from '../../../contracts/analytics.ts'
import { after, between, day, instantOf } from '../../../events/time.ts'
import { type Group, type Grouping, groupsOf, type Told, totalOf } from '../../domain/tally/groups.ts'
import { dayOf } from '../../domain/upgrade/telling.ts'
import type { Operate } from '../http/endpoint.ts'
import { invalidFields } from '../http/problem.ts'

type Contracts = typeof analyticsContracts

/** Where nobody says a range: the last so many days. */
const usualDays = 30
/** More groups are not shown: the rest is in the total. */
const groupsAtMost = 100
/** So many rows are read for one answer; a busier range has to be asked for in parts. */
const rowsAtMost = 20_000

function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }, now: number) {
  const last = to ?? (from === undefined ? dayOf(instantOf(now)) : daysAfter(from, usualDays - 1))
  const first = from ?? daysAfter(last, 1 - usualDays)
  if (![first, last].every((one) => /^\d{4}-\d\d-\d\d$/.test(one)))
    throw tooMuch(from, 'a range of days whose years have four digits')
  if (between(`${first}T00:00:00Z`, `${last}T00:00:00Z`) >= daysAtMost * day)
    throw tooMuch(from, `at most ${daysAtMost} days, both ends included`)
  return { from: first, to: last }
}

function tooMuch(from: string | undefined, expected: string) {
  return invalidFields([{ field: 'query.from', value: from ?? null, expected }])
}

function daysAfter(from: string, days: number): string {
  return dayOf(after(`${from}T00:00:00Z`, days * day))
}

function shown({ acceptance, work, key: _, ...group }: Group) {
  return { ...group, times: { acceptance, work } }
}

/** Tells how attempts ended within a range of days, by group. */
export const getAnalytics: Operate<Contracts['getAnalytics']> = async ({ query }, { views, now }) => {
  const range = rangeOf(query, now())
  const by: Grouping = query.by
  const told: Told[] = []
  let looked = 0
  for await (const one of views.attemptsToldOn(range)) {
    if (looked++ === rowsAtMost) throw tooMuch(query.from, 'fewer days: too much has happened in these')
    if (query.component === undefined || one.component === query.component) told.push(one)
  }
  const groups = groupsOf(told, by)
  return {
    status: 200,
    body: {
      ...{ ...range, by, total: shown(totalOf(told)) },
      groups: groups.slice(0, groupsAtMost).map((group) => ({ key: group.key, ...shown(group) })),
      groupsLeftOut: Math.max(0, groups.length - groupsAtMost),
    },
  }
}
