import { type Route, routes } from '../../contracts/routes.ts'
import { fromImage } from '../../events/envelope.ts'
import { forgetMembers } from '../../functions/api/agents/reach.ts'
import { agentsEndpoint } from '../../functions/api/agents.ts'
import { agentAuthorizer } from '../../functions/api/authorizer.ts'
import type { AccessLine } from '../../functions/api/http/access-log.ts'
import type { ApiEvent } from '../../functions/api/http/exchange.ts'
import { operationsEndpoint } from '../../functions/api/operations.ts'
import { profilesEndpoint } from '../../functions/api/profiles.ts'
import { releasesEndpoint } from '../../functions/api/releases.ts'
import type { ReceptionOfPeople, Services } from '../../functions/api/services.ts'
import { systemEndpoint } from '../../functions/api/system.ts'
import { targetsEndpoint } from '../../functions/api/targets.ts'
import { upgradesEndpoint } from '../../functions/api/upgrades.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { finishUpgrade, startWave } from '../../functions/domain/upgrade/lifecycle.ts'
import { position } from '../../functions/domain/upgrade/position.ts'
import { tick } from '../../functions/domain/upgrade/tick.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { requestRollback } from '../../functions/planning/children.ts'
import { admissionFacts } from '../../functions/planning/facts.ts'
import { writePlan } from '../../functions/planning/planning.ts'
import { assignTargets } from '../../functions/reactor/assign-targets.ts'
import { cleanUpProfile } from '../../functions/reactor/clean-up-profile.ts'
import { heedFailures } from '../../functions/reactor/heed-failures.ts'
import { keepSchedules } from '../../functions/reactor/keep-schedules.ts'
import { makeMemberships } from '../../functions/reactor/make-memberships.ts'
import { planAfterCalendar } from '../../functions/reactor/plan-after-calendar.ts'
import { recordOutcomes } from '../../functions/reactor/record-outcomes.ts'
import { resumeTargets } from '../../functions/reactor/resume-targets.ts'
import { rollBackWanted } from '../../functions/reactor/roll-back-wanted.ts'
import { runProfile } from '../../functions/reactor/run-profile.ts'
import { summariseUpgrades } from '../../functions/reactor/summarise-upgrade.ts'
import { voidPlans } from '../../functions/reactor/void-plans.ts'
import { withdrawTargets } from '../../functions/reactor/withdraw-targets.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { openRunner } from '../../functions/views/runner.ts'
import { memoryTelemetry } from '../../functions/work/telemetry.ts'
import { memorySchedules } from '../reactor/memory-schedules.ts'

/** Who calls, as the gateway tells the function: claims of a token as text, or what the authorizer of agents found. */
export type Caller =
  | { readonly user: string; readonly roles: string }
  | { readonly bearer: string }
  | { readonly lambda: Readonly<Record<string, unknown>> }
  | null

const operator: Caller = { user: 'operator-1', roles: '[operator]' }
export const approver: Caller = { user: 'approver-1', roles: '[approver]' }
export const viewer: Caller = { user: 'viewer-1', roles: '[viewer]' }

export interface Request {
  readonly as?: Caller
  readonly body?: unknown
  /** The body as it is sent, where it is no JSON. */
  readonly raw?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
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

/**
 * Opens the whole API in this process: handlers over the log and the views in memory, with projector and reactor on demand. Without
 * `profilesAct` a test says itself what became of an execution.
 */
export function openWorld({ profilesAct = false } = {}) {
  let clock = Date.parse('2026-01-05T10:00:00.000Z')
  const now = () => clock
  const log = memoryLog({ now })
  const store = memoryViewStore()
  const pending: ReturnType<typeof fromImage>[] = []
  log.subscribe((record) => pending.push(fromImage(record.dynamodb?.NewImage)))
  const heard = memoryTelemetry(now)
  const silent = new Set<string>()
  const runner = openRunner({
    store,
    log,
    parked: {
      async park(duty, stream, _commit, error) {
        throw new Error(`${duty} parked ${stream}`, { cause: error })
      },
    },
  })
  const lines: AccessLine[] = []
  const services: Services<'telemetry'> & ReceptionOfPeople = {
    record: (line) => lines.push(line),
    log,
    views: viewsOver(store, now),
    telemetry: profilesAct
      ? {
          ...heard,
          // Agents ask all the time, whatever a test does in the meantime.
          async lastSeenOf(targets) {
            const present = new Date(clock).toISOString()
            return new Map(targets.filter((target) => !silent.has(target)).map((target) => [target, present]))
          },
        }
      : heard,
    roleClaim: 'cognito:groups',
    now,
  }
  // As deployed: nothing that is planned for a caller asks when somebody was last heard of.
  const { telemetry: _, ...planning } = services
  const endpoints = {
    upgrades: upgradesEndpoint(planning),
    targets: targetsEndpoint(services),
    releases: releasesEndpoint(services),
    operations: operationsEndpoint(services),
    profiles: profilesEndpoint(services),
    agents: agentsEndpoint(services),
    system: systemEndpoint(services),
  }
  const authorize = agentAuthorizer(services)
  const schedules = memorySchedules()
  const duties = [
    withdrawTargets({ log }),
    assignTargets({ log, telemetry: () => services.telemetry }),
    resumeTargets({ log }),
    makeMemberships({ log }),
    cleanUpProfile({ log, views: () => services.views }),
    ...(profilesAct
      ? [
          keepSchedules({ log, views: () => services.views, schedules: () => schedules, now }),
          voidPlans({ log }),
          planAfterCalendar({ log, views: () => services.views, now }),
          runProfile({ log, views: () => services.views }),
          heedFailures({ log }),
          rollBackWanted(() => services),
          summariseUpgrades({ log, views: () => services.views }),
        ]
      : []),
  ]
  const collecting = recordOutcomes({ log })
  forgetMembers()

  /** Lets projector and reactor do all that is to be done. */
  async function settle(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending.splice(0)
      const postponed = await runner.project(batch)
      if (postponed.length > 0) throw new Error('The projector postponed', { cause: postponed[0]?.error })
      for (const commit of batch) {
        for (const duty of duties) if (duty.concerns(commit)) await duty.act(commit)
      }
      const groups = Map.groupBy(batch, (commit) => collecting.collectedBy(commit))
      for (const [group, commits] of groups) if (group !== undefined) await collecting.act(group, commits)
    }
  }

