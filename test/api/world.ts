import { contracts } from '../../contracts/api.ts'
import { problemCodes } from '../../contracts/problem-codes.ts'
import { type Group, type Route, routes } from '../../contracts/routes.ts'
import { sha256 } from '../../events/canonical.ts'
import { fromImage } from '../../events/envelope.ts'
import { forgetMembers } from '../../functions/api/agents/members.ts'
import { forgetOutlook } from '../../functions/api/agents/pace.ts'
import { agentsEndpoint } from '../../functions/api/agents.ts'
import { agentAuthorizer } from '../../functions/api/authorizer.ts'
import { calendarsEndpoint } from '../../functions/api/calendars.ts'
import type { Came } from '../../functions/api/client-certificate.ts'
import { evidenceEndpoint } from '../../functions/api/evidence.ts'
import type { AccessLine } from '../../functions/api/http/access-log.ts'
import type { Allowances } from '../../functions/api/http/allowances.ts'
import type { Endpoint } from '../../functions/api/http/endpoint.ts'
import type { ApiEvent, ApiResult } from '../../functions/api/http/exchange.ts'
import { mcpEndpoint } from '../../functions/api/mcp.ts'
import { notificationsEndpoint } from '../../functions/api/notifications.ts'
import { problemsOf } from '../../functions/api/openapi.ts'
import { operationsEndpoint } from '../../functions/api/operations.ts'
import { proceduresEndpoint } from '../../functions/api/procedures.ts'
import { profilesEndpoint } from '../../functions/api/profiles.ts'
import { releasesEndpoint } from '../../functions/api/releases.ts'
import { rolloutsEndpoint } from '../../functions/api/rollouts.ts'
import type { ReceptionOfPeople, Services, ToLeave } from '../../functions/api/services.ts'
import { systemEndpoint } from '../../functions/api/system.ts'
import { targetsEndpoint } from '../../functions/api/targets.ts'
import { upgradesEndpoint } from '../../functions/api/upgrades.ts'
import type { CloudWatch } from '../../functions/cloudwatch.ts'
import type { ExposureLimit } from '../../functions/domain/plan/exposure.ts'
import type { UnsignedReleases } from '../../functions/domain/policy/policy.ts'
import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { exists as existsRollout } from '../../functions/domain/rollout/state.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { enrolAgent, issueEnrolment } from '../../functions/domain/target/registration.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { writeHeads } from '../../functions/heads/write-heads.ts'
import { logOver } from '../../functions/log/append.ts'
import { streamHeads } from '../../functions/log/heads.ts'
import { type MemoryStore, memoryStore } from '../../functions/log/memory.ts'
import { duties } from '../../functions/reactor/duties.ts'
import { runDuties } from '../../functions/reactor/run.ts'
import { OnTheirOwn } from '../../functions/side-by-side.ts'
import { KeyBusy } from '../../functions/signer.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { openRunner } from '../../functions/views/runner.ts'
import { moveRollout } from '../../functions/workflow/rollout/moves.ts'
import { moveUpgrade } from '../../functions/workflow/upgrade/moves.ts'
import { executionOf } from '../../functions/workflow/workflow.ts'
import { toldOf } from '../domain/upgrade/world.ts'
import { memorySigner, memoryVault } from '../heads/memory-vault.ts'
import { leavingFor } from '../notify/leaving.ts'
import { memoryServices } from '../reactor/memory-services.ts'

/** Who calls, as the gateway tells the function: claims of a token as text, what the authorizer of agents found, or a capability that it has not looked at. */
export type Caller =
  | { readonly user: string; readonly roles: readonly string[] }
  | { readonly bearer: string }
  | { readonly capability: string }
  | { readonly lambda: Readonly<Record<string, unknown>> }
  | null

const operator: Caller = { user: 'operator-1', roles: ['operator'] }
export const approver: Caller = { user: 'approver-1', roles: ['approver'] }
export const viewer: Caller = { user: 'viewer-1', roles: ['viewer'] }

export interface Request {
  readonly as?: Caller
  readonly body?: unknown
  /** The body as it is sent, where it is no JSON. */
  readonly raw?: string
  /** Is `raw` coded in base64, as the gateway does with what is no text? */
  readonly base64?: boolean
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** By which name, and with which certificate it comes, as the gateway tells. */
  readonly came?: Came
  /** Sent before the views have caught up. */
  readonly early?: boolean
}

