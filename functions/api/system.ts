import { systemContracts } from '../../contracts/system.ts'
import project from '../../package.json' with { type: 'json' }
import { endpoint } from './http/endpoint.ts'
import { openApi } from './openapi.ts'
import type { Reception } from './services.ts'

let description: object | undefined

/** What is told to everybody beside what the code knows. */
interface Told {
  readonly apiUrl: string
  /** Who issues the tokens of people. */
  readonly issuer: string
}

/** Returns the handler of what everybody may ask: is the service up, what can it do, and who issues tokens for it? */
export function systemEndpoint(services: Reception & Told) {
  return endpoint(
    'system',
    systemContracts,
    {
      getHealth: async () => ({ status: 200, body: { status: 'ok', version: project.version } }),
      getOpenApi: async () => {
        description ??= openApi(project.version)
        return { status: 200, body: description }
      },
      getMcpResource: async () => ({
        status: 200,
        body: {
          resource: `${services.apiUrl}/mcp`,
          resource_name: 'Drydock',
          authorization_servers: [services.issuer],
          bearer_methods_supported: ['header' as const],
        },
      }),
    },
    services,
  )
}
