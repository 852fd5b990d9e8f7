import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { pages, signedPath } from '../../contracts/routes.ts'
import { runtimeOfFile } from './file-runtime.ts'

const template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.looseObject({}).optional() })),
})
const route = z.object({ RouteKey: z.string() })

/** Returns `METHOD /path` of every route that the synthesized template deploys, sorted. */
export function deployedRoutes(): string[] {
  return allRoutes().filter((routeKey) => !pageRoutes.includes(routeKey) && routeKey !== `POST ${signedPath}`)
}

/** Returns the routes that browsers load files from: they are no operations. */
export function deployedPages(): string[] {
  return allRoutes().filter((routeKey) => pageRoutes.includes(routeKey))
}

const pageRoutes = pages.map((path) => `GET ${path}`)

function allRoutes(): string[] {
  const file = join(runtimeOfFile().template, 'Drydock.template.json')
  const { Resources } = template.parse(JSON.parse(readFileSync(file, 'utf8')))
  return Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route')
    .map(({ Properties }) => route.parse(Properties).RouteKey)
    .sort()
}
