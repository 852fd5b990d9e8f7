import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dataFile } from './data-files.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

// infra/local is left out on purpose: it runs the template, it does not shape it.
const sources = [
  'clients/console',
  'contracts',
  'events',
  'functions',
  'statemachines',
  'infra',
  'package-lock.json',
]
const leftOut = join('infra', 'local')

/**
 * Returns the directory with the synthesized template of this repository, made anew only when a source of it has changed
 * since the last time. Throws with what the synthesis said when it fails.
 */
export async function synthesize(directory: string): Promise<string> {
  const outdir = dataFile(directory, 'cdk.out')
  const stamp = dataFile(directory, 'cdk.out.sources')
  const present = sourcesNow()
  if (
    existsSync(join(outdir, 'manifest.json')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === present
  )
    return outdir
  rmSync(outdir, { recursive: true, force: true })
  await run(join('infra', 'app.ts'), { ...process.env, CDK_OUTDIR: outdir })
  writeFileSync(stamp, present)
  return outdir
}

/** Returns a hash over the sources of the template as they are now: what is synthesized is kept with it. */
export function sourcesNow(): string {
  const hash = createHash('sha256')
  const add = (path: string): void => {
    const name = relative(root, path)
    if (name === leftOut || !existsSync(path)) return
    const entries = isDirectory(path) ? readdirSync(path).sort() : undefined
    if (entries === undefined) hash.update(`${name}\0`).update(readFileSync(path)).update('\0')
    else for (const entry of entries) add(join(path, entry))
  }
  for (const name of sources) add(join(root, name))
  return hash.digest('hex')
}

function isDirectory(path: string): boolean {
  return statSync(path).isDirectory()
}

function run(script: string, environment: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script], {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new Error(
            `The template cannot be synthesized (node ${script}, exit code ${code}):\n${Buffer.concat(output).toString().trim()}`,
          ),
        )
    })
  })
}
