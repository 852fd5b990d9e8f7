import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildResult, buildSync } from 'esbuild'
import { endCommand, readCommandLine } from './command-line.ts'
import { noticesOf, type Package, packagesIn } from './constructs/third-party.ts'
import { nodeNeeded } from './node-needed.ts'

const usage = `npm run bundle [-- options]

Writes the command line of operators as one file that any Node from version 20 runs, with what the licences
of packages in it ask to be passed on.

  --out DIR  where to (dist)`

const root = fileURLToPath(new URL('..', import.meta.url))
const fileName = 'drydock.cjs'

/** Bundles the command line, and writes nothing. */
function built(): BuildResult<{ readonly write: false; readonly metafile: true }> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return buildSync({
    absWorkingDir: root,
    entryPoints: ['clients/cli/drydock.ts'],
    outfile: fileName,
    write: false,
    metafile: true,
    bundle: true,
    // What is imported when it is wanted is then loaded by then, the parts of Node that it needs included.
    // What follows would not be strict any more, were it not said before.
    banner: { js: `'use strict';\n${nodeNeeded(20)}` },
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    alias: { 'node:child_process': './clients/cli/bundled/child-process.ts' },
    define: { drydockVersion: JSON.stringify(version) },
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  })
}

/** Returns the packages of which the command line holds anything. */
export function commandLinePackages(): readonly Package[] {
  return Object.values(built().metafile.outputs).flatMap(packagesIn)
}

/** Writes the command line into a directory, and returns its file. */
export function writeCommandLine(directory: string): string {
  const { outputFiles, metafile } = built()
  mkdirSync(directory, { recursive: true })
  const file = join(directory, fileName)
  for (const { contents } of outputFiles) writeFileSync(file, contents)
  chmodSync(file, 0o755)
  const notices = noticesOf(Object.values(metafile.outputs).flatMap(packagesIn))
  writeFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), notices)
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
