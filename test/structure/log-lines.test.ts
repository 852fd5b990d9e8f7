import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Finds what is made JSON before the console, which makes JSON of it again: Lambda logs one object a line. */
const twice = (source: string) => /\bconsole\.\w+\(\s*JSON\.stringify\(/.test(source)

test('no function writes JSON to the console, which Lambda would wrap into JSON once more', () => {
  const files = globSync('functions/**/*.ts', { cwd: root })
  expect(files.length).toBeGreaterThan(100)
  expect(files.filter((file) => twice(readFileSync(join(root, file), 'utf8')))).toEqual([])
})

test.each(['console.log(JSON.stringify(line))', 'console.error(\n  JSON.stringify({ a }),\n)'])(
  'it would be found in %j',
  (source) => expect(twice(source)).toBe(true),
)
