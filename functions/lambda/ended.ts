import { connect, log } from '../connections.ts'
import { noteEnd } from '../workflow/execution-ended.ts'
import { upgradeWorkflow } from '../workflow/upgrade/upgrade.ts'

const services = connect({ log })

export const handler = (event: unknown) => noteEnd(upgradeWorkflow, services, event)
