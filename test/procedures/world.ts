import type { SFNClient } from '@aws-sdk/client-sfn'
import { audit } from '../../functions/audit/audit.ts'
import { shownAnswer } from '../../functions/executors/call.ts'
import { openCredentials } from '../../functions/executors/credentials.ts'
import { openWebhooks } from '../../functions/executors/webhook.ts'
import type { OutboundCall, Sent } from '../../functions/outbound.ts'
import { openProcedureMachines } from '../../functions/work/procedure-machines.ts'
import { openRedemption } from '../../functions/work/redemption.ts'
import type { Commands } from '../../functions/workflow/procedure/command.ts'
import { noteEndOfProcedure } from '../../functions/workflow/procedure/execution-ended.ts'
import type { Helm } from '../../functions/workflow/procedure/helm.ts'
import {
  type ProcedureServices,
  runProcedure,
  runStep,
} from '../../functions/workflow/procedure/procedure.ts'
import type { Clock } from '../../infra/local/clock.ts'
import { openStepFunctions } from '../../infra/local/stepfunctions/engine.ts'
import { openWorld } from '../api/world.ts'
import { commitsIn } from '../audit/whole-log.ts'
import { ManualClock } from '../local/stepfunctions/manual-clock.ts'

/** What a server answers; undefined: the call is cut off, and nobody knows what became of it. */
export type Server = (call: OutboundCall) => Sent | Promise<Sent>

