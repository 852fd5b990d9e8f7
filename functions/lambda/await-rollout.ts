import { connect, log, redemption, tokens } from '../connections.ts'
import { rolloutWorkflow } from '../workflow/rollout/rollout.ts'
import { beginWait } from '../workflow/waits.ts'

const services = connect({ log, tokens, redemption })

export const handler = (event: unknown) => beginWait(rolloutWorkflow, services, event)
