import { connect, log } from '../connections.ts'
import { noteEnd } from '../workflow/ended.ts'

const services = connect({ log })

export const handler = (event: unknown) => noteEnd(services, event)
