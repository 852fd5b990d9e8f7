import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  type BatchStatementError,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { fromItem, toItem } from './items.ts'
import type { RowWrite, StoredRow } from './store.ts'

/** The most statements of one request (AWS). */
export const statementsAtMost = 25

const refusals: ReadonlySet<string> = new Set(['ConditionalCheckFailed', 'DuplicateItem'])

/** A statement whose condition did not hold. */
export class Refused extends Error {
  override readonly name = 'Refused'
  /** What is there instead, where DynamoDB said so. */
  readonly present: StoredRow | undefined
  constructor(item: Record<string, AttributeValue> | undefined) {
    super('The condition of a row did not hold.')
    this.present = item && fromItem(item)
  }
}

/** A statement that DynamoDB did not carry out. */
class StatementFailed extends Error {
  override readonly name = 'StatementFailed'
  /** The name that the same error of a request of its own has. */
  readonly code: string
  constructor({ Code = 'InternalServerError', Message }: BatchStatementError) {
    super(Message ?? Code)
    this.code = Code === 'ValidationError' ? 'ValidationException' : `${Code}Exception`
  }
}

/**
 * Writes at most 25 rows, each by a statement with its own condition, which is what no other request for many items offers; a statement
 * costs what the write by itself would. Reports the units of what was stored to `spend`, and returns the error of each that was not.
 */
export async function writeBatch(
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
  writes: readonly RowWrite[],
  spend: (units: number) => void,
): Promise<readonly (Error | undefined)[]> {
  const { Responses, ConsumedCapacity } = await client.send(
    new BatchExecuteStatementCommand({
      Statements: writes.map((write) => ({
        ...statementOf(table, write),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      })),
      ReturnConsumedCapacity: 'TOTAL',
    }),
  )
  for (const { CapacityUnits = 0 } of ConsumedCapacity ?? []) spend(CapacityUnits)
  return writes.map((_, index) => {
    const error = Responses?.[index]?.Error
    return error && errorOf(error)
  })
}

function statementOf(table: string, { row, expected }: RowWrite) {
  const { view, row: name, version, commit, body } = toItem(row)
  return expected === undefined
    ? {
        Statement: `INSERT INTO "${table}" VALUE {'view': ?, 'row': ?, 'version': ?, 'commit': ?, 'body': ?}`,
        Parameters: [view, name, version, commit, body],
      }
    : {
        Statement: `UPDATE "${table}" SET "version" = ?, "commit" = ?, "body" = ? WHERE "view" = ? AND "row" = ? AND "version" = ?`,
        Parameters: [version, commit, body, view, name, { N: `${expected}` }],
      }
}

function errorOf(error: BatchStatementError): Error {
  const { Code, Item } = error
  return Code !== undefined && refusals.has(Code) ? new Refused(Item) : new StatementFailed(error)
}
