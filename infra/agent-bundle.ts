import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'
import { endCommand, readCommandLine } from './command-line.ts'
import { noticesOf, packagesIn } from './constructs/third-party.ts'
import { nodeNeeded } from './node-needed.ts'

const usage = `npm run bundle:agent [-- options]

Writes the agent and its watchdog, each as one file that Node from version 24 runs, with what the licences of
packages in them ask to be passed on. The agent's file is the artifact of its releases.

  --out DIR  where to (dist/agent)`

const root = fileURLToPath(new URL('..', import.meta.url))

/** Writes the agent and its watchdog into a directory: drydock-agent.mjs and drydock-watchdog.mjs, the same bytes for the same sources. */
export function writeAgent(directory: string): void {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: ['clients/agent/drydock-agent.ts', 'clients/agent/drydock-watchdog.ts'],
    outdir: '.',
    outExtension: { '.js': '.mjs' },
    write: false,
    metafile: true,
    bundle: true,
    // Its licence wants it exchangeable (ADR 0061): it is loaded from where the agent lies, if a certificate is trusted.
    external: ['openpgp'],
    alias: { 'node:sqlite': './clients/agent/bundled/sqlite.ts' },
    banner: { js: nodeNeeded(24) },
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'warning',
  })
  mkdirSync(directory, { recursive: true })
  for (const { path, contents } of outputFiles)
    writeFileSync(join(directory, path.slice(root.length)), contents)
  const notices = noticesOf(Object.values(metafile.outputs).flatMap(packagesIn))
  writeFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), notices)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const { values } = readCommandLine(usage, {
      options: { out: { type: 'string', default: 'dist/agent' } },
    })
    writeAgent(values.out)
    console.log(`Written: ${values.out}`)
  } catch (error) {
    endCommand(error)
  }
}
