import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Metafile } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A package of somebody else, parts of which are in a bundle. */
export interface Package {
  readonly name: string
  readonly version: string
  /** As an expression of SPDX. */
  readonly licence: string
  readonly author: string
  /** What its licence asks to be passed on: every file of it that is called so. Empty where the package has none. */
  readonly texts: readonly string[]
}

/** How packages call what their licence asks to be passed on. */
const passedOn = /^(licen[cs]e|copying|notice)(\.|$)/i
const inside = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//

/**
 * Packages that no bundle holds: where one is imported, it lies beside as it was published, and can be exchanged. Their licence (LGPL) asks for that,
 * and that the GPL which it refers to is passed on with it.
 */
export const exchangeable: readonly string[] = ['openpgp']

/** Returns the packages of which a bundle holds anything, or that lie beside it, by their names. Types and what was shaken off are not in it. */
export function packagesIn({ inputs, imports }: Metafile['outputs'][string]): readonly Package[] {
  const places = new Set<string>()
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const place = inside.exec(path)?.[1]
    if (place !== undefined && bytesInOutput > 0) places.add(place)
  }
  for (const { path } of imports) if (exchangeable.includes(path)) places.add(`node_modules/${path}`)
  return distinct([...places].map(packageAt))
}

/** Returns packages once each, by name and version. */
export function distinct(packages: readonly Package[]): readonly Package[] {
  const found = new Map(packages.map((one) => [`${one.name}@${one.version}`, one]))
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, one]) => one)
}

/** Returns the package that lies at a place below the root of the project. */
export function packageAt(place: string): Package {
  const directory = join(root, place)
  const { name, version, license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  const files = readdirSync(directory).filter((file) => passedOn.test(file))
  return {
    name,
    version,
    licence: typeof license === 'string' ? license : 'unknown',
    author: typeof author === 'string' ? author : (author?.name ?? ''),
    texts: files.sort().map((file) => readFileSync(join(directory, file), 'utf8').trim()),
  }
}

/** The words of licences that packages name without bringing them. */
const standard: Readonly<Record<string, (author: string) => string>> = {
  MIT: (author) => `MIT License

Copyright (c) ${author}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
  'Apache-2.0': (author) =>
    `Copyright ${author}. Licensed under the Apache License, Version 2.0, whose words stand in this file with other packages.`,
}

const gpl = () => readFileSync(join(root, 'infra/constructs/licences/GPL-3.0.txt'), 'utf8').trim()

const line = `\n${'-'.repeat(80)}\n\n`

/** What goes before the texts of a package that can be exchanged. */
const besideWords = (name: string, version: string) =>
  `${name} is not part of the bundle: it lies whole and unchanged beside it, in node_modules/${name}, is loaded from there, and may be
exchanged there for any version that has the same interface. Nothing forbids to change it for one's own use, or to take the bundle
apart to find mistakes in such a change. Its source is the package ${name} ${version} of the npm registry,
https://registry.npmjs.org/${name}, and https://github.com/openpgpjs/openpgpjs.`

function textOf({ name, version, licence, author, texts }: Package): string {
  if (exchangeable.includes(name)) return [besideWords(name, version), ...texts, gpl()].join(line)
  if (texts.length > 0) return texts.join(line)
  const words = standard[licence]
  if (words === undefined)
    throw new Error(`${name} brings no text of its licence, ${licence}: find and add it here.`)
  return words(author)
}

/** Returns what has to go with a bundle: whose work is in it, under which licence, and the licences' own words. */
export function noticesOf(packages: readonly Package[]): string {
  const byText = Map.groupBy(packages, textOf)
  const parts = [...byText].map(([text, under]) => {
    const names = under.map(({ name, version, licence }) => `${name} ${version} (${licence})\n`)
    return `${names.join('')}\n${text}\n`
  })
  return [
    'The functions of Drydock hold parts of these packages, in the form that their bundler gave them. Their sources are in the\nnpm registry.\n',
    ...parts,
  ].join(line)
}
