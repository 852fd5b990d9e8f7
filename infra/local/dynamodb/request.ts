import { Agent, request as httpRequest } from 'node:http'
import { isRecord } from '../template/shapes.ts'

/** Calls one operation of DynamoDB's JSON protocol, such as `DynamoDB_20120810.PutItem`. */
export interface DynamoRequest {
  (operation: string, input: unknown): Promise<Record<string, unknown>>
  close(): void
}

/** An error that DynamoDB answered; `name` is its type, such as ResourceNotFoundException. */
export class DynamoError extends Error {
  constructor(type: string, message: string) {
    super(message)
    this.name = type
  }
}

// An emulator checks no signature, but wants to see one.
const authorization =
  'AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=local'

/**
 * Returns a function that calls an emulator. Without the AWS SDK: loading that takes longer than the whole start.
 * It rejects with a DynamoError for what the emulator refused, and with the socket's error while it is away.
 */
export function openDynamoRequest(endpoint: () => string): DynamoRequest {
  const agent = new Agent({ keepAlive: true })
  const call = (operation: string, input: unknown) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const body = JSON.stringify(input)
      const sent = httpRequest(endpoint(), {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': Buffer.byteLength(body),
          'x-amz-target': operation,
          'x-amz-date': '20260101T000000Z',
          authorization,
        },
      })
      sent.on('error', reject)
      sent.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('error', reject)
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          try {
            const answer: unknown = JSON.parse(Buffer.concat(chunks).toString() || '{}')
            if (!isRecord(answer)) throw new Error(`${operation} was answered with no object`)
            if (response.statusCode === 200) resolve(answer)
            else
              reject(
                new DynamoError(
                  String(answer.__type).replace(/^.*#/, ''),
                  String(answer.message ?? answer.Message),
                ),
              )
          } catch (error) {
            reject(error)
          }
        })
      })
      sent.end(body)
    })
  return Object.assign(call, { close: () => agent.destroy() })
}
