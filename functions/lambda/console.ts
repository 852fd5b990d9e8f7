import { consoleEndpoint } from '../api/console.ts'
import { browserFiles, connect, signIn } from '../connections.ts'

export const handler = consoleEndpoint(connect({ browserFiles, signIn }))
