import { connect, helm, log, outbound, secrets } from '../connections.ts'
import { runStep } from '../workflow/procedure/procedure.ts'

const connected = connect({ log, outbound, secrets, helm })
const services = Object.defineProperties(
  { random: () => Math.random() },
  Object.getOwnPropertyDescriptors(connected),
) as typeof connected & { random(): number } // all that is connected, and nothing opened before it is used

export const handler = (event: unknown) => runStep(services, event)
