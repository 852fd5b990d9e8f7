import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, type BuildResult, buildSync } from 'esbuild'
import { distinct, exchangeable, noticesOf, packagesIn } from './third-party.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Some dependencies of the AWS SDK are CommonJS, and an ES module has no `require` of its own. */
const banner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`

/**
 * Bundles every entry file and returns a directory in which each has one of its own, at its own path without `.ts`, with an
 * `index.mjs` and its source map. All go through one run of esbuild, which reads what they share only once. The AWS SDK is
 * bundled in: what was tested is what runs. Beside each lies what the licences of packages in it ask to be passed on. The caller removes
 * the directory.
 */
export function bundle(entries: readonly string[]): string {
  const { outputFiles, metafile } = built(entries)
  const directory = mkdtempSync(join(tmpdir(), 'drydock-bundles-'))
  for (const file of outputFiles) {
    const path = join(directory, relative(place, file.path))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, file.contents)
  }
  for (const entry of entries) {
    const files = Object.entries(metafile.outputs).filter(([path]) => dirname(path).endsWith(bundleOf(entry)))
    const notices = noticesOf(distinct(files.flatMap(([, output]) => packagesIn(output))))
    writeFileSync(join(directory, bundleOf(entry), 'THIRD-PARTY-NOTICES.txt'), notices)
    const imported = new Set(files.flatMap(([, { imports }]) => imports.map(({ path }) => path)))
    for (const name of exchangeable)
      if (imported.has(name)) layBeside(name, join(directory, bundleOf(entry), 'node_modules', name))
  }
  return directory
}

/** Lays a package beside a bundle as its makers built it for Node, smallest, where whoever runs the bundle may exchange it for another. */
function layBeside(name: string, directory: string): void {
  const from = join(root, 'node_modules', name)
  const { version, license, module } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
  mkdirSync(directory, { recursive: true })
  cpSync(join(from, module), join(directory, 'index.mjs'))
  cpSync(join(from, 'LICENSE'), join(directory, 'LICENSE'))
  const described = { name, version, license, type: 'module', exports: './index.mjs' }
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(described, null, 2)}\n`)
}

/** Where bundles would be. Source maps name their sources from here, so a bundle's hash does not depend on where it was written. */
const place = join(root, 'bundles')

/** What stands in for packages of which functions need little: each file says what it leaves out. */
const standIns = {
  ajv: './functions/bundled/answers-unchecked.ts',
  'ajv-formats': './functions/bundled/answers-unchecked.ts',
  '@aws-sdk/credential-provider-node': './functions/bundled/credentials.ts',
  'moment-timezone': './functions/bundled/zones.ts',
}

/** Functions that load a part of themselves when it is asked for: it lies beside `index.mjs`, in files of its own. */
const loadedInParts = [
  'functions/lambda/agents.ts',
  'functions/lambda/calendars.ts',
  'functions/lambda/helm.ts',
  'functions/lambda/mcp.ts',
  'functions/lambda/procedures.ts',
  'functions/lambda/reactor.ts',
  'functions/lambda/reconcile.ts',
  'functions/lambda/rollouts.ts',
  'functions/lambda/upgrades.ts',
  'functions/lambda/windows.ts',
]

type Built = BuildResult<{ readonly write: false; readonly metafile: true }>

/** Bundles every entry file, and writes nothing. */
export function built(entries: readonly string[]): Pick<Built, 'outputFiles' | 'metafile'> {
  const missing = entries.filter((entry) => !existsSync(join(root, entry)))
  if (missing.length > 0) {
    throw new Error(`Entry files of functions are missing, each must export "handler": ${missing.join(', ')}`)
  }
  const whole = entries.filter((entry) => !loadedInParts.includes(entry))
  const runs = [
    ...(whole.length > 0 ? [run(whole, {})] : []),
    // What is shared by the parts of one function must not be shared with another: each is uploaded alone.
    ...entries
      .filter((entry) => loadedInParts.includes(entry))
      .map((entry) =>
        reachable(run([entry], { splitting: true, chunkNames: join(bundleOf(entry), '[name]-[hash]') })),
      ),
  ]
  return {
    outputFiles: runs.flatMap(({ outputFiles }) => outputFiles),
    metafile: {
      inputs: Object.assign({}, ...runs.map(({ metafile }) => metafile.inputs)),
      outputs: Object.assign({}, ...runs.map(({ metafile }) => metafile.outputs)),
    },
  }
}

/** Leaves out the files that no entry loads: esbuild writes a part of its own for each `import()` that it has read, for those too that it left out. */
function reachable(all: Built): Built {
  const { outputs } = all.metafile
  const kept = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint && isIndex(path)))
  for (const path of kept)
    for (const { path: next } of outputs[path]?.imports ?? []) if (next in outputs) kept.add(next)
  const isKept = (path: string) => kept.has(path.replace(/\.map$/, ''))
  return {
    ...all,
    outputFiles: all.outputFiles.filter(({ path }) => isKept(relative(root, path))),
    metafile: {
      ...all.metafile,
      outputs: Object.fromEntries(Object.entries(outputs).filter(([path]) => isKept(path))),
    },
  }
}

const isIndex = (path: string) => path.endsWith('/index.mjs')

function run(entries: readonly string[], parts: Pick<BuildOptions, 'splitting' | 'chunkNames'>): Built {
  return buildSync({
    ...parts,
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: entry, out: join(bundleOf(entry), 'index') })),
    outdir: place,
    outExtension: { '.js': '.mjs' },
    write: false,
    metafile: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    alias: standIns,
    external: [...exchangeable],
    minify: true,
    keepNames: true,
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: banner },
    logLevel: 'warning',
  })
}

/** Returns where the bundle of an entry file lies inside the directory of all bundles. */
export function bundleOf(entry: string): string {
  return entry.replace(/\.ts$/, '')
}
