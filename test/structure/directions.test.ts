import { describe, expect, test } from 'vitest'
import { importsOf, packagesOf, sources } from './sources.ts'

/** What every room of the functions may use: the language, the rules, errors, patience, side by side. */
const ground = ['events', 'functions', 'functions/domain']
const stores = ['functions/log', 'functions/views', 'functions/work']

/** What each room may know, beside itself; the longest name that fits a file is its room. Nothing else is imported. */
const mayKnow: Readonly<Record<string, readonly string[]>> = {
  events: [],
  // It is installed on machines of others, and does not believe what it is told.
  'clients/agent': [],
  // It verifies what the others write: a mistake that it shared with them would be one that it cannot find.
  'clients/verify': [],
  // What integrations get is released: it shares words, and nothing that may change.
  'events/public.ts': ['events/words.ts'],
  // A leaf: clients import it.
  contracts: [
    'events/words.ts',
    'events/bytes.ts',
    'events/time-zones.ts',
    'events/procedure.ts',
    'events/canonical-json.ts',
    'events/phrases.ts',
  ],
  // It speaks HTTP: whatever else it knew, it would have to be released with.
  'clients/cli': ['contracts'],
  // So does it, from a browser.
  'clients/console': ['contracts'],
  'functions/domain': ['events', 'functions/same-secret.ts'],
  functions: ['events', 'functions/domain'],
  'functions/log': ground,
  'functions/work': ground,
  'functions/views': [...ground, 'functions/log', 'functions/work'],
  'functions/facts': [...ground, ...stores],
  'functions/planning': [...ground, ...stores, 'functions/facts'],
  'functions/workflow': [...ground, ...stores, 'functions/facts', 'functions/planning'],
  'functions/reactor': [
    ...[...ground, ...stores, 'functions/facts', 'functions/planning', 'functions/workflow'],
    'events/public.ts',
  ],
  'functions/notify': [...ground, ...stores, 'events/public.ts'],
  'functions/gates': [...ground, ...stores, 'functions/facts', 'functions/workflow'],
  'functions/api': [
    ...[...ground, ...stores, 'functions/facts', 'functions/planning', 'functions/notify', 'contracts'],
    // The version that it tells of itself.
    'package.json',
  ],
  // It has rules of its own, or it would share the mistakes of what it judges.
  'functions/audit': ['events'],
  'functions/heads': [...ground, 'functions/log'],
  'functions/executors': ground,
  // What stands in bundles for packages: nobody imports it by name.
  'functions/bundled': ground,
  'functions/connections.ts': [...ground, ...stores, 'functions/executors', 'functions/heads'],
  'functions/lambda': [
    'functions/connections.ts',
    'functions/api',
    'functions/views',
    'functions/reactor',
    'functions/workflow',
    'functions/heads',
    'functions/gates',
    'functions/notify',
  ],
  infra: ['events/public.ts', 'contracts/routes.ts', 'functions/environment.ts'],
  'infra/local': [
    ...[
      'events',
      'infra',
      'functions/audit',
      'functions/log/replay.ts',
      'functions/same-secret.ts',
      'functions/bounded-map.ts',
    ],
    'contracts/routes.ts',
    // The demo draws waves as the command line does.
    'clients/cli/terminal/bar.ts',
  ],
}

/** The rooms that use no package but these; `node:` is every one that comes with Node. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  // No network, and one package, for signatures of OpenPGP alone.
  'clients/verify': ['openpgp', 'node:crypto', 'node:fs', 'node:path', 'node:util', 'node:zlib'],
  events: ['zod', 'node:crypto'],
  'events/public.ts': ['zod'],
  contracts: ['zod'],
  'functions/domain': ['node:crypto', '@marcbachmann/cel-js'],
  'functions/facts': [],
  'functions/audit': [],
  'clients/console': [
    'preact',
    'preact/hooks',
    'uplot',
    'uplot/dist/uPlot.min.css',
    'csv-parse/browser/esm/sync',
    'zod',
  ],
  'clients/cli': ['node:', 'zod', 'commander', '@bomb.sh/tab/commander', 'csv-parse/sync'],
}

/** Is it this package, or one of those that come with Node where all of them may be used? */
function isPartOf(name: string, used: string): boolean {
  return name === used || (used === 'node:' && name.startsWith(used))
}

function roomOf(path: string): string {
  const fitting = Object.keys(mayKnow).filter((room) => path === room || path.startsWith(`${room}/`))
  return fitting.sort((left, right) => right.length - left.length)[0] ?? 'nowhere'
}

const graph = new Map(
  sources.filter(({ path }) => /\.tsx?$/.test(path)).map((source) => [source.path, importsOf(source)]),
)

test('an import is one wherever it is written', () => {
  const text = [
    "import type { One } from './one.ts'",
    "import './two.ts'",
    "export { three } from '../three.ts'",
    "const four = async () => (await import('./four.ts')).four",
    "type Five = import('zod').ZodType",
  ].join('\n')
  const source = { path: 'functions/api/any.ts', text }
  const files = [
    'functions/api/one.ts',
    'functions/api/two.ts',
    'functions/three.ts',
    'functions/api/four.ts',
  ]
  expect(importsOf(source)).toEqual(files)
  expect(packagesOf(source)).toEqual(['zod'])
})

describe('the rooms', () => {
  test('know each other in one direction', () => {
    const wrong = [...graph].flatMap(([path, imported]) => {
      const room = roomOf(path)
      const known = mayKnow[room] ?? []
      return imported
        .filter((other) => roomOf(other) !== room && !known.includes(roomOf(other)) && !known.includes(other))
        .map((other) => `${path} imports ${other}, and ${room} may not know ${roomOf(other)}`)
    })
    expect(wrong).toEqual([])
    expect(graph.size).toBeGreaterThan(300)
  })

  test('use packages where these belong', () => {
    const wrong = sources.flatMap((source) =>
      packagesOf(source)
        .filter((name) => mayUse[roomOf(source.path)]?.some((used) => isPartOf(name, used)) === false)
        .map((name) => `${source.path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test('are all named above, and all there', () => {
    expect(new Set([...graph.keys()].map(roomOf))).toEqual(new Set(Object.keys(mayKnow)))
  })

  test('know nobody in a circle, nor does any file', () => {
    const circles: string[] = []
    const done = new Set<string>()
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' > '))
      else if (!done.has(path)) {
        for (const other of graph.get(path) ?? []) visit(other, [...way, path])
        done.add(path)
      }
    }
    for (const path of graph.keys()) visit(path, [])
    expect(circles).toEqual([])
  })

  test('of functions: each names itself where it connects, and nobody else does', () => {
    const connecting = [...graph].filter(([, imported]) => imported.includes('functions/connections.ts'))
    expect(connecting.map(([path]) => path).filter((path) => !path.startsWith('functions/lambda/'))).toEqual(
      [],
    )
  })
})
