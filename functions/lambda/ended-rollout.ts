import { connect, log } from '../connections.ts'
import { noteEnd } from '../workflow/execution-ended.ts'
import { rolloutWorkflow } from '../workflow/rollout/rollout.ts'

const services = connect({ log })

export const handler = (event: unknown) => noteEnd(rolloutWorkflow, services, event)
