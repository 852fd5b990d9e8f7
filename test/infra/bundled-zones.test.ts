import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Holidays from 'date-holidays'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as holidays from '../../functions/api/calendars/holidays.ts'
import { built } from '../../infra/constructs/bundles.ts'

const directory = mkdtempSync(join(tmpdir(), 'drydock-holidays-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** The holidays as they are deployed, with what stands in for packages. */
let deployed: typeof holidays
beforeAll(async () => {
  const { outputFiles } = built(['functions/api/calendars/holidays.ts'])
  const file = join(directory, 'holidays.mjs')
  writeFileSync(file, outputFiles.find(({ path }) => path.endsWith('.mjs'))?.contents ?? '')
  deployed = await import(pathToFileURL(file).href)
})

it('every country has the days in its bundle that the library gives it, by zones of the runtime', {
  timeout: 120_000,
}, () => {
  const now = Date.parse('2026-11-21T00:00:00Z')
  const countries = Object.keys(new Holidays().getCountries())
  expect(countries.length).toBeGreaterThan(150)
  const types = ['public', 'bank', 'school', 'optional', 'observance'] as const
  const differing = countries.filter((country) => {
    const asked = { country, state: null, region: null, timezone: null, types: [...types] }
    const [expected, found] = [holidays.writeOutHolidays(asked, now), deployed.writeOutHolidays(asked, now)]
    return JSON.stringify(found) !== JSON.stringify(expected)
  })
  // Their clocks change otherwise since the table of zones was made that the library brings; the runtime's is newer, and is what windows go by.
  expect(differing).toEqual(['EH', 'MA'])
})
