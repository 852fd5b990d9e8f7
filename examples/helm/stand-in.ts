import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { certify } from '../../infra/local/certificates.ts'
import type { Cluster } from './nodes.ts'
import { secretIn } from './protobuf.ts'

interface Thing {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly [other: string]: unknown
  }
  readonly [other: string]: unknown
}

/** What there is of each group: the names of lists, and the kind that each holds. */
const groups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: { configmaps: 'ConfigMap', namespaces: 'Namespace', pods: 'Pod', secrets: 'Secret' },
  'apps/v1': { deployments: 'Deployment', replicasets: 'ReplicaSet' },
}

/** What a request is about, as its path says. */
interface Place {
  readonly group: string
  readonly list: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly part: string | undefined
}

const path =
  /^\/(?:api|apis\/apps)\/(v1)(?:\/namespaces\/([a-z0-9-]+))?\/([a-z]+)(?:\/([a-z0-9.-]+))?(?:\/(status))?$/
const one = /^\/api\/v1\/namespaces(?:\/([a-z0-9-]+))?$/

function placeOf(pathname: string): Place | undefined {
  const [, itself] = one.exec(pathname) ?? []
  if (one.test(pathname))
    return {
      ...{ group: 'v1', list: 'namespaces', kind: 'Namespace' },
      ...{ namespace: undefined, name: itself, part: undefined },
    }
  const [, version = '', namespace, list = '', name, part] = path.exec(pathname) ?? []
  const group = pathname.startsWith('/apis/') ? `apps/${version}` : version
  const kind = groups[group]?.[list]
  return kind === undefined ? undefined : { group, list, kind, namespace, name, part }
}

type Change = 'ADDED' | 'MODIFIED' | 'DELETED'

/** Merges JSON (RFC 7396). */
function merged(old: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> = {
    ...(typeof old === 'object' && !Array.isArray(old) ? old : {}),
  }
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete result[name]
    else result[name] = merged(result[name], value)
  return result
}

const problem = (code: number, reason: string, message: string) => ({
  ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message },
})

/** A Kubernetes API as far as helm and the chart of an instance need it: it keeps what it is told, and plays no part of a cluster. */
export interface StandIn extends Cluster {
  close(): void
}