  /** Does what the state machine would do, until the upgrade waits for somebody or something. */
  async function advance(upgradeId: string): Promise<string> {
    for (let round = 0; round < 100; round++) {
      await settle()
      const { state } = await log.load(upgradeAggregate, upgradeId)
      const instant = new Date(clock).toISOString()
      const { move, wave } = position(state, instant)
      const metadata = { actor: 'drydock', correlation: upgradeId }
      const { generation } = state
      if (move === 'plan') await writePlan(services, upgradeId)
      else if (move === 'start-wave') {
        const decision = startWave({ wave, generation }, await admissionFacts(log, state))
        await log.execute(upgradeAggregate, upgradeId, decision, metadata)
      } else if (move === 'finish') {
        await log.execute(upgradeAggregate, upgradeId, finishUpgrade({ generation }), metadata)
      } else if (move === 'revert') {
        const { by = 'drydock', breakGlass } = state.abort ?? {}
        const origin = { parent: upgradeId, by, correlation: upgradeId }
        await requestRollback(services, { ...origin, ...(breakGlass !== undefined && { breakGlass }) })
      } else {
        await log.execute(upgradeAggregate, upgradeId, tick(await admissionFacts(log, state)), metadata)
        await settle()
        return move
      }
    }
    throw new Error(`The upgrade ${upgradeId} goes round in circles.`)
  }

  async function authorizerOf(as: Caller | undefined): Promise<object | undefined> {
    if (!as) return undefined
    if ('user' in as) return { jwt: { claims: { sub: as.user, 'cognito:groups': as.roles }, scopes: null } }
    if ('lambda' in as) return { lambda: as.lambda }
    const { isAuthorized, context } = await authorize({ headers: { authorization: `Bearer ${as.bearer}` } })
    return isAuthorized ? { lambda: context } : undefined
  }

  /** Sends a request as the gateway would. */
  async function call(method: string, path: string, request: Request = {}): Promise<Reply> {
    if (!request.early) await settle()
    const found = matchOf(method, path)
    if (!found) throw new Error(`No route ${method} ${path}`)
    const { as = operator, body, raw, query, headers = {} } = request
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const authorizer = await authorizerOf(as)
    const event = {
      version: '2.0',
      routeKey: `${method} ${found.route.path}`,
      rawPath: path,
      rawQueryString: '',
      headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(query && { queryStringParameters: query }),
      pathParameters: found.params,
      requestContext: { requestId: 'request-1', ...(authorizer && { authorizer }) },
      ...(text !== undefined && { body: text }),
      isBase64Encoded: false,
    } as unknown as ApiEvent // the parts of a gateway's event that the handlers read
    const result = await endpoints[found.route.group](event, {} as never) // middy reads nothing of the context
    return {
      status: result.statusCode ?? 0,
      headers: result.headers as Record<string, string>, // handlers set text only
      body: JSON.parse(result.body ?? 'null'),
    }
  }

  return {
    services,
    schedules,
    /** Targets whose agents nothing has ever been heard of, where profiles act; the others ask all the time. */
    silent,
    lines,
    log,
    call,
    settle,
    advance,
    authorize,
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
    async enrol(id: string): Promise<string> {
      const issued = await call('POST', `/api/v1/targets/${id}/enrolment`)
      const key = Buffer.alloc(32, id).toString('base64url')
      const bearer: string = issued.body.enrolmentToken
      const enrolled = await call('POST', '/api/v1/agents/enrol', { as: { bearer }, body: { key } })
      return enrolled.body.credential
    },
  }
}

export type World = ReturnType<typeof openWorld>

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
      body: { ...told, status: status(id), code: 'HEALTH_CHECK_FAILED', details: 'Helm upgrade' },
    })
    done.push(id)
  }
  await world.settle()
  return done
}
