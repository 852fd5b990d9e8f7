import { connect, log, views } from '../connections.ts'
import { tickDue } from '../reactor/upgrades/tick.ts'

const services = connect({ log, views })

export const handler = () => tickDue(services)
