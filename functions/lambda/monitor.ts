import { connect, log, outbound, probes, views } from '../connections.ts'
import { watchRollouts } from '../reactor/rollouts/watch.ts'

const services = connect({ log, views, probes, outbound })

export const handler = () => watchRollouts(services)
