import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const model = readFileSync(`${root}docs/security.md`, 'utf8')

/** The rows of the tables, each with its last cell: what shows that the control holds. */
const rows = model.split('\n').filter((line) => /^\| [STRIDE, ]+ \|/.test(line))
const shown = rows.map((line) => line.split('|').at(-2) ?? '')

/** A name of a test, and the file behind it that has to hold it. */
interface Citation {
  readonly name: string
  readonly file: string
}

/** Returns the tests that a text names: names in quotation marks, and behind them their one file in parentheses. */
function citationsIn(text: string): Citation[] {
  const found: Citation[] = []
  let names: string[] = []
  for (const [, name, file] of text.matchAll(/"([^"]+)"|\(`(test\/[^`]+)`\)/g)) {
    if (name !== undefined) names.push(name)
    if (file === undefined) continue
    found.push(...names.map((one) => ({ name: one, file })))
    names = []
  }
  return [...found, ...names.map((name) => ({ name, file: '' }))]
}

const sourceOf = (file: string) =>
  /^test\/.+\.ts$/.test(file) && existsSync(`${root}${file}`) ? readFileSync(`${root}${file}`, 'utf8') : ''

/** Does its file hold the name? An ellipsis stands for words left out. */
function stands({ name, file }: Citation): boolean {
  const source = sourceOf(file)
  return source !== '' && name.split('…').every((part) => source.includes(part.trim()))
}

describe('S33: the threat model', () => {
  test('quotes tests that stand in the one file that is named behind them', () => {
    const cited = shown.flatMap(citationsIn)
    expect(cited.length).toBeGreaterThan(150)
    expect(cited.filter((one) => !stands(one))).toEqual([])
  })

  test('would be found to quote what stands elsewhere, in no file, or in no test', () => {
    const found = citationsIn(
      '"the idea of a file", "the … rooms" (`test/structure/directions.test.ts`), "the rooms" (`functions/a.ts`), "a"',
    )
    expect(found.map(stands)).toEqual([false, true, false, false])
  })

  test('shows what holds by tests, not by what has to be tested', () => {
    const named = shown.flatMap((cell) =>
      [...cell.matchAll(/`([a-z][\w./-]*\.ts)`/g)].map(([, file]) => file ?? ''),
    )
    expect(named.length).toBeGreaterThan(100)
    expect(named.filter((file) => !file.startsWith('test/') || sourceOf(file) === '')).toEqual([])
  })

  test('says of every threat what shows that it is met, or that this is planned', () => {
    const silent = rows.filter(
      (line) =>
        (line.split('|').at(-2) ?? '').trim() === '' &&
        !line.includes('Planned') &&
        !line.includes('see flow'),
    )
    expect(silent).toEqual([])
  })
})
