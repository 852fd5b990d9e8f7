import { connect, log, redemption, tokens } from '../connections.ts'
import { upgradeWorkflow } from '../workflow/upgrade/upgrade.ts'
import { beginWait } from '../workflow/waits.ts'

const services = connect({ log, tokens, redemption })

export const handler = (event: unknown) => beginWait(upgradeWorkflow, services, event)