export const answered = (body: unknown = {}, status = 200, headers: Record<string, string> = {}): Sent => ({
  ...{ kind: 'answered', status, headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
export const cutOff: Sent = { kind: 'unknown', why: 'the connection was reset' }
export const notSent: Sent = { kind: 'not-sent', why: 'connection refused' }

/** The task dies before or after it is at work, as a function that is killed does. */
class Killed extends Error {
  override readonly name = 'Lambda.Unknown'
}

const operator = { actor: 'operator-1', correlation: 'test' }

/** The API in this process, with the state machines of procedures on the engine of one machine, and a server that tests play. */
export function openProcedures(serve: Server) {
  const world = openWorld()
  const manual = new ManualClock()
  const ahead = world.services.now() - manual.now()
  const clock: Clock = {
    speed: 1,
    now: () => manual.now() + ahead,
    at: (instant, action) => manual.at(instant - ahead, action),
  }
  const calls: OutboundCall[] = []
  const secrets = new Map<string, string>()
  let underWay = 0
  let transitions = 0
  /** Tells of a call of the task whether it dies, and when. */
  let kill: (payload: { action: string; place?: string }) => 'before' | 'after' | undefined = () => undefined
  let server = serve

  const engine = openStepFunctions({
    file: ':memory:',
    clock,
    async invoke(name, payload) {
      underWay++
      transitions++
      const asked = payload as { action: string; place?: string }
      const dies = kill(asked)
      try {
        if (dies === 'before') throw new Killed('killed')
        const answer = await (name === 'helm' ? runStep : runProcedure)(services, payload)
        if (dies === 'after') throw new Killed('killed')
        return answer
      } finally {
        underWay--
      }
    },
    async emit(event) {
      const { status } = event.detail as { status: string } // the engine emits nothing but changes of status
      if (['FAILED', 'TIMED_OUT', 'ABORTED'].includes(status)) await noteEndOfProcedure(world, event)
    },
  })
  const client = {
    send: async (command: { constructor: { name: string }; input: object }) => {
      try {
        return await engine.request(command.constructor.name.replace(/Command$/, ''), command.input)
      } catch (error) {
        if (!(error instanceof Error) || !('type' in error)) throw error
        throw Object.assign(new Error(error.message), { name: String(error.type) })
      }
    },
  } as unknown as SFNClient // duties and tasks call nothing but `send`
  const prefix = 'arn:aws:states:eu-central-1:000000000000:stateMachine:procedure-'
  Object.assign(world.services, {
    procedureMachines: openProcedureMachines(client, {
      ...{ prefix, roleArn: 'role', logGroupArn: 'logs', tasks: { step: 'step', helm: 'helm' } },
    }),
    redemption: openRedemption(client),
  })
  const send = async (call: OutboundCall) => {
    calls.push(call)
    const sent = await server(call)
    return sent.kind === 'answered' ? shownAnswer({ ...sent, milliseconds: 1 }, call) : sent
  }
  const services: ProcedureServices = {
    ...world.services,
    random: () => 0.5,
    webhooks: openWebhooks(),
    apiUrl: 'https://drydock.example',
    secrets: {
      async read(reference: string) {
        const value = secrets.get(reference)
        return value === undefined
          ? ({ kind: 'unavailable', why: `The secret ${reference} cannot be read.` } as const)
          : ({ kind: 'secret', value } as const)
      },
    },
    outbound: {
      send,
      sendAs: openCredentials({ send: send as never, now: world.services.now }).send as never,
      retryAfter: ({ headers }: { headers: Readonly<Record<string, string>> }) =>
        headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']),
    },
  }

  /** Lets everything happen that needs no time to pass. */
  async function quiet(): Promise<void> {
    for (let still = 0; still < 8; still++) {
      await world.settle()
      if (underWay > 0) still = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Lets time pass, from one thing that is due to the next, until something is so; at most so many seconds. */
  async function until(isSo: () => Promise<boolean> | boolean, seconds = 7200): Promise<void> {
    const end = clock.now() + seconds * 1000
    for (;;) {
      await quiet()
      if (await isSo()) return
      const next = manual.nextInstant()
      if (next === undefined || next + ahead > end)
        throw new Error(`It did not come so within ${seconds} seconds.`)
      const step = Math.max(0, (next + ahead - clock.now()) / 1000)
      world.pass(step)
      manual.advance(step)
    }
  }

  return {
    world,
    engine,
    calls,
    secrets,
    quiet,
    until,
    get transitions() {
      return transitions
    },
    serve(next: Server) {
      server = next
    },
    /** From now on the function that runs helm has this one. */
    helm(given: Helm) {
      Object.assign(services, { helm: given })
    },
    /** From now on steps send their commands by this. */
    commands(given: Commands) {
      Object.assign(services, { commands: given })
    },
    kill(when: typeof kill) {
      kill = when
    },
    /** Calls the task as a state machine does. */
    task: (payload: object) => runProcedure(services, payload),
    /** Lets so many seconds pass, and what falls due in them happen. */
    async pass(seconds: number) {
      const end = clock.now() + seconds * 1000
      await until(() => {
        const next = manual.nextInstant()
        return next === undefined || next + ahead > end
      }, seconds + 1)
      const rest = Math.max(0, (end - clock.now()) / 1000)
      world.pass(rest)
      manual.advance(rest)
      await quiet()
    },
    /** The executions of a procedure that run. */
    running(name: string): { executionArn: string }[] {
      const found = engine.request('ListExecutions', {
        stateMachineArn: `${prefix}${name}-r1`,
        statusFilter: 'RUNNING',
      })
      return (found as { executions: { executionArn: string }[] }).executions // AWS's own answer
    },
    stop(executionArn: string) {
      void engine.request('StopExecution', { executionArn, cause: 'stopped by hand' })
    },
    async store(name: string, document: object) {
      return world.call('PUT', `/api/v1/procedures/${name}`, { body: document })
    },
    /** The steps of a target as the API tells them, in short. */
    async steps(target: string): Promise<string[]> {
      const { body } = await world.call('GET', `/api/v1/targets/${target}/steps`)
      return body.steps.map(
        ({ direction, step, status }: { direction: string; step: string; status: string }) =>
          `${direction === 'back' ? '<' : ''}${step} ${status}`,
      )
    },
    /** Deploys by a procedure to all targets, and lets the first attempts be assigned. */
    async deploy(name: string, more: object = {}): Promise<string> {
      const body = { component: 'api', version: 'v1.2.0', strategy: 'all', procedure: { name }, ...more }
      const reply = await world.call('POST', '/api/upgrades/deploy', { body })
      if (reply.status !== 202) throw new Error(JSON.stringify(reply.body))
      await world.advance(reply.body.upgradeId)
      return reply.body.upgradeId
    },
    /** Returns what an audit finds wrong with the log. */
    async audited(): Promise<readonly object[]> {
      return (await audit(await commitsIn(world.log))).findings
    },
    /** Lets an upgrade go on until it is over. */
    async over(id: string): Promise<string> {
      let status = ''
      await until(async () => {
        await world.advance(id)
        status = (await world.call('GET', `/api/upgrades/${id}/status`)).body.status
        return ['completed', 'completed_with_exceptions', 'failed', 'aborted'].includes(status)
      })
      return status
    },
    operator,
  }
}
