import { systemContracts } from '../../contracts/system.ts'
import project from '../../package.json' with { type: 'json' }
import { endpoint } from './http/endpoint.ts'
import { openApi } from './openapi.ts'
import type { Reception } from './services.ts'

let description: object | undefined

/** Returns the handler of what everybody may ask: is the service up, and what can it do? */
export function systemEndpoint(services: Reception) {
  return endpoint(
    'system',
    systemContracts,
    {
      getHealth: async () => ({ status: 200, body: { status: 'ok', version: project.version } }),
      getOpenApi: async () => {
        description ??= openApi(project.version)
        return { status: 200, body: description }
      },
    },
    services,
  )
}
