import * as z from 'zod'
import { contracts } from '../../contracts/api.ts'
import type { Contract } from '../../contracts/contract.ts'
import { type ProblemCode, problemCodes } from '../../contracts/problem-codes.ts'
import { problemDocument } from '../../contracts/problem-document.ts'
import { type Route, routes } from '../../contracts/routes.ts'

/** Requests are described as they are sent, answers as they come out. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return json
}

function parametersOf(place: 'path' | 'query' | 'header', schema: z.ZodObject | undefined): object[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const required = place === 'path' || !(field as z.ZodType).safeParse(undefined).success // a shape holds schemas
    return { name, in: place, required, schema: schemaOf(field as z.ZodType, 'input') }
  })
}

function conditionsOf({ method }: Route, { tagged }: Contract): object[] {
  const header = (name: string, description: string, schema: object) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema,
  })
  if (method === 'GET') {
    return [
      header('Drydock-Commit', 'The commit that was just written and shall be in the answer.', {
        type: 'integer',
        minimum: 1,
        maximum: 999_999_999,
      }),
      ...(tagged
        ? [
            header('If-None-Match', 'The ETag of an earlier answer: 304 while it would be the same.', {
              type: 'string',
            }),
          ]
        : []),
    ]
  }
  return [
    header('Idempotency-Key', 'The same key with the same body does the same once.', {
      type: 'string',
      pattern: '^[!-~]{1,128}$',
    }),
    header('If-Match', 'The ETag of the read that the decision rests on.', {
      type: 'string',
      pattern: '^"[1-9][0-9]{0,8}(-[0-9a-f]{16})?"$',
    }),
  ]
}

/** Returns all problems that an operation may answer with: its own, and those of every route of its kind. */
export function problemsOf(route: Route, contract: Contract): ProblemCode[] {
  const entry: ProblemCode[] = ['unauthenticated', 'forbidden', 'too-many-requests']
  const byAccess = {
    ...{ public: [], agent: entry, capability: ['callback-refused', 'too-many-requests'] },
  } as const satisfies Record<string, readonly ProblemCode[]>
  const access: readonly ProblemCode[] =
    typeof route.access === 'string' ? byAccess[route.access] : [...entry, 'subject-reserved']
  const write: ProblemCode[] =
    route.method === 'GET' ? [] : ['precondition-failed', 'idempotency-key-reused', 'contention']
  const body: ProblemCode[] = contract.body
    ? [
        ...(contract.document ? (['malformed-document'] as const) : []),
        ...(['malformed-json', 'body-too-large', 'unsupported-media-type'] as const),
      ]
    : []
  const own = contract.problems ?? []
  const always: ProblemCode[] = ['validation-failed', 'internal-error', 'unavailable']
  return [...new Set([...access, ...write, ...body, ...own, ...always])]
}

const header = (description: string) => ({
  description,
  required: false,
  schema: { type: 'string', pattern: '^[0-9]+$' },
})
/** What goes with an answer after which the same request may succeed. */
const triedAgain: Readonly<Record<string, object>> = {
  429: header('In how many seconds the caller has a request left; not where the gateway answers.'),
  503: header('In how many seconds to try again; not where the gateway answers.'),
}

function problemAnswers(codes: readonly ProblemCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => problemCodes[code][0])
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `${code}: ${problemCodes[code][1]}.`).join(' '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        ...(status in triedAgain && { headers: { 'Retry-After': triedAgain[status] } }),
      },
    ]),
  )
}

/** What the gateway itself answers, before any function does: by status, in words and in a form of its own. */
const byGateway: Readonly<Record<string, string>> = {
  400: 'The gateway could not read the path.',
  413: 'The gateway takes no larger body.',
  417: 'The gateway expects nothing but what 100-continue is about.',
  429: 'Too many requests at a time: the gateway slows everybody down.',
  431: 'The gateway takes no longer headers and query.',
  500: 'The gateway could not reach the function.',
  503: 'The function did not answer in time.',
}
const byAuthorizer: Readonly<Record<string, string>> = {
  401: 'The gateway asks for a token, or refuses the one that was sent.',
  403: 'The gateway refuses the credential that was sent.',
}

