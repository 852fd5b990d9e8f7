import { sha256 } from '../../events/canonical.ts'
import type { PublicDetail } from '../../events/public.ts'

/** What a webhook is sent: a body, its type, and an id that is the same each time the event is sent. */
export interface WebhookMessage {
  readonly id: string
  readonly body: string
  readonly contentType: string
}

/** Returns the message of an event: as Standard Webhooks has it, or as an event of CloudEvents 1.0 in structured mode. */
export function webhookMessage(
  detail: PublicDetail,
  format: 'plain' | 'cloudevents',
  source: string,
): WebhookMessage {
  const id = `msg_${sha256(detail.id).slice(0, 32)}`
  const { type, occurredAt } = detail
  if (format === 'plain') {
    const body = JSON.stringify({ type, timestamp: occurredAt, data: detail })
    return { id, body, contentType: 'application/json' }
  }
  const event = {
    ...{ specversion: '1.0', id: detail.id, source, type: `drydock.${type}`, subject: detail.stream },
    ...{ time: occurredAt, datacontenttype: 'application/json', data: detail },
  }
  return { id, body: JSON.stringify(event), contentType: 'application/cloudevents+json' }
}
