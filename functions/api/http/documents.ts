import { isCollection, isNode, isScalar, LineCounter, parseDocument, visit, type YAMLError } from 'yaml'
import type { Place, WrittenDocument } from './exchange.ts'
import { Problem } from './problem.ts'

/** Collections inside of each other, and aliases, cost more to read than their length says: neither is needed. */
const deepest = 32
/** Blank lines of a text, and lines of a plain one, are gone over again for each that follows. */
const mostLines = 10_000

function refuse(detail: string, { line, column }: Place): never {
  const errors = [{ field: 'body', value: null, expected: detail, line, column }]
  throw new Problem('malformed-document', `Line ${line}, column ${column}: ${detail}.`, { errors })
}

/** The brackets of flow style alone can nest without an end: they, and lines, are counted before anything is read. */
function refuseNesting(text: string): void {
  let depth = 0
  let line = 1
  let start = 0
  for (let place = 0; place < text.length; place++) {
    const sign = text[place]
    if (sign === '\n' || (sign === '\r' && text[place + 1] !== '\n')) {
      line++
      start = place + 1
      if (line > mostLines) refuse(`at most ${mostLines} lines`, { line, column: 1 })
    } else if (sign === '[' || sign === '{') depth++
    else if (sign === ']' || sign === '}') depth = Math.max(0, depth - 1)
    if (depth > deepest) refuse(`at most ${deepest} levels of nesting`, { line, column: place - start + 1 })
  }
}

/** So many levels can begin in one line, by marks of sequences and keys alone. */
const marksInLine = new RegExp(`^[ \\t]*(?:[-?][ \\t]+){${deepest}}`, 'm')

/** Reads a document, YAML or JSON. What is no document, names a field twice or has anchors, aliases or tags is refused with its place. */
export function readDocument(text: string): WrittenDocument {
  refuseNesting(text)
  const marks = marksInLine.exec(text)
  if (marks)
    refuse(`at most ${deepest} levels of nesting`, {
      line: text.slice(0, marks.index).split('\n').length,
      column: 1,
    })
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    // It would look through all keys before each of them.
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.2',
  })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const refuseFirst = ([wrong]: readonly YAMLError[]): void => {
    if (wrong)
      refuse(wrong.message.split('\n')[0]?.replace(/[.:]$/, '') ?? 'no document', placeAt(wrong.pos[0]))
  }
  refuseFirst(document.errors)
  visit(document, {
    Node(_key, node) {
      const offset = node.range?.[0] ?? 0
      if ('anchor' in node && node.anchor) refuse('no anchor', placeAt(offset))
      if (node.tag !== undefined) refuse('no tag', placeAt(offset))
    },
    Map(_key, { items }) {
      const known = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (known.has(name)) refuse('each field once', placeAt(key.range?.[0] ?? 0))
        known.add(name)
      }
    },
    Alias: (_key, node) => refuse('no alias', placeAt(node.range?.[0] ?? 0)),
  })
  refuseFirst(document.warnings)
  return {
    json: document.toJS({ maxAliasCount: 0 }),
    placeOf(field) {
      let node: unknown = document.contents
      let offset = isNode(node) ? node.range?.[0] : undefined
      for (const part of field.split('.')) {
        if (!isCollection(node)) break
        const inner = node.get(/^\d+$/.test(part) ? Number(part) : part, true)
        if (!isNode(inner)) break
        node = inner
        offset = inner.range?.[0] ?? offset
      }
      return offset === undefined ? undefined : placeAt(offset)
    },
  }
}
