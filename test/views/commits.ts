import type { DynamoDBRecord } from 'aws-lambda'
import { type Commit, fromImage } from '../../events/envelope.ts'

/** The commits in stream records. */
export function commitsOf(records: readonly DynamoDBRecord[]): readonly Commit[] {
  return records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
}