/** An answer with its body read. Tests look into it without knowing its type: what is not there is undefined. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of a body
  readonly body: any
}

export const digest = `sha256:${'ab'.repeat(32)}`

/** A token as the gateway lets it through: it has verified the signature. */
export function tokenOf(claims: object): string {
  return `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`
}

function matchOf(method: string, path: string): { route: Route; params: Record<string, string> } | undefined {
  const [name] = path.split('?')
  const parts = (name ?? '').split('/')
  for (const route of routes) {
    const pattern = route.path.split('/')
    if (route.method !== method || pattern.length !== parts.length) continue
    const params: Record<string, string> = {}
    const fits = pattern.every((part, index) => {
      const given = parts[index] ?? ''
      if (!part.startsWith('{')) return part === given
      params[part.slice(1, -1)] = decodeURIComponent(given)
      return given !== ''
    })
    if (fits) return { route, params }
  }
  return undefined
}

/** Handlers set text only. */
function headersOf({ headers }: { readonly headers?: object | undefined }): Readonly<Record<string, string>> {
  return (headers ?? {}) as Record<string, string>
}

/** Returns handlers as those who open them get them. */
function openedBy(groups: Readonly<Partial<Record<Group, Endpoint>>>) {
  return Object.fromEntries(Object.entries(groups).map(([group, one]) => [group, async () => one]))
}

/** Returns the body of an answer: JSON read, Markdown and OpenMetrics as they are, a file as a text with a character for each byte. */
function bodyOf({ body = 'null', isBase64Encoded, ...result }: ApiResult): unknown {
  if (isBase64Encoded) return Buffer.from(body, 'base64').toString('latin1')
  return /^(text\/markdown|application\/openmetrics-text)/.test(headersOf(result)['content-type'] ?? '')
    ? body
    : JSON.parse(body)
}

/** Of callers whose clock stands still while they ask and ask. */
export const withoutLimit: Allowances = {
  person: { atOnce: 1e9, perSecond: 1 },
  agent: { atOnce: 1e9, perSecond: 1 },
  gateway: { atOnce: 1e9, perSecond: 1 },
  receiver: { atOnce: 1e9, perSecond: 1 },
}

/**
 * Opens the whole API in this process: handlers over the log and the views in memory, with projector and reactor on demand. Where agents
 * are `heard`, all of them ask all the time but the silent ones, whatever a test does in the meantime; `exposure` is what one person may take at once.
 */
