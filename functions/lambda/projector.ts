import { connect, log, metricsNamespace, parked, viewStore } from '../connections.ts'
import { countIn } from '../metrics.ts'
import { projector } from '../views/projector.ts'

const services = connect({ log, viewStore, parked, metricsNamespace })
countIn(services.metricsNamespace)

export const handler = projector(services)