function withGateway(route: Route, answers: Readonly<Record<string, object>>): Record<string, object> {
  const isAuthorized = route.access !== 'public' && route.access !== 'capability'
  const all = { ...byGateway, ...(isAuthorized && byAuthorizer) }
  const added = Object.entries(all).map(([status, words]) => {
    const known = (answers[status] ?? {}) as { description?: string; content?: object; headers?: object } // as problemAnswers makes them
    const { description, content } = known
    const schema = { $ref: '#/components/schemas/GatewayMessage' }
    const answer = {
      ...known,
      description: description === undefined ? words : `${description} ${words}`,
      content: { ...content, 'application/json': { schema } },
    }
    return [status, answer] as const
  })
  return { ...answers, ...Object.fromEntries(added) }
}

const entityTag = {
  description: 'The commit, for If-Match, and a hash of what is answered; none where there is no commit yet.',
  required: false,
  schema: { type: 'string', pattern: '^"[1-9][0-9]{0,8}-[0-9a-f]{16}"$' },
}

function securityOf({ access }: Route): object[] {
  if (access === 'public') return []
  return [{ [typeof access === 'string' ? access : 'person']: [] }]
}

/** Returns what the answers of an operation are written in. */
function typeOf({ markdown, openMetrics, zip }: Contract): string {
  if (zip) return 'application/zip'
  if (openMetrics) return 'application/openmetrics-text'
  return markdown ? 'text/markdown' : 'application/json'
}

function describe(route: Route): object {
  const contract: Contract = contracts[route.operation]
  const answers = Object.entries(contract.answers).map(([status, { description, schema }]) => [
    status,
    {
      description,
      ...(!(schema instanceof z.ZodUndefined) && {
        content: { [typeOf(contract)]: { schema: schemaOf(schema, 'output') } },
      }),
      ...(contract.tagged && { headers: { ETag: entityTag } }),
    },
  ])
  return {
    operationId: route.operation,
    summary: contract.summary,
    tags: [route.group],
    security: securityOf(route),
    ...(Array.isArray(route.access) && { 'x-roles': route.access }),
    parameters: [
      ...parametersOf('path', contract.params),
      ...parametersOf('query', contract.query),
      ...parametersOf('header', contract.headers),
      ...conditionsOf(route, contract),
    ],
    ...(contract.body && {
      requestBody: {
        required: contract.absentBody === undefined,
        content: {
          'application/json': { schema: schemaOf(contract.describedBody ?? contract.body, 'input') },
          ...(contract.document && { 'application/yaml': { schema: schemaOf(contract.body, 'input') } }),
        },
      },
    }),
    responses: {
      ...Object.fromEntries(answers),
      ...(contract.tagged && { 304: { description: 'Nothing has changed.', headers: { ETag: entityTag } } }),
      ...withGateway(route, problemAnswers(problemsOf(route, contract))),
    },
  }
}

/** Returns the OpenAPI 3.1 description of the API, made from the routes and the schemas that requests are checked with. */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const methods = paths[route.path] ?? {}
    methods[route.method.toLowerCase()] = describe(route)
    paths[route.path] = methods
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Drydock',
      version,
      description:
        'Staged upgrades of fleets: planned, approved, rolled out wave by wave, taken back, and proven.',
    },
    paths,
    components: {
      schemas: {
        Problem: schemaOf(problemDocument, 'output'),
        GatewayMessage: schemaOf(z.looseObject({ message: z.string() }), 'output'),
      },
      securitySchemes: {
        person: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token of the configured issuer.',
        },
        agent: {
          type: 'http',
          scheme: 'bearer',
          description: 'drydock-agent.<target>.<secret>, or an enrolment token.',
        },
        capability: {
          type: 'http',
          scheme: 'bearer',
          description: 'drydock-callback.<secret>, as the message said that is answered.',
        },
      },
    },
  }
}