/** Serves it on this machine to whoever has the token. */
export async function serveStandIn(token: string): Promise<StandIn> {
  const things = new Map<string, Thing>()
  const watchers = new Set<(change: Change, place: Place, thing: Thing) => void>()
  let version = 1

  const keyOf = ({ group, list }: Place, namespace = '', name = '') =>
    [group, list, namespace, name].join('/')
  const tell = (change: Change, place: Place, thing: Thing) => {
    for (const hear of watchers) hear(change, place, thing)
  }
  function keep(place: Place, given: Thing, old: Thing | undefined): Thing {
    const { namespace } = place
    const { group, kind } = place
    const changed = !isDeepStrictEqual(given.spec, old?.spec)
    version++
    const thing = {
      ...given,
      ...{ apiVersion: group, kind },
      metadata: {
        ...given.metadata,
        ...(namespace !== undefined && { namespace }),
        uid: old?.metadata.uid ?? randomUUID(),
        creationTimestamp: old?.metadata.creationTimestamp ?? new Date().toISOString().replace(/\.\d+/, ''),
        generation: Number(old?.metadata.generation ?? 0) + (changed ? 1 : 0),
        resourceVersion: String(version),
      },
    }
    things.set(keyOf(place, namespace, given.metadata.name), thing)
    tell(old ? 'MODIFIED' : 'ADDED', place, thing)
    return thing
  }

  /** Does it fit the selectors of a list? */
  function fits(query: URLSearchParams, place: Place) {
    const labels = [...(query.get('labelSelector') ?? '').matchAll(/([^,=!]+)(!?=)=?([^,]*)/g)]
    const fields = [...(query.get('fieldSelector') ?? '').matchAll(/metadata\.(name|namespace)=([^,]*)/g)]
    return ({ metadata }: Thing) =>
      (place.namespace === undefined || metadata.namespace === place.namespace) &&
      labels.every(([, name = '', sign, value]) => (metadata.labels?.[name] === value) === (sign === '=')) &&
      fields.every(([, name = '', value]) => metadata[name] === value)
  }

  function watch(place: Place, query: URLSearchParams, response: ServerResponse): void {
    const isMeant = fits(query, place)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    const hear = (change: Change, at: Place, thing: Thing) => {
      if (at.list === place.list && at.group === place.group && isMeant(thing))
        response.write(`${JSON.stringify({ type: change, object: thing })}\n`)
    }
    const since = Number(query.get('resourceVersion') ?? 0)
    for (const thing of allOf(place))
      if (Number(thing.metadata.resourceVersion) > since) hear('MODIFIED', place, thing)
    watchers.add(hear)
    response.once('close', () => watchers.delete(hear))
  }

  function* allOf(place: Place): Generator<Thing> {
    for (const [key, thing] of things) if (key.startsWith(`${place.group}/${place.list}/`)) yield thing
  }

  function answer(
    method: string,
    place: Place,
    query: URLSearchParams,
    type: string,
    body: Thing,
  ): [number, object] {
    const { name, namespace } = place
    const key = keyOf(place, namespace, name)
    const old = name === undefined ? undefined : things.get(key)
    if (method === 'POST') {
      const taken = things.get(keyOf(place, namespace, body.metadata.name))
      if (taken) return [409, problem(409, 'AlreadyExists', `${body.metadata.name} already exists`)]
      return [201, keep(place, body, undefined)]
    }
    if (name === undefined) {
      const isMeant = fits(query, place)
      const items = [...allOf(place)].filter(isMeant)
      const list = { kind: `${place.kind}List`, apiVersion: place.group }
      return [200, { ...list, metadata: { resourceVersion: String(version) }, items }]
    }
    if (method === 'PATCH' && type === 'application/apply-patch+yaml') {
      // Nobody else manages anything here: what is applied is all that there is.
      return [
        old ? 200 : 201,
        keep(place, { ...body, ...(old?.status !== undefined && { status: old.status }) }, old),
      ]
    }
    if (!old) return [404, problem(404, 'NotFound', `${place.list} "${name}" not found`)]
    switch (method) {
      case 'GET':
        return [200, old]
      case 'PUT':
        return [200, keep(place, body, old)]
      case 'PATCH':
        return [200, keep(place, merged(old, body) as Thing, old)]
      case 'DELETE':
        things.delete(key)
        version++
        tell('DELETED', place, old)
        return [200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }]
      default:
        return [405, problem(405, 'MethodNotAllowed', method)]
    }
  }

  /** Who applies something asks first whether its fields are looked at: they are not, and nobody minds. */
  function described(group: string): object {
    const [version = '', named = ''] = group.split('/').toReversed()
    const paths = Object.values(groups[group] ?? {}).map((kind) => [
      `/${group}/${kind}`,
      {
        patch: {
          'x-kubernetes-group-version-kind': { group: named, version, kind },
          parameters: [{ name: 'fieldValidation', in: 'query' }],
        },
      },
    ])
    return { openapi: '3.0.0', info: { title: group, version }, paths: Object.fromEntries(paths) }
  }

  /** What there is, as clients ask for it first. */
  function discovered(pathname: string): object | undefined {
    const versions = [{ groupVersion: 'apps/v1', version: 'v1' }]
    switch (pathname) {
      case '/version':
        return { major: '1', minor: '35', gitVersion: 'v1.35.0' }
      case '/api':
        return { kind: 'APIVersions', versions: ['v1'] }
      case '/apis':
        return {
          ...{ kind: 'APIGroupList', apiVersion: 'v1' },
          groups: [{ name: 'apps', versions, preferredVersion: versions[0] }],
        }
      case '/openapi/v3': {
        const paths = Object.keys(groups).map((group) => {
          const name = group === 'v1' ? 'api/v1' : `apis/${group}`
          return [name, { serverRelativeURL: `/openapi/v3/${name}` }]
        })
        return { paths: Object.fromEntries(paths) }
      }
      case '/openapi/v3/api/v1':
      case '/openapi/v3/apis/apps/v1':
        return described(pathname.replace(/^\/openapi\/v3\/apis?\//, ''))
      default: {
        const group = pathname.replace(/^\/apis?\//, '')
        const lists = Object.entries(groups[group] ?? {})
        if (lists.length === 0) return undefined
        const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']
        return {
          ...{ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group },
          resources: lists.map(([name, kind]) => ({
            ...{ name, kind, verbs, singularName: kind.toLowerCase(), namespaced: name !== 'namespaces' },
          })),
        }
      }
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here')
    const sent = Buffer.concat(await Array.fromAsync(request))
    const say = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (headers.authorization !== `Bearer ${token}`)
      return void say(401, problem(401, 'Unauthorized', 'Unauthorized'))
    const known = method === 'GET' ? discovered(pathname) : undefined
    if (known) return void say(200, known)
    const place = placeOf(pathname)
    if (!place) return void say(404, problem(404, 'NotFound', `${pathname} is not here`))
    if (searchParams.has('sendInitialEvents'))
      return void say(422, problem(422, 'Invalid', 'sendInitialEvents is not known'))
    if (method === 'GET' && searchParams.has('watch')) return watch(place, searchParams, response)
    const type = headers['content-type'] ?? ''
    // How a thing is deleted makes no difference here.
    const body =
      sent.length === 0 || method === 'DELETE' ? {} : (secretIn(sent) ?? JSON.parse(sent.toString('utf8')))
    say(...answer(method, place, searchParams, type, body))
  }

  const authority = certify('stand-in')
  const { cert, key } = certify('api', { by: authority, addresses: ['127.0.0.1'] })
  const server = createServer({ cert, key }, (request, response) => {
    handle(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    ...{ server: `https://127.0.0.1:${port}`, token, authority: authority.cert },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
