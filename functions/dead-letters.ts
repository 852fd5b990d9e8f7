import * as z from 'zod'
import { type Question, Refused, type Send } from './aws-send.ts'

/** The queues of what was given up and is made good by a round, as far as they are asked here. */
export interface DeadLetters {
  /** Their URLs. */
  readonly queues: readonly string[]
  /**
   * Returns how many letters a queue holds, about, those that somebody looks at among them ("GetQueueAttributes"). Throws Refused, and what is thrown
   * where nobody answers.
   */
  count(queue: string): Promise<number>
}

const longest = 4096
const url = /^https:\/\/[\w.-]+\/\d{12}\/[\w-]{1,80}$/

/** Reads the setting: URLs of queues, between commas. Throws an error that names what it cannot read. */
export function readQueues(text: string): readonly string[] {
  if (text.length > longest)
    throw new Error(`The queues of dead letters are told in more than ${longest} characters.`)
  const queues = text.split(',')
  const wrong = queues.find((queue) => !url.test(queue))
  if (wrong !== undefined) throw new Error(`The URL of a queue of SQS is none: "${wrong}".`)
  return queues
}

const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
const answered = z.object({ Attributes: z.object({ [names[0]]: number, [names[1]]: number }) })

/** Opens queues of SQS, to which questions are sent. */
export function openDeadLetters(send: Send, queues: readonly string[]): DeadLetters {
  return {
    queues,
    async count(queue) {
      const question: Question = {
        ...{ method: 'POST', path: '' },
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.GetQueueAttributes',
        },
        body: JSON.stringify({ QueueUrl: queue, AttributeNames: names }),
      }
      const answer = await send(question)
      if (answer.status !== 200) throw new Refused(question, answer)
      const { Attributes } = answered.parse(JSON.parse(answer.text))
      return Attributes[names[0]] + Attributes[names[1]]
    },
  }
}
