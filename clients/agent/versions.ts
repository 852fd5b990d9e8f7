import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory, syncTree } from './durable.ts'
import { run } from './programs.ts'

/** The folders of versions, and the link to the one that is in force. */
export interface Versions {
  /** Returns where a version is, or would be. */
  folder(version: string): string
  /** Where what was downloaded lies until it is in a folder. */
  readonly downloads: string
  /** Is a version there, whole, and of this digest, where one is given? */
  has(version: string, digest?: string | null): boolean
  /** Makes a version's folder of its artifacts: all of it or nothing. */
  make(
    version: string,
    digest: string | null,
    artifacts: readonly { readonly name: string; readonly file: string; readonly unpack: boolean }[],
  ): Promise<void>
  /** Makes a version the one that is in force, in one moment; null: none of those that are here. */
  switchTo(version: string | null): void
  /** Returns which version is in force; null: none was installed. */
  current(): string | null
  /** Removes the folders of all versions but these, and what is left of downloads. */
  keepOnly(versions: readonly string[]): void
}

const sealName = '.drydock-release'

/** Opens the folders of versions in a directory. */
export function openVersions(directory: string): Versions {
  const all = join(directory, 'versions')
  const downloads = join(directory, 'downloads')
  const link = join(directory, 'current')
  for (const path of [all, downloads]) mkdirSync(path, { recursive: true, mode: 0o755 })
  // A version is no path, whatever is written in it.
  const nameOf = (version: string) => `v-${encodeURIComponent(version)}`
  const folder = (version: string) => join(all, nameOf(version))
  return {
    folder,
    downloads,
    has(version, digest) {
      try {
        const seal = readFileSync(join(folder(version), sealName), 'utf8')
        return digest === undefined || seal === `${digest}\n`
      } catch {
        return false
      }
    },
    async make(version, digest, artifacts) {
      const draft = join(all, `.new-${nameOf(version)}`)
      rmSync(draft, { recursive: true, force: true })
      mkdirSync(draft)
      for (const { name, file, unpack } of artifacts) {
        const place = join(draft, name)
        if (!unpack) {
          await copyFile(file, place)
          continue
        }
        mkdirSync(place)
        await run(['tar', '--extract', '--no-same-owner', '--file', file, '--directory', place], {
          environment: {},
          directory,
          seconds: 3600,
        })
      }
      writeFileSync(join(draft, sealName), `${digest}\n`)
      // Before it has its name: what has it is whole, also when the power fails.
      await syncTree(draft)
      rmSync(folder(version), { recursive: true, force: true })
      renameSync(draft, folder(version))
      syncDirectory(all)
    },
    switchTo(version) {
      const next = `${link}.new`
      rmSync(next, { force: true })
      if (version === null) rmSync(link, { force: true })
      else {
        symlinkSync(join('versions', nameOf(version)), next)
        renameSync(next, link)
      }
      syncDirectory(directory)
    },
    current() {
      try {
        if (!lstatSync(link).isSymbolicLink()) return null
        return decodeURIComponent(readlinkSync(link).replace(/^versions[\\/]v-/, ''))
      } catch {
        return null
      }
    },
    keepOnly(versions) {
      const names = new Set(versions.map(nameOf))
      for (const name of readdirSync(all))
        if (!names.has(name)) rmSync(join(all, name), { recursive: true, force: true })
      for (const name of readdirSync(downloads))
        rmSync(join(downloads, name), { recursive: true, force: true })
    },
  }
}