export function openWorld({
  heard = false,
  exposure = { targets: 100, percent: 20 },
  allowances = withoutLimit,
  unsignedReleases = 'allowed',
  agentDomain = '',
}: {
  readonly heard?: boolean
  readonly exposure?: ExposureLimit
  readonly allowances?: Allowances
  readonly unsignedReleases?: UnsignedReleases
  readonly agentDomain?: string
} = {}) {
  let clock = Date.parse('2026-01-05T10:00:00.000Z')
  const now = () => clock
  const memory = memoryStore()
  const reads: string[] = []
  /** Streams that nobody can read for now. */
  const unreadable = new Set<string>()
  const commits: MemoryStore = {
    ...memory,
    async read(range) {
      reads.push(range.stream)
      if (unreadable.has(range.stream))
        throw Object.assign(new Error(`${range.stream} cannot be read.`), { name: 'InternalServerError' })
      return memory.read(range)
    },
  }
  const log = { ...logOver(commits, { now }), records: commits.records, subscribe: commits.subscribe }
  const store = memoryViewStore()
  const pending: ReturnType<typeof fromImage>[] = []
  log.subscribe((record) => pending.push(fromImage(record.dynamodb?.NewImage)))
  const silent = new Set<string>()
  const runner = openRunner({
    store,
    log,
    parked: {
      async park(duty, stream, _commit, error) {
        throw new Error(`${duty} parked ${stream}`, { cause: error })
      },
    },
    now,
  })
  const lines: AccessLine[] = []
  const [vault, signer, assigner] = [memoryVault(), memorySigner(), memorySigner()]
  /** How many attempts were assigned, and whether the key for that is busy. */
  const assigning = { signed: 0, away: false }
  const reached = memoryServices({ log, views: viewsOver(store, now), now })
  const telemetry = {
    ...reached.telemetry,
    async lastSeenOf(targets: readonly string[]) {
      if (!heard) return reached.telemetry.lastSeenOf(targets)
      const present = new Date(clock).toISOString()
      return new Map(targets.filter((target) => !silent.has(target)).map((target) => [target, present]))
    },
  }
  const services = {
    ...reached,
    telemetry,
    record: (line: AccessLine) => lines.push(line),
    roleClaim: 'cognito:groups',
    issuer: 'https://login.example.com/',
    cloudWatch: {
      ask: async () => {
        throw new Error('CloudWatch is not asked here.')
      },
    } as CloudWatch,
    exposure,
    unsignedReleases,
    agentDomain,
    keptHeads: vault,
    assignmentSigner: {
      keyId: assigner.keyId,
      async sign(text: string) {
        if (assigning.away) throw new KeyBusy('The key is busy.')
        assigning.signed++
        return assigner.sign(text)
      },
    },
    assignmentKey: async () => ({
      keyId: assigner.keyId,
      publicKey: assigner.key.export({ format: 'pem', type: 'spki' }).toString(),
    }),
    ...leavingFor(now),
    allowances,
  } satisfies Services<
    | 'telemetry'
    | 'exposure'
    | 'unsignedReleases'
    | 'keptHeads'
    | 'assignmentSigner'
    | 'assignmentKey'
    | ToLeave
  > &
    ReceptionOfPeople &
    Record<string, unknown>
  // As deployed: nothing that is planned for a caller asks when somebody was last heard of.
  const { telemetry: _, ...withoutTelemetry } = services
  const groups = {
    upgrades: upgradesEndpoint(withoutTelemetry),
    evidence: evidenceEndpoint(services),
    rollouts: rolloutsEndpoint(withoutTelemetry),
    procedures: proceduresEndpoint(services),
    targets: targetsEndpoint(services),
    releases: releasesEndpoint(services),
    operations: operationsEndpoint(services),
    notifications: notificationsEndpoint(services),
    profiles: profilesEndpoint(services),
    calendars: calendarsEndpoint(services),
    agents: agentsEndpoint(services),
    system: systemEndpoint(services),
  }
  const endpoints = { ...groups, mcp: mcpEndpoint(services, openedBy(groups)) }
  const authorize = agentAuthorizer(services)
  forgetMembers()
  forgetOutlook()

  /** The duties whose records are given up: they hear of nothing. */
  const givenUp = new Set<string>()
  /** Does the projector take anything? */
  let projects = true
  const behind: typeof pending = []

  /** Delivers once what waits; what has to come again waits on. Returns the streams that do. */
  async function deliver(): Promise<ReadonlySet<string>> {
    const batch = pending.splice(0)
    if (projects) {
      const postponed = await runner.project([...behind.splice(0), ...batch])
      if (postponed.length > 0) throw new Error('The projector postponed', { cause: postponed[0]?.error })
    } else behind.push(...batch)
    const heard = <One extends { readonly name: string }>(all: readonly One[]) =>
      all.filter(({ name }) => !givenUp.has(name))
    const concerned = { single: heard(duties.single), collecting: heard(duties.collecting) }
    const again = await runDuties(batch, concerned, services)
    pending.unshift(...batch.filter(({ stream }) => again.has(stream)))
    return new Set(again.keys())
  }

  /** Lets projector and reactor do all that is to be done. */
  async function settle(): Promise<void> {
    while (pending.length > 0) {
      const again = await deliver()
      const [parked] = await services.parked.list()
      if (again.size > 0 || parked) throw new Error(`The reactor did not get through: ${parked?.error}`)
    }
  }

  /** Does what a state machine would do, until what it drives waits for somebody or something; `moves` are those that it makes. */
  async function drive(id: string, make: typeof moveUpgrade | typeof moveRollout, moves: readonly string[]) {
    for (let round = 0; round < 100; round++) {
      await settle()
      const [generation = 1] = [...services.executions.keys()]
        .map((name) => executionOf(name))
        .flatMap((execution) => (execution?.id === id ? [execution.generation] : []))
        .toReversed()
      const move = (action: string) => make(services, { action, id, generation })
      const { move: next } = await move('locate')
      if (moves.includes(next)) await move(next)
      else {
        await move('tick')
        await settle()
        return next
      }
    }
    throw new Error(`${id} goes round in circles.`)
  }

  /** Lets an upgrade go on until it waits. */
  const advance = (id: string): Promise<string> =>
    drive(id, moveUpgrade, ['plan', 'start-wave', 'revert', 'finish'])

  /** Lets a rollout, and the upgrades of its phases, go on until they wait. */
  async function advanceRollout(id: string): Promise<string> {
    const moves = ['plan', 'start-phases', 'revert', 'finish']
    for (let before = ''; ; ) {
      const next = await drive(id, moveRollout, moves)
      const { state } = await log.load(rolloutAggregate, id)
      for (const { upgrade, end } of existsRollout(state) ? state.phases : [])
        if (upgrade !== null && end === null) await advance(upgrade)
      const after = `${next} ${(await log.load(rolloutAggregate, id)).commit}`
      if (after === before) return next
      before = after
    }
  }

  /** Returns what the authorizer finds of an agent: where a test names no hash, that of the key which its target has, and is given first. */
  async function withKey(found: Readonly<Record<string, unknown>>): Promise<object> {
    const { kind, target, tokenHash } = found
    if (kind !== 'agent' || tokenHash !== '' || typeof target !== 'string') return found
    const { state } = await log.load(targetAggregate, target)
    if (state.keyHash !== null || !state.registered || state.retired)
      return { ...found, tokenHash: state.keyHash ?? '' }
    const keyHash = sha256(`key of ${target}`)
    const token = { hash: sha256(`token of ${target}`), expiresAt: '9999-01-01T00:00:00.000Z' }
    const cause = { actor: `target:${target}`, correlation: `enrolment of ${target}` }
    await log.execute(targetAggregate, target, issueEnrolment(token), cause)
    await log.execute(targetAggregate, target, enrolAgent({ tokenHash: token.hash, keyHash }), cause)
    return { ...found, tokenHash: keyHash }
  }

  async function authorizerOf(as: Caller | undefined, came: Came | undefined): Promise<object | undefined> {
    if (!as || 'capability' in as) return undefined
    if ('user' in as)
      return { jwt: { claims: { sub: as.user, 'cognito:groups': `[${as.roles.join(' ')}]` }, scopes: null } }
    if ('lambda' in as) return { lambda: await withKey(as.lambda) }
    const { isAuthorized, context } = await authorize({
      headers: { authorization: `Bearer ${as.bearer}` },
      ...(came && { requestContext: came }),
    })
    return isAuthorized ? { lambda: context } : undefined
  }

  /** Sends a request as the gateway would. */
  async function call(method: string, path: string, request: Request = {}): Promise<Reply> {
    if (!request.early) await settle()
    const found = matchOf(method, path)
    if (!found) throw new Error(`No route ${method} ${path}`)
    const { as = operator, body, raw, base64 = false, query, headers = {}, came } = request
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const authorizer = await authorizerOf(as, came)
    const event = {
      version: '2.0',
      routeKey: `${method} ${found.route.path}`,
      rawPath: path,
      rawQueryString: '',
      headers: {
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...(as && 'user' in as && { authorization: tokenOf({ sub: as.user, 'cognito:groups': as.roles }) }),
        ...(as && 'capability' in as && { authorization: `Bearer ${as.capability}` }),
        ...headers,
      },
      ...(query && { queryStringParameters: query }),
      pathParameters: found.params,
      requestContext: {
        requestId: 'request-1',
        http: { sourceIp: '198.51.100.7' },
        ...came,
        ...(authorizer && { authorizer }),
      },
      ...(text !== undefined && { body: text }),
      isBase64Encoded: base64,
    } as unknown as ApiEvent // the parts of a gateway's event that the handlers read
    const result = await endpoints[found.route.group](event, {} as never) // middy reads nothing of the context
    const reply = { status: result.statusCode ?? 0, headers: headersOf(result), body: bodyOf(result) }
    isDescribed(found.route, reply)
    return reply
  }

  return {
    services,
    schedules: services.windowSchedules,
    /** Targets whose agents nothing has ever been heard of, where the others are. */
    silent,
    lines,
    assigning,
    log,
    /** The streams that were read of the log, in their order. */
    reads,
    unreadable,
    /** All that the log keeps, as text. */
    kept: () => JSON.stringify(memory.records),
    /** Where the rows of the views lie. */
    viewStore: store,
    call,
    deliver,
    settle,
    givenUp,
    /** The table of the views, and what the projector waits with: nothing, or everything until it goes on. */
    store,
    projector: {
      stop() {
        projects = false
      },
      async goOn() {
        projects = true
        await runner.project(behind.splice(0))
      },
    },
    /** Writes where all streams stand, as once a day, and what it was signed with. */
    heads: {
      key: signer.key,
      write: (size?: number) =>
        writeHeads(
          { streamHeads: streamHeads(commits), vault, signer, now },
          new OnTheirOwn(),
          size === undefined ? {} : { size },
        ),
    },
    advance,
    advanceRollout,
    authorize,
    /** Returns an upgrade as its stream tells. */
    upgrade: async (id: string) => toldOf((await log.load(upgradeAggregate, id)).state),
    /** Moves the clock on. */
    pass(seconds: number) {
      clock += seconds * 1000
    },
    /** Registers a release and `count` customers that run 1.1.0. */
    async fleet(count: number, version = 'v1.2.0'): Promise<void> {
      await call('POST', '/api/v1/releases', { body: { component: 'api', version, digest } })
      const targets = Array.from({ length: count }, (_, index) => ({
        id: `cust_${String(index + 1).padStart(4, '0')}`,
        components: { api: 'v1.1.0' },
      }))
      await call('POST', '/api/v1/targets', { body: { targets } })
      await settle()
    },
    /** Enrols a target's agent and returns its credential. */
    async enrol(id: string, came?: Came): Promise<string> {
      const issued = await call('POST', `/api/v1/targets/${id}/enrolment`)
      const key = Buffer.alloc(32, id).toString('base64url')
      const bearer: string = issued.body.enrolmentToken
      const enrolled = await call('POST', '/api/v1/agents/enrol', {
        ...{ as: { bearer }, body: { key } },
        ...(came && { came }),
      })
      return enrolled.body.credential
    },
  }
}

