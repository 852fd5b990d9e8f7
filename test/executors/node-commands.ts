import type { Answer, Question, Send } from '../../functions/aws-send.ts'
import { openCommandsOfMachine, type Played } from '../../infra/local/commands.ts'

/** What may happen to one request on its way: it is lost, or its answer is. */
export type Mishap = 'request-lost' | 'answer-lost' | 'broken-down' | 'throttled'

export const node = 'i-0123456789abcdef0'

const codes = { 'broken-down': 'InternalServerError', throttled: 'ThrottlingException' } as const

/** Run Command as one machine has it, with one node that plays what it is told, and requests that meet mishaps. */
export function openNode(clock: { now(): number }, played: (tries: number) => Played | undefined) {
  const asked: string[] = []
  const requests: { operation: string; body: Record<string, unknown> }[] = []
  const commands: { parameters: object; comment: string; at: number }[] = []
  let mishap: (operation: string, count: number) => Mishap | undefined = () => undefined
  const service = openCommandsOfMachine({
    ...{ file: ':memory:', clock },
    nodes: ({ instance, parameters, comment }) => {
      if (instance !== node) return undefined
      const does = played(commands.length + 1)
      if (does) commands.push({ parameters, comment, at: clock.now() })
      return does
    },
  })
  const answer = (status: number, body: unknown): Answer => ({ status, text: JSON.stringify(body) })
  const send: Send = async ({ headers, body = '' }: Question) => {
    const operation = headers?.['x-amz-target']?.replace('AmazonSSM.', '') ?? ''
    asked.push(operation)
    requests.push({ operation, body: JSON.parse(body) })
    const happens = mishap(operation, asked.filter((one) => one === operation).length)
    if (happens === 'request-lost') throw new Error('the request was lost')
    if (happens === 'broken-down' || happens === 'throttled')
      return answer(happens === 'throttled' ? 400 : 500, { __type: codes[happens], message: 'Later.' })
    try {
      const done = answer(200, service.request(operation, JSON.parse(body)))
      if (happens === 'answer-lost') throw new Error('the answer was lost')
      return done
    } catch (error) {
      if (!(error instanceof Error && 'type' in error)) throw error
      return answer(400, { __type: error.type, message: error.message })
    }
  }
  return {
    send,
    service,
    /** Every operation that was asked, in order. */
    asked,
    /** What was asked by one operation. */
    requests: (operation: string) =>
      requests.filter((one) => one.operation === operation).map(({ body: asked }) => asked),
    /** What reached the node. */
    commands,
    meets(next: typeof mishap) {
      mishap = next
    },
  }
}
