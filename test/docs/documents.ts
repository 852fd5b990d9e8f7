import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folders = '{.ci,clients,contracts,docs,events,examples,functions,infra,lint,statemachines,test}'

/** A document of the project, by its path from the root. */
export interface Document {
  readonly path: string
  readonly text: string
}

/** Every file of the project that somebody wrote, by its path from the root. */
export const files: readonly string[] = globSync([`${folders}/**/*`, '*.{md,json,ts}', '.gitignore'], {
  cwd: root,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => posix.join(posix.relative(root, parentPath), name))

/** Returns a file's text by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** What people read: the README, and everything in `docs/`. */
export const documents: readonly Document[] = files
  .filter((path) => path === 'README.md' || /^docs\/.*\.md$/.test(path))
  .map((path) => ({ path, text: textOf(path) }))

/** Returns a document without its blocks of code, which cite nothing. */
function proseOf({ text }: Document): string {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '')
}

const span = /`([^`]+)`/g

/** Returns what a document writes as code inside of a sentence. A line may break in it. */
export function spansOf(document: Document): string[] {
  return [...proseOf(document).matchAll(span)].map(([, code = '']) => code.replaceAll(/\s+/g, ' '))
}

/** Returns where the links of a document lead. */
export function linksOf(document: Document): string[] {
  const words = proseOf(document).replaceAll(span, 'code')
  return [...words.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** Returns the anchors of a document: those that it writes, and those that GitHub makes of its headings. */
export function anchorsOf(document: Document): ReadonlySet<string> {
  const prose = proseOf(document)
  const written = [...prose.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = '']) => id)
  const seen = new Map<string, number>()
  const headings = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  })
  return new Set([...written, ...headings])
}

/** Returns the document at a path. Throws when there is none. */
export function documentAt(path: string): Document {
  const found = documents.find((document) => document.path === path)
  if (!found) throw new Error(`There is no document ${path}.`)
  return found
}

/** Returns a table as documents write it. */
export function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Returns the table below a mark in a document. */
export function tableBelow({ text }: Document, mark: string): string {
  const [, table = ''] = text.split(new RegExp(`<!-- (?:${mark}|end of ${mark}) -->\n`))
  return table.trim()
}
