import { describe, expect, test } from 'vitest'
import { EvaluationFailed } from '../../../infra/local/stepfunctions/errors.ts'
import { evaluate, evaluateTyped } from '../../../infra/local/stepfunctions/expression.ts'

const scope = {
  states: { input: { a: 1 } },
  variables: { v: [1, 2] },
  now: Date.parse('2026-01-05T00:00:00Z'),
}
const value = (expression: string) => evaluate(`{% ${expression} %}`, 'Output/x', scope)
const causeOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof EvaluationFailed)) throw new Error(`not an EvaluationFailed: ${error}`)
  return error.failure.cause
}

describe('the functions that AWS adds', () => {
  test.each([
    ['$partition([1,2,3,4], 3)', [[1, 2, 3], [4]]],
    ['$partition([0], 3)', [[0]]],
    ['$range(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['$range(1, 9, 9)', 1],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ['$hash("a", "SHA-256")', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['$hash("a", "MD5")', '0cc175b9c0f1b6a831c399e269772661'],
    ['$random(7) = $random(7)', true],
    ['$random() < 1', true],
    ['$length($uuid())', 36],
    ['$parse("{\\"a\\": [1]}").a', [1]],
    ['$now()', '2026-01-05T00:00:00.000Z'],
    ['$now("[Y]")', '2026'],
    ['$millis()', 1767571200000],
    ['$v[1] + $states.input.a', 3],
  ])('%s', async (expression, expected) => {
    expect(await value(expression)).toEqual(expected)
  })

  test('$randomSeeded is not one of them', async () => {
    expect(await causeOf(value('$randomSeeded(1)'))).toContain('threw an error during evaluation. T1006')
  })

  test('$eval is not available', async () => {
    expect(await causeOf(value('$eval("1")'))).toContain('threw an error during evaluation')
  })
})

describe("AWS's causes", () => {
  const prefix = (expression: string) =>
    `The JSONata expression '${expression}' specified for the field 'Output/x' `

  test.each([
    ['$states.input.b', 'returned nothing (undefined).'],
    ['$sum', 'returned an unsupported result type.'],
    ['{"f": function($x) { $x }}', 'returned an unsupported result type.'],
    ['$number("x")', 'threw an error during evaluation. D3030: Unable to cast value to a number: "x"'],
  ])('%s', async (expression, problem) => {
    expect(await causeOf(value(expression))).toBe(prefix(expression) + problem)
  })

  test('a value of another type than the field needs', async () => {
    expect(await causeOf(evaluateTyped('{% 1 %}', 'Items', 'array', scope))).toBe(
      "The JSONata expression '1' specified for the field 'Items' returned an unexpected result type. " +
        "Expected 'array', but was 'number' for value: 1",
    )
  })

  test('a field inside a template is named by its path', async () => {
    expect(await causeOf(evaluate({ a: [0, { b: '{% $x %}' }] }, 'Output', scope))).toContain(
      "'Output/a[1]/b'",
    )
  })
})
