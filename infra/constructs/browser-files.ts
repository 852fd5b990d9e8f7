import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { machines } from './names.ts'
import { distinct, noticesOf, type Package, packageAt } from './third-party.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const build = join(root, 'infra', 'browser-build.ts')

/**
 * Builds what browsers load and writes it into a directory: pages, scripts, styles, the definitions of the state machines, which the console
 * draws, and the notices of whose work is in it. Beside each file lies its packed form, where that is smaller. The build is a process of its
 * own, since Vite builds asynchronously, and a synthesis is not.
 */
export function writeBrowserFiles(directory: string): void {
  const packages = run(directory)
  mkdirSync(join(directory, 'machines'), { recursive: true })
  for (const machine of machines) {
    const definition = readFileSync(join(root, 'statemachines', `${machine}.asl.json`), 'utf8')
    writeFileSync(join(directory, 'machines', `${machine}.json`), JSON.stringify(JSON.parse(definition)))
  }
  writeFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), noticesOf(packages))
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path)
    const packed = gzipSync(bytes, { level: 9 })
    if (packed.length < bytes.length) writeFileSync(`${path}.gz`, packed)
  }
}

/** Returns the packages of which what browsers load holds anything. */
export function browserPackages(): readonly Package[] {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-browser-'))
  try {
    return run(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function run(directory: string): readonly Package[] {
  const said = execFileSync(process.execPath, [build, directory], { cwd: root, encoding: 'utf8' })
  return distinct((JSON.parse(said) as readonly string[]).map(packageAt)) // its last line, and the only one
}
