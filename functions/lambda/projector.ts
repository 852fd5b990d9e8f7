import { connect, log, metricsNamespace, parked, viewStore } from '../connections.ts'
import { projector } from '../views/projector.ts'

export const handler = projector(connect({ log, viewStore, parked, metricsNamespace }))
