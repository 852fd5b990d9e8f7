import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('a client that imports the contracts gets zod, the words of events, phrases, documents of procedures, the names of zones, the canonical form of JSON and the count of its bytes with them, and can run in a browser', () => {
  const entryPoints = globSync('contracts/*.ts', { cwd: root })
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints,
    outdir: 'nowhere',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs).toEqual(expect.arrayContaining(entryPoints))
  const others = inputs.filter((path) => !entryPoints.includes(path) && !path.startsWith('node_modules/zod/'))
  const shared = ['bytes', 'canonical-json', 'phrases', 'procedure', 'registry', 'time-zones', 'words'].map(
    (name) => `events/${name}.ts`,
  )
  expect(others.sort()).toEqual(shared)
})
