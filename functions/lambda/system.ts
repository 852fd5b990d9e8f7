import { systemEndpoint } from '../api/system.ts'
import { connect } from '../connections.ts'

export const handler = systemEndpoint(connect({}))