export type World = ReturnType<typeof openWorld>

/** A problem has to be one that `/openapi.json` knows of the operation. Throws where it is not. */
function isDescribed(route: Route, { status, body }: Reply): void {
  if (status < 400) return
  const known: readonly string[] = problemsOf(route, contracts[route.operation])
  const code = body.code in problemCodes ? body.code : 'conflict'
  if (!known.includes(code))
    throw new Error(`${route.operation} answers ${body.code}, which is not described.`)
}

/** Returns a deploy by canary of 10 %. */
export const canary = { component: 'api', version: 'v1.2.0', strategy: 'canary', canaryPercent: 10 }

/** Deploys and lets the first wave be assigned; returns the upgrade's id. */
export async function deployed(world: World, body: object = canary): Promise<string> {
  const reply = await world.call('POST', '/api/upgrades/deploy', { body })
  if (reply.status !== 202) throw new Error(JSON.stringify(reply.body))
  await world.advance(reply.body.upgradeId)
  return reply.body.upgradeId
}

/** Lets every agent that has an attempt accept it and report an end; returns the targets that did. */
export async function report(
  world: World,
  status: (target: string) => string = () => 'completed',
  code = 'HEALTH_CHECK_FAILED',
  more: object = {},
): Promise<string[]> {
  const done: string[] = []
  const targets = await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })
  for (const { id } of targets.body.targets) {
    const as = { lambda: { kind: 'agent', target: id, tokenHash: '' } }
    const offer = await world.call('GET', '/api/v1/updates/check', { as })
    if (!offer.body.updateAvailable) continue
    const told = { version: offer.body.version, timestamp: '2026-01-05T10:00:00Z' }
    await world.call('POST', '/api/v1/updates/status', { as, body: { ...told, status: 'in-progress' } })
    await world.call('POST', '/api/v1/updates/status', {
      as,
      body: { ...told, status: status(id), code, details: 'Helm upgrade', ...more },
    })
    done.push(id)
  }
  await world.settle()
  return done
}

/** Opens a world in which so many customers run v1.2.0, of which v1.1.0 is the release before; `id` is of the upgrade that brought it. */
export async function upgraded(count: number): Promise<{ readonly world: World; readonly id: string }> {
  const world = openWorld()
  await world.fleet(count)
  await world.fleet(0, 'v1.1.0')
  const id = await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
  await report(world)
  await world.advance(id)
  return { world, id }
}
