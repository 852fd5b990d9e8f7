import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { notificationsEndpoint } from '../api/notifications.ts'
import { slackEndpoint } from '../api/slack.ts'
import {
  apiUrl,
  connect,
  inbox,
  log,
  mail,
  messages,
  outbound,
  roleClaim,
  secrets,
  uncallable,
  views,
  webhooks,
} from '../connections.ts'

const services = connect({
  log,
  views,
  messages,
  inbox,
  outbound,
  secrets,
  webhooks,
  mail,
  apiUrl,
  uncallable,
  roleClaim,
})
const api = notificationsEndpoint(services)
const slack = slackEndpoint(services)

/** What Slack sends has a path of its own, and none of what the API checks holds for it. */
export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  event.rawPath.startsWith('/slack/') ? slack(event) : api(event, context)
