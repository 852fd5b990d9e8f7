import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  evaluate,
  holds,
  NotAnExpression,
  NoValue,
  parseExpression,
} from '../../../functions/domain/procedure/expression.ts'

const answer = {
  body: {
    nodes: [
      { id: 'a', state: 'healthy', url: 'https://a.example' },
      { id: 'b', state: 'unhealthy', url: 'https://b.example' },
    ],
    text: 'the node a is healthy',
    want: 'healthy',
  },
}
const values = {
  answer,
  target: { id: 'a', tags: { domain: 'example' } },
  steps: { first: { state: 'healthy' } },
}

describe('an expression in its time', () => {
  test.each<[string, unknown]>([
    ["answer.body.nodes.all(node, node.state == 'healthy')", false],
    ['answer.body.nodes.exists(node, node.id == target.id && node.state == steps.first.state)', true],
    ['answer.body.nodes.exists(node, target.id != node.id)', true],
    ['answer.body.nodes.all(node, node.url.endsWith(target.tags.domain))', true],
    ["answer.body.nodes.all(node, node.state in ['healthy', 'unhealthy'] && size(node.id) == 1)", true],
    ['answer.body.text.contains("node " + target.id)', true],
    ['size(answer.body.nodes) + 1', 3],
    ["answer.body.text.startsWith('the') ? answer.body.want : 'none'", 'healthy'],
  ])('%s is %j', (text, value) => {
    expect(evaluate(text, values)).toBe(value)
  })

  test.each([
    ['looks through a list for each element of another', 'answer.body.l.all(x, x in answer.body.l)'],
    ['compares the same for each element', 'answer.body.l.all(x, answer.body.l == answer.body.m)'],
    ['looks through a text for each element', 'answer.body.l.all(x, answer.body.s.contains(x))'],
    ['measures the same for each element', 'answer.body.l.all(x, size(answer.body.s) > 0)'],
    ['compares what is made of both', 'answer.body.l.all(x, string(answer.body.s) == x)'],
    ['compares with what is found by an element', 'answer.body.l.all(x, answer.body.m[x] == x)'],
    ['puts texts together for each element', 'answer.body.l.all(x, x + x == x)'],
    ['looks through a list in a list', 'answer.body.l.all(x, x.all(y, y > 1))'],
    ['looks through a text that it has made', '(answer.body.s + answer.body.s).contains(answer.body.t)'],
    ['calls for a pattern', "answer.body.s.matches('(a+)+b')"],
    ['makes a list', 'answer.body.l.map(x, x)'],
    ['makes a map', '{"a": 1}'],
    ['is too long', `${'answer.body.text == '.repeat(27)}answer`],
  ])('that %s is none', (_words, text) => {
    expect(() => parseExpression(text)).toThrow(expect.objectContaining({ name: 'NotAnExpression' }))
  })
})

describe('an expression', () => {
  const answer = {
    answer: { status: 200, body: { n: 3, f: 1.5, list: [1, 2], text: 'unhealthy', none: null } },
  }

  it.each<[string, unknown]>([
    ['answer.body.n + 1', 4],
    ['answer.body.n / 2 == 1', true],
    ['answer.body.f < 2', true],
    ["answer.body.text == 'healthy'", false],
    ['answer.body.list.exists(x, x == 2)', true],
    ['size(answer.body.list)', 2],
    ['has(answer.body.missing) ? 1 : 2', 2],
    ['answer.body.none == null', true],
  ])('%s', (text, value) => {
    expect(evaluate(text, answer)).toEqual(value)
  })

  it.each(['answer.body.missing', 'answer.body.n.x', 'answer.body.text + 1', 'answer.body.list[9]'])(
    '%s has no value, and says so',
    (text) => {
      expect(() => evaluate(text, answer)).toThrow(NoValue)
    },
  )

  it.each([
    'constructor',
    'answer.body.n.constructor',
    'this',
    'process.exit()',
    'answer["__proto__"]',
    'globalThis',
  ])('%s reaches nothing beside the values', (text) => {
    expect(() => evaluate(text, answer)).toThrow()
  })

  test('is no truth where it is none', () => {
    expect(() => holds('answer.body.n', answer)).toThrow(NoValue)
  })

  test('of anything is refused or ends, whatever the answer holds', () => {
    const parts = fc.constantFrom(
      'answer',
      '.body',
      '[0]',
      ' + ',
      '(',
      ')',
      '.all(x, x)',
      '"a"',
      '1',
      ' ? ',
      ' : ',
      '!',
      '==',
      'steps',
      '.map(y, y)',
      '{',
      '}',
      'size(',
      '.matches("a*")',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), fc.json(), (pieces, body) => {
        try {
          evaluate(pieces.join(''), { answer: { status: 200, body: JSON.parse(body) }, steps: {} })
        } catch (error) {
          expect(error instanceof NoValue || error instanceof NotAnExpression).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('is bounded in its length and depth', () => {
    expect(() => parseExpression(Array.from({ length: 300 }, () => '1').join('+'))).toThrow(NotAnExpression)
    expect(() => parseExpression(`${'('.repeat(100)}1${')'.repeat(100)}`)).toThrow(NotAnExpression)
  })
})
