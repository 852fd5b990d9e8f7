import { connect, log } from '../connections.ts'
import { noteEndOfProcedure } from '../workflow/procedure/execution-ended.ts'

const services = connect({ log })

export const handler = (event: unknown) => noteEndOfProcedure(services, event)
