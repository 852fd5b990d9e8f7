import { connect, log, redemption, tokens } from '../connections.ts'
import { keepToken } from '../workflow/await.ts'

const services = connect({ log, tokens, redemption })

export const handler = (event: unknown) => keepToken(services, event)
