import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildResult, buildSync } from 'esbuild'
import { noticesOf, packagesIn } from './third-party.ts'

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
  for (const { entryPoint, ...output } of Object.values(metafile.outputs)) {
    if (entryPoint === undefined) continue
    const notices = noticesOf(packagesIn(output))
    writeFileSync(join(directory, bundleOf(entryPoint), 'THIRD-PARTY-NOTICES.txt'), notices)
  }
  return directory
}

/** Where bundles would be. Source maps name their sources from here, so a bundle's hash does not depend on where it was written. */
const place = join(root, 'bundles')

/** Bundles every entry file, and writes nothing. */
export function built(
  entries: readonly string[],
): BuildResult<{ readonly write: false; readonly metafile: true }> {
  const missing = entries.filter((entry) => !existsSync(join(root, entry)))
  if (missing.length > 0) {
    throw new Error(`Entry files of functions are missing, each must export "handler": ${missing.join(', ')}`)
  }
  return buildSync({
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
