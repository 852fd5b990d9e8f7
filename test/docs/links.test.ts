import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { anchorsOf, type Document, documentAt, documents, files, linksOf, spansOf } from './documents.ts'

/** Files, and the folders that they lie in. */
const paths = new Set(
  files.flatMap((path) => {
    const parts = path.split('/')
    return parts.map((_, place) => parts.slice(0, place + 1).join('/'))
  }),
)
const endings = files.map((path) => `/${path}`)

/** Why a link leads nowhere; undefined when it leads somewhere, or out of the project. */
function deadEnd({ path }: Document, link: string): string | undefined {
  if (/^https?:/.test(link)) return undefined
  const [file = '', anchor] = link.split('#', 2)
  const target = file === '' ? path : posix.join(posix.dirname(path), file)
  if (!paths.has(target.replace(/\/$/, ''))) return `${path}: ${link} (no such file)`
  if (anchor === undefined || anchorsOf(documentAt(target)).has(anchor)) return undefined
  return `${path}: ${link} (no such anchor)`
}

const inFolder =
  /^(?:\.ci|clients|contracts|docs|events|examples|functions|infra|lint|statemachines|test)\/[\w./-]*$/
const withEnding = /^(?:[\w.-]+\/)*[\w.-]+\.(?:cjs|grit|json|md|patch|ts)$/

/** Is this the name of a file or folder of the project? One with a placeholder, as `<name>.ts`, names none. */
function namesFile(code: string): boolean {
  return inFolder.test(code) || withEnding.test(code)
}

/** Is a file there? A name without its folders stands for any file that is called so. */
function isThere(name: string): boolean {
  return paths.has(name.replace(/\/$/, '')) || endings.some((path) => path.endsWith(`/${name}`))
}

describe('documents', () => {
  test('have no link that leads nowhere', () => {
    const links = documents.flatMap((document) => linksOf(document).map((link) => deadEnd(document, link)))
    expect(links.length).toBeGreaterThan(60)
    expect(links.filter((found) => found !== undefined)).toEqual([])
  })

  test('name no file that does not exist', () => {
    const named = documents.flatMap((document) =>
      spansOf(document)
        .filter(namesFile)
        .map((name) => ({ name, at: document.path })),
    )
    expect(named.length).toBeGreaterThan(200)
    const missing = named.filter(({ name }) => !isThere(name)).map(({ name, at }) => `${at}: ${name}`)
    expect(missing).toEqual([])
  })

  test('name no command that npm does not know', () => {
    const run = /\bnpm run (?:--silent )?([a-z:]+)/g
    const named = documents.flatMap(({ text }) => [...text.matchAll(run)].map(([, name = '']) => name))
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([])
  })
})

describe('the check itself', () => {
  const document: Document = {
    path: 'docs/design.md',
    text: '# One `two`: three\n\nSee [a](#one-two-three), [b](#four), [c](gone.md) and `functions/gone.ts`.\n\n```sh\n[d](e)\n```\n\n- <a id="five"></a>',
  }

  test('finds links and anchors, but none in a block of code', () => {
    expect(linksOf(document)).toEqual(['#one-two-three', '#four', 'gone.md'])
    expect([...anchorsOf(document)]).toEqual(['five', 'one-two-three'])
  })

  test('sees what leads nowhere', () => {
    expect(deadEnd(document, 'gone.md')).toContain('no such file')
    expect(deadEnd(document, '#gone')).toContain('no such anchor')
    expect(deadEnd(document, 'adr/README.md')).toBeUndefined()
  })

  test('tells files from other code, and those that are there from others', () => {
    const code = [
      'functions/gone.ts',
      'windows.ts',
      'functions/lambda/<name>.ts',
      '/openapi.json',
      'TargetsAdmitted',
    ]
    expect(code.filter(namesFile)).toEqual(['functions/gone.ts', 'windows.ts'])
    expect(isThere('functions/gone.ts')).toBe(false)
    expect(isThere('windows.ts')).toBe(true)
    expect(isThere('indows.ts')).toBe(false)
    expect(isThere('functions/domain/')).toBe(true)
  })
})

describe('decision records', () => {
  const records = documents.filter(({ path }) => /^docs\/adr\/\d{4}-/.test(path))

  test('are numbered without a gap', () => {
    const numbers = records
      .map(({ path }) => Number(path.slice('docs/adr/'.length).slice(0, 4)))
      .sort((a, b) => a - b)
    expect(numbers).toEqual(numbers.map((_, place) => place + 1))
  })

  test('are all in the list, under their titles', () => {
    const { text } = documentAt('docs/adr/README.md')
    const listed = text.split('\n').filter((line) => /^\| \[\d{4}\]/.test(line))
    const expected = records.map(({ path, text: record }) => {
      const [, number = '', title = ''] = /^# (\d{4})\. (.+)$/m.exec(record) ?? []
      return `| [${number}](${posix.basename(path)}) | ${title} |`
    })
    expect(listed).toEqual(expected.sort())
  })

  test('say context, decision and consequence', () => {
    for (const { path, text } of records)
      expect([path, ...(text.match(/^## .+$/gm) ?? [])]).toEqual([
        path,
        '## Context',
        '## Decision',
        '## Consequence',
      ])
  })
})

describe('the README', () => {
  test('begins with the two commands that show it and test it', () => {
    const [block] = /```sh\n[\s\S]*?```/.exec(documentAt('README.md').text) ?? []
    expect(block).toBe('```sh\nnpm ci && npm run demo\nnpm ci && npm test\n```')
  })
})
