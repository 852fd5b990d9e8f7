import { expect } from 'vitest'

/** One sample of a family: its whole name, its labels and its value. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly samples: readonly Sample[]
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const label = '[a-zA-Z_][a-zA-Z0-9_]*'
const quoted = '"(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const sampleLine = new RegExp(
  `^(${name})(?:\\{((?:${label}=${quoted})(?:,${label}=${quoted})*)?\\})? (\\S+)$`,
)
const number = /^(?:[+-]?(?:Inf|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|NaN)$/

/** By which endings the samples of a type may be named. */
const endings: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))

function numberOf(text: string): number {
  expect(text).toMatch(number)
  return Number(text.replace('Inf', 'Infinity'))
}

/**
 * Reads an exposition as OpenMetrics 1.0 has it, and refuses what it does not allow: the end, the order of metadata, names that a type does not have,
 * groups that are not together, samples that come twice, negative counters, and histograms without +Inf or that fall.
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function parseOpenMetrics(text: string): readonly Family[] {
  expect(text.endsWith('# EOF\n'), 'ends with # EOF and a line feed').toBe(true)
  const lines = text.slice(0, -'# EOF\n'.length).split('\n')
  expect(lines.pop(), 'each line ends with a line feed').toBe('')
  const families: { name: string; type: string; unit: string; samples: Sample[] }[] = []
  const metadata = new Set<string>()
  for (const line of lines) {
    const told = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line)
    const family = families.at(-1)
    if (told) {
      const [, kind = '', of = '', words = ''] = told
      expect(of).toMatch(new RegExp(`^${name}$`))
      expect(metadata.has(`${kind} ${of}`), `${kind} of ${of} comes once`).toBe(false)
      metadata.add(`${kind} ${of}`)
      if (kind === 'TYPE') {
        expect(Object.keys(endings), 'a type that there is').toContain(words)
        expect(
          families.map((one) => one.name),
          'the families are apart',
        ).not.toContain(of)
        families.push({ name: of, type: words, unit: '', samples: [] })
        continue
      }
      expect([family?.name, family?.samples.length], 'metadata stand before the samples').toEqual([of, 0])
      if (kind === 'UNIT') expect(of.endsWith(`_${words}`), 'a name ends with its unit').toBe(true)
      continue
    }
    const [, full = '', labels = '', value = ''] = sampleLine.exec(line) ?? expect.fail(`no sample: ${line}`)
    const of = family ?? expect.fail(`no family: ${line}`)
    const allowed = (endings[of.type] ?? []).map((ending) => of.name + ending)
    expect(allowed, 'a name of its family').toContain(full)
    const pairs = [...labels.matchAll(new RegExp(`(${label})=(${quoted})`, 'g'))]
    const named = pairs.map(([, key = '', text = '']) => [key, unescaped(text.slice(1, -1))] as const)
    expect(new Set(named.map(([key]) => key)).size, 'each label once').toBe(named.length)
    of.samples.push({ name: full, labels: Object.fromEntries(named), value: numberOf(value) })
  }
  for (const family of families) judge(family)
  return families
}

function judge({ name, type, samples }: Family): void {
  const key = ({ name, labels }: Sample) => JSON.stringify([name, Object.entries(labels).sort()])
  expect(new Set(samples.map(key)).size, `${name}: no sample comes twice`).toBe(samples.length)
  if (type !== 'gauge') for (const { value } of samples) expect(value).toBeGreaterThanOrEqual(0)
  if (type !== 'histogram') return
  const without = ({ labels: { le: _, ...labels } }: Sample) => JSON.stringify(Object.entries(labels).sort())
  const groups = [...Map.groupBy(samples, without)]
  // Metrics of one family must not be mixed with each other.
  const order = samples.map(without).filter((one, place, all) => one !== all[place - 1])
  expect(order).toEqual(groups.map(([labels]) => labels))
  for (const [, own] of groups) {
    const buckets = own.filter((one) => one.name.endsWith('_bucket'))
    const bounds = buckets.map(({ labels: { le = '' } }) => le)
    for (const bound of bounds) expect(bound).toMatch(/^(\+Inf|[0-9]+\.[0-9]+)$/)
    expect(bounds.at(-1)).toBe('+Inf')
    const figures = bounds.map(numberOf)
    expect(figures).toEqual(figures.toSorted((left, right) => left - right))
    const counts = buckets.map(({ value }) => value)
    expect(counts).toEqual(counts.toSorted((left, right) => left - right))
    expect(own.find((one) => one.name.endsWith('_count'))?.value).toBe(counts.at(-1))
  }
}
