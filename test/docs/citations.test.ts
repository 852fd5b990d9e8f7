import { describe, expect, test } from 'vitest'
import { anchorsOf, documentAt, files, textOf } from './documents.ts'

/** Code, tests and what stands beside them; recorded events and these tests cite nothing. */
const cited = files
  .filter((path) => /\.(?:asl\.json|grit|patch|tsx?)$/.test(path) && !path.startsWith('test/docs/'))
  .map((path) => ({ path, text: textOf(path) }))

const design = documentAt('docs/design.md')

/** How code cites a rule: a word, a colon, and an anchor of `docs/design.md`. */
const citation = /\bdesign: (#[a-z0-9-]+)/g
/** How code cites a requirement, an invariant or a control. */
const requirement = /\b[CILMNPSVWZ][1-9]\d?\b/g

/** The ids that the first column of a table explains, below a heading of a document. */
function explained(path: string, heading: string): string[] {
  const [, after = ''] = documentAt(path).text.split(`\n## ${heading}\n`)
  const [section = ''] = after.split('\n## ')
  return [...section.matchAll(/^\| ([A-Z]\d{1,2}) \| \S/gm)].map(([, id = '']) => id)
}

describe('citations of the design', () => {
  test('name a rule that is there', () => {
    const anchors = anchorsOf(design)
    const found = cited.flatMap(({ path, text }) =>
      [...text.matchAll(citation)].map(([, anchor = '']) => ({ path, anchor })),
    )
    expect(found.length).toBeGreaterThan(30)
    expect(found.filter(({ anchor }) => !anchors.has(anchor.slice(1)))).toEqual([])
  })

  test('have one form', () => {
    const other = /\bDESIGN\b|\bdesign §|\(design:? (?!#)/
    expect(cited.filter(({ text }) => other.test(text)).map(({ path }) => path)).toEqual([])
  })
})

describe('requirements', () => {
  const ids = [
    ...explained('docs/design.md', 'Requirement ids'),
    ...explained('docs/design.md', 'Invariants'),
    ...explained('docs/security.md', 'Controls'),
  ]
  const found = Map.groupBy(
    cited.flatMap(({ path, text }) => [...text.matchAll(requirement)].map(([id]) => ({ path, id }))),
    ({ id }) => id,
  )

  test('that are cited are explained', () => {
    const unknown = [...found].filter(([id]) => !ids.includes(id))
    expect(unknown.map(([id, [first]]) => `${id} in ${first?.path}`)).toEqual([])
  })

  test('that are explained are cited, each explained once', () => {
    expect(ids.length).toBeGreaterThan(50)
    expect(ids.filter((id) => !found.has(id))).toEqual([])
    expect(ids).toEqual([...new Set(ids)])
  })
})
