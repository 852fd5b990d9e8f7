import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const model = readFileSync(`${root}docs/security.md`, 'utf8')
const here = 'test/security.test.ts'
const tests = globSync('test/**/*.ts', { cwd: root })
  .filter((path) => path !== here)
  .map((path) => readFileSync(`${root}${path}`, 'utf8'))

/** The rows of the tables, each with its last cell: what shows that the control holds. */
const shown = model
  .split('\n')
  .filter((line) => /^\| [STRIDE, ]+ \|/.test(line))
  .map((line) => line.split('|').at(-2) ?? '')

describe('S33: the threat model', () => {
  test('names tests that exist; an ellipsis stands for words left out', () => {
    expect(shown.length).toBeGreaterThan(40)
    const quoted = shown.flatMap((cell) => [...cell.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? ''))
    expect(quoted.length).toBeGreaterThan(30)
    const parts = quoted
      .flatMap((name) => name.split('…').map((part) => part.trim()))
      .filter((part) => part !== '')
    expect(parts.filter((part) => !tests.some((source) => source.includes(part)))).toEqual([])
  })

  test('says of every threat what shows that it is met, or that this is planned', () => {
    const silent = model
      .split('\n')
      .filter((line) => /^\| [STRIDE, ]+ \|/.test(line))
      .filter(
        (line) =>
          (line.split('|').at(-2) ?? '').trim() === '' &&
          !line.includes('Planned') &&
          !line.includes('see flow'),
      )
    expect(silent).toEqual([])
  })
})
