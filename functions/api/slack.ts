import { Buffer } from 'node:buffer'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as z from 'zod'
import { passesForAnother } from '../domain/actor.ts'
import { isPassing } from '../errors.ts'
import { callSlack } from '../notify/deliver.ts'
import { couldBeFromSlack, escaped, isFromSlack, press } from '../notify/slack.ts'
import { openCallers } from './http/allowances.ts'
import type { Principal } from './http/exchange.ts'
import { Problem } from './http/problem.ts'
import { securityHeaders } from './http/security-headers.ts'
import { destinationOf } from './notifications/destinations.ts'
import { approveRollout, rejectRollout } from './rollouts/command.ts'
import type { Reception, Services } from './services.ts'
import { approveUpgrade, rejectUpgrade } from './upgrades/command.ts'

type Result = APIGatewayProxyStructuredResultV2
type Reached = Services<'outbound' | 'secrets'> & Pick<Reception, 'allowances'>

/** In bytes: what Slack sends of a press is a message and who pressed. */
const largestBody = 256 * 1024

/** What Slack sends when somebody presses a button (Slack, "block_actions payloads"), as far as it is read. */
const pressed = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().max(64) }),
  channel: z.object({ id: z.string().max(64) }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
})

function answer(statusCode: number, words = ''): Result {
  return {
    statusCode,
    headers: { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' },
    body: words,
  }
}

/** Reads what was pressed, as it stands in a form; undefined: it is nothing that is answered. */
export function pressIn(form: string): z.output<typeof pressed> | undefined {
  try {
    const read = pressed.safeParse(JSON.parse(new URLSearchParams(form).get('payload') ?? ''))
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns the handler of what people press in Slack: a request that is signed with the signing secret of its destination, to the byte, in the
 * last 300 seconds (S23). Whoever pressed is a principal only as the destination says; everything else is as if they had called the API. It is
 * answered with 200 once it is carried out, or once they were told why not: what their message shows comes from the log.
 */
export function slackEndpoint(services: Reached) {
  const callers = openCallers(services.now, services.allowances)
  return async (event: APIGatewayProxyEventV2): Promise<Result> => {
    const { body = '', isBase64Encoded, headers, pathParameters, requestContext } = event
    const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
    if (bytes.length > largestBody) return answer(413)
    const proof = {
      signature: headers['x-slack-signature'] ?? '',
      timestamp: headers['x-slack-request-timestamp'] ?? '',
    }
    // Nothing is read for whoever could not have been sent by Slack, nor for whoever asks without end.
    if (!couldBeFromSlack(proof, services.now())) return answer(401)
    if (callers.take(`address:${requestContext.http.sourceIp}`, 'receiver') !== null) return answer(429)
    const document = await documentOf(services, pathParameters?.destination ?? '')
    if (!document?.signingSecret) return answer(404)
    const secret = await services.secrets.read(document.signingSecret)
    if (secret.kind !== 'secret' || !isFromSlack(proof, bytes, secret.value, services.now()))
      return answer(401)
    const read = pressIn(bytes.toString('utf8'))
    if (!read) return answer(400)
    const [action] = read.actions
    const decision = action && press(action.action_id, action.value)
    // A link was followed, or it is a button of an earlier version.
    if (!decision) return answer(200)
    const { user, channel } = read
    const person = document.people.find((one) => one.user === user.id)
    const why =
      person && !passesForAnother(person.subject)
        ? await refusalOf(services, decision, {
            principal: {
              kind: 'person',
              id: person.subject,
              roles: new Set(person.roles as readonly 'approver'[]),
            },
            correlation: requestContext.requestId,
            comment: `In Slack, as ${user.id}`,
          })
        : `Nobody here is the Slack user ${user.id}: an administrator names who that is in the destination.`
    if (why === undefined) return answer(200)
    const told = {
      channel: channel.id,
      user: user.id,
      text: escaped(`Nothing was changed. ${why}`),
      parse: 'none',
      mrkdwn: false,
    }
    await callSlack(services, document, 'chat.postEphemeral', told)
    return answer(200)
  }
}

async function documentOf({ log }: Reached, name: string) {
  try {
    const { document } = (await destinationOf(log, name)).destination
    return document.kind === 'slack' ? document : undefined
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

interface As {
  readonly principal: Principal
  readonly correlation: string
  readonly comment: string
}

/** Carries out what was pressed, as whoever pressed; returns why it was refused, undefined: it is in the log. */
async function refusalOf(
  services: Reached,
  { kind, id, planHash, window, as }: NonNullable<ReturnType<typeof press>>,
  { principal, correlation, comment }: As,
): Promise<string | undefined> {
  const input = {
    ...{ principal, correlation, idempotency: null, ifMatch: null, seen: null, speaksForMember() {} },
    ...{ params: { id }, query: {}, headers: {} },
  }
  const approval = { ...input, body: { planHash, comment } }
  const inWindow = { ...input, body: { planHash, comment, window } }
  const rejection = { ...input, body: { planHash, reason: comment } }
  try {
    if (kind === 'upgrade')
      await (as === 'approve' ? approveUpgrade(inWindow, services) : rejectUpgrade(rejection, services))
    else await (as === 'approve' ? approveRollout(approval, services) : rejectRollout(rejection, services))
    return undefined
  } catch (error) {
    if (error instanceof Problem) return error.message
    if (isPassing(error)) return 'Others were faster: press again.'
    throw error
  }
}
