import { describe, expect, test } from 'vitest'
import { evaluate, parseExpression } from '../../../functions/domain/procedure/expression.ts'

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

describe('an expression', () => {
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
