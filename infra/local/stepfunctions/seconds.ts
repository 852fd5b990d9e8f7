import { EvaluationFailed } from './errors.ts'
import { evaluateTyped, type Scope } from './expression.ts'

const MOST_SECONDS = 99_999_999

/**
 * The whole seconds of a field, which may be a JSONata expression.
 * @throws EvaluationFailed when the value is not an integer between `least` and AWS's 99,999,999
 */
export async function seconds(
  template: number | string,
  field: string,
  least: number,
  scope: Scope,
): Promise<number> {
  const value = await evaluateTyped(template, field, 'number', scope)
  if (!Number.isInteger(value)) {
    throw new EvaluationFailed(field, `The ${field} field cannot be parsed as an integer: ${value}`)
  }
  if (value < least || value > MOST_SECONDS) {
    throw new EvaluationFailed(
      field,
      `${field} must be between ${least} and ${MOST_SECONDS} but was: ${value}`,
    )
  }
  return value
}
