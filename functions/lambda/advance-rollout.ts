import { connect, exposure, log, views } from '../connections.ts'
import { moveRollout } from '../workflow/rollout/moves.ts'

const services = connect({ log, views, exposure })

export const handler = (event: unknown) => moveRollout(services, event)
