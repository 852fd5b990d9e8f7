import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildResult, buildSync, transformSync } from 'esbuild'
import { endCommand, readCommandLine } from './command-line.ts'
import { distinct, noticesOf, type Package, packagesIn } from './constructs/third-party.ts'
import { nodeNeeded } from './node-needed.ts'

const usage = `npm run bundle [-- options]

Writes the command line of operators as one file that any Node from version 20 runs, with what the licences
of packages in it ask to be passed on.

  --out DIR  where to (dist)`

const root = fileURLToPath(new URL('..', import.meta.url))
const fileName = 'drydock.cjs'
const entryPoint = 'clients/cli/drydock.ts'

/** Bundles the command line into the part that starts it and those that are loaded when they are wanted, and writes nothing. */
function built(): BuildResult<{ readonly write: false; readonly metafile: true }> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return buildSync({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    outdir: '.',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    alias: { 'node:child_process': './clients/cli/bundled/child-process.ts' },
    define: { drydockVersion: JSON.stringify(version) },
    legalComments: 'none',
    logLevel: 'warning',
  })
}

/** What is loaded later is text until then: Node reads through all code of a file before it runs the first of it, and through texts much faster. */
const loadPart = `const loaded = {};
function part(name) {
  if (!(name in parts)) return require(name);
  if (!(name in loaded)) {
    const module = (loaded[name] = { exports: {} });
    require('vm').compileFunction(parts[name], ['module', 'require'], { filename: __filename + '/' + name })(module, part);
  }
  return loaded[name].exports;
}`

/** Returns the parts of the command line as one file, in which importing one is running its text. */
function inOneFile({ outputFiles, metafile }: ReturnType<typeof built>): string {
  const isFirst = (name: string) => metafile.outputs[name]?.entryPoint === entryPoint
  let first = ''
  const parts: Record<string, string> = {}
  for (const { path, text } of outputFiles) {
    // Strict as modules are, and whatever is imported comes by `require`.
    const { code } = transformSync(text, {
      ...{ format: 'cjs', platform: 'node', target: 'node20', minify: true },
      banner: "'use strict';",
      supported: { 'dynamic-import': false },
    })
    if (isFirst(basename(path))) first = code.replace(/^#!.*\n/, '')
    else parts[`./${basename(path)}`] = code
  }
  return `#!/usr/bin/env node
${nodeNeeded(20)}
const parts = ${JSON.stringify(parts)};
${loadPart}
(function (require) {${first}})(part);
`
}

/** Returns the packages of which the command line holds anything. */
export function commandLinePackages(): readonly Package[] {
  return packagesOf(built().metafile)
}

function packagesOf({ outputs }: ReturnType<typeof built>['metafile']): readonly Package[] {
  return distinct(Object.values(outputs).flatMap(packagesIn))
}

/** Writes the command line into a directory, and returns its file. */
export function writeCommandLine(directory: string): string {
  const bundle = built()
  mkdirSync(directory, { recursive: true })
  const file = join(directory, fileName)
  writeFileSync(file, inOneFile(bundle))
  chmodSync(file, 0o755)
  writeFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), noticesOf(packagesOf(bundle.metafile)))
  return file
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const { values } = readCommandLine(usage, { options: { out: { type: 'string', default: 'dist' } } })
    console.log(`Written: ${writeCommandLine(values.out)}`)
  } catch (error) {
    endCommand(error)
  }
}
