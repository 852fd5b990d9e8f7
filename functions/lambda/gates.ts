import { cloudWatch, connect, log, outbound, secrets, views } from '../connections.ts'
import { measureDue } from '../gates/measure.ts'

const services = connect({ log, views, outbound, secrets, cloudWatch })

export const handler = () => measureDue(services)
