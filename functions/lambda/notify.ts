import {
  apiUrl,
  connect,
  inbox,
  log,
  mail,
  messages,
  metricsNamespace,
  outbound,
  secrets,
  webhooks,
} from '../connections.ts'
import { openNotify } from '../notify/notify.ts'

const services = connect({
  log,
  messages,
  inbox,
  outbound,
  secrets,
  webhooks,
  mail,
  apiUrl,
  metricsNamespace,
})

export const handler = openNotify(services)
