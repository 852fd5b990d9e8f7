import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folders = ['clients', 'events', 'contracts', 'functions', 'infra', 'statemachines']

/** A file of the project, by its path from the root. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** Every source of what is deployed, of what runs it on one machine, and of what calls it. */
export const sources: readonly Source[] = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|json)$/.test(name))
    .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(join(root, folder, name), 'utf8') })),
)

/** What a source loads: at its start, when it comes to it, or as a type alone. */
const specifier = /^(?:import|export)\s[^'"]*?from '([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'\)/gm

/** Returns what a source imports, as it is written there; what it names twice, once. */
function namesIn({ text }: Pick<Source, 'text'>): string[] {
  return [
    ...new Set([...text.matchAll(specifier)].map(([, from, bare, later]) => from ?? bare ?? later ?? '')),
  ]
}

/** Returns the files of the project that a source imports, by their paths from the root. Types count: they tie as firmly. */
export function importsOf({ path, text }: Source): string[] {
  return namesIn({ text })
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(path), name)))
}

/** Returns the packages that a source imports. */
export function packagesOf(source: Source): string[] {
  return namesIn(source).filter((name) => !name.startsWith('.'))
}

/** Returns the lines of a source with their numbers, from 1. */
export function linesOf({ text }: Source): { readonly number: number; readonly line: string }[] {
  return text.split('\n').map((line, index) => ({ number: index + 1, line }))
}
