import {
  apiUrl,
  callbacks,
  commands,
  connect,
  log,
  outbound,
  redemption,
  secrets,
  tokens,
  webhooks,
} from '../connections.ts'
import { runProcedure } from '../workflow/procedure/procedure.ts'

const connected = connect({
  log,
  tokens,
  redemption,
  outbound,
  secrets,
  commands,
  webhooks,
  callbacks,
  apiUrl,
})
const services = Object.defineProperties(
  { random: () => Math.random() },
  Object.getOwnPropertyDescriptors(connected),
) as typeof connected & { random(): number } // all that is connected, and nothing opened before it is used

export const handler = (event: unknown) => runProcedure(services, event)
