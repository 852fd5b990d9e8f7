/** A route that fits a request, and the variables of its path. */
export interface RouteMatch<Route> {
  readonly route: Route
  readonly pathParameters: Readonly<Record<string, string>>
}

interface Candidate<Route> {
  readonly route: Route
  readonly method: string
  readonly segments: readonly string[]
  readonly rank: string
}

/**
 * Prepares the choice of a route as HTTP APIs make it: of the routes whose method and path fit, literals come before
 * {variables}, these before {greedy+} ones, a named method before ANY, and $default last.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function routeTable<Route extends { readonly RouteKey: string }>(
  routes: readonly Route[],
): (method: string, path: string) => RouteMatch<Route> | undefined {
  const fallback = routes.find((route) => route.RouteKey === '$default')
  const candidates = routes
    .filter((route) => route !== fallback)
    .map(candidate)
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
  const repeated = candidates.find(({ rank, route }, index) => {
    const next = candidates[index + 1]
    return next !== undefined && next.rank === rank && next.route.RouteKey === route.RouteKey
  })
  if (repeated !== undefined) throw new Error(`The route ${repeated.route.RouteKey} is declared twice`)
  return (method, path) => {
    const segments = path.split('/').slice(1)
    for (const { route, method: wanted, segments: pattern } of candidates) {
      if (wanted !== method && wanted !== 'ANY') continue
      const pathParameters = variables(pattern, segments)
      if (pathParameters !== undefined) return { route, pathParameters }
    }
    return fallback === undefined ? undefined : { route: fallback, pathParameters: {} }
  }
}

function candidate<Route extends { readonly RouteKey: string }>(route: Route): Candidate<Route> {
  const [, method, path] = /^(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/\S*)$/.exec(route.RouteKey) ?? []
  if (method === undefined || path === undefined)
    throw new Error(`The route key "${route.RouteKey}" is neither "METHOD /path" nor $default`)
  const segments = path.split('/').slice(1)
  if (segments.slice(0, -1).some(isGreedy))
    throw new Error(`The route key "${route.RouteKey}" has a greedy variable before its end`)
  // Sorted as text: 0 literal, 1 variable, 2 greedy, segment by segment, then the method.
  const kinds = segments.map((segment) => (isGreedy(segment) ? '2' : isVariable(segment) ? '1' : '0'))
  return { route, method, segments, rank: `${kinds.join('')}${method === 'ANY' ? '~' : '!'}` }
}

function variables(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const last = pattern.at(-1) ?? ''
  const greedy = isGreedy(last)
  if (greedy ? segments.length < pattern.length : segments.length !== pattern.length) return undefined
  const found: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (isGreedy(part)) found[part.slice(1, -2)] = segments.slice(index).join('/')
    else if (isVariable(part) && segment !== '') found[part.slice(1, -1)] = segment
    else if (part !== segment) return undefined
  }
  return greedy && found[last.slice(1, -2)] === '' ? undefined : found
}

function isVariable(segment: string): boolean {
  return /^\{[^{}]+\}$/.test(segment)
}

function isGreedy(segment: string): boolean {
  return /^\{[^{}]+\+\}$/.test(segment)
}
