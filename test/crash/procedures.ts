import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { idempotencyKeyOf } from '../../functions/workflow/procedure/call.ts'
import { type Random, randomFrom } from '../views/random.ts'
import { endLives } from './ends.ts'
import type { Fate, Trouble } from './kills.ts'
import { type Nodes, openNodes } from './nodes.ts'
import { Person } from './person.ts'
import { quiescence } from './quiescence.ts'
import type { Outcome } from './report.ts'
import { type Places, Runtime } from './runtime.ts'
import { judge } from './verdict.ts'
import { openWitness } from './witness.ts'

const speed = 30
const endsWithin = 180_000
const restsWithin = 30_000

const at = (call: string) => `{{ target.tags.url }}/${call}`
/** The clock runs on while a runtime is away: no step may run out of time for that. */
const patient = { timeoutSeconds: 86_400 }
const post = (call: string, body: object | null = null) => ({
  ...patient,
  http: { request: { method: 'POST', url: at(call), seconds: 5, ...(body && { body }) } },
})
const undo = (name: string, call: string, body: object | null = null) => ({
  ...{ name, repeatable: true },
  ...post(call, body),
})

/** One step of each way to act: what may be repeated, what is asked about, and what a person has to look at. */
const document = {
  description: 'A node under kills',
  steps: [
    { id: 'backup', name: 'Back up', backup: true, repeatable: true, inverse: 'none', ...post('backup') },
    {
      ...{ id: 'drain', name: 'Drain', inverse: undo('Take work again', 'undrain') },
      ...post('drain'),
      check: { request: { url: at('state') }, done: '!answer.body.enabled' },
    },
    {
      ...{ id: 'leave', name: 'Wait until nothing runs', ...patient },
      poll: { request: { url: at('instances') }, until: 'answer.body.instances == 0', everySeconds: 5 },
    },
    {
      ...{
        id: 'replace',
        name: 'Replace',
        inverse: undo('Restore', 'restore', { version: '{{ attempt.from }}' }),
      },
      ...post('replace', { version: '{{ attempt.to }}' }),
      check: { request: { url: at('state') }, done: 'answer.body.version == attempt.to' },
    },
    { id: 'announce', name: 'Announce', inverse: 'none', ...post('announce') },
    { id: 'rest', name: 'Rest', wait: { seconds: 10 } },
    {
      ...{ id: 'healthy', name: 'Check health', timeoutSeconds: 120 },
      health: {
        checks: [
          {
            name: 'Node',
            request: { url: at('state') },
            expect: { where: "answer.body.status == 'healthy'" },
          },
        ],
      },
    },
    { id: 'enable', name: 'Enable', repeatable: true, inverse: 'none', ...post('enable') },
  ],
}

/** Calls that are made once, whatever happens, unless a person has said "again". */
const once = ['drain', 'replace', 'announce'] as const

interface Told {
  upgrades: number
  takenBack: number
  rolledBack: number
  asked: number
  again: number
  steps: number
}

interface Steps {
  readonly attempt: string
  readonly outcome: string | null
  readonly steps: readonly {
    readonly step: string
    readonly direction: 'there' | 'back'
    readonly status: string
  }[]
}

const ended: readonly string[] = ['completed', 'completed_with_exceptions', 'failed', 'aborted']

/** Upgrades nodes by the procedure, one version after the other, until told to stop; answers for the person whom steps ask. */
class Operation {
  readonly told: Told = { upgrades: 0, takenBack: 0, rolledBack: 0, asked: 0, again: 0, steps: 0 }
  /** The keys of calls that a person has let be made again. */
  readonly repeated = new Set<string>()
  readonly violations: string[] = []
  readonly #operator: Person
  readonly #nodes: Nodes
  readonly #ids: readonly string[]
  readonly #random: Random

  constructor(operator: Person, nodes: Nodes, ids: readonly string[], random: Random) {
    this.#operator = operator
    this.#nodes = nodes
    this.#ids = ids
    this.#random = random
  }

  async run(enough: () => boolean): Promise<void> {
    while (!enough() || this.told.upgrades < 2) {
      this.told.upgrades++
      const version = `v1.${this.told.upgrades}.0`
      const digest = `sha256:${this.told.upgrades.toString(16).padStart(64, '0')}`
      await this.#operator.write('/api/v1/releases', { component: 'node', version, digest })
      for (const id of this.#ids) this.#nodes.node(id).sick = this.#random.below(6) === 0
      const deploy = {
        component: 'node',
        version,
        strategy: 'all',
        procedure: { name: 'node' },
        failureThreshold: { percent: 100 },
      }
      const { body } = await this.#operator.write<{ readonly upgradeId: string }>(
        '/api/upgrades/deploy',
        deploy,
      )
      await this.#follow(body.upgradeId)
      for (const id of this.#ids) this.#nodes.node(id).sick = false
      if (this.#random.below(3) > 0) continue
      const back = await this.#operator.write<{ readonly upgradeId: string }>(
        `/api/upgrades/${body.upgradeId}/rollback`,
        { reason: 'one in three' },
      )
      if (back.status !== 202) continue
      this.told.rolledBack++
      await this.#follow(back.body.upgradeId)
    }
  }

  async #follow(upgrade: string): Promise<void> {
    for (;;) {
      const { body } = await this.#operator.read<{ readonly status: string }>(
        `/api/upgrades/${upgrade}/status`,
      )
      if (ended.includes(body.status)) break
      for (const id of this.#ids) await this.#answer(id)
      await sleep(150)
    }
    for (const id of this.#ids) await this.#check(id)
  }

  /** Looks at the node where a step asks, as a person would, and says what is seen. */
  async #answer(id: string): Promise<void> {
    const { body, status } = await this.#operator.read<Steps>(`/api/v1/targets/${id}/steps`)
    const held = status === 200 ? body.steps.find((step) => step.status === 'held') : undefined
    if (!held) return
    const { attempt } = body
    const key = idempotencyKeyOf(attempt, held.direction, held.step)
    const reached = this.#nodes.node(id).calls.some((call) => call.key === key)
    const as = reached ? 'done' : 'again'
    const settle = { attempt, as, reason: 'I looked' }
    const { status: answered } = await this.#operator.write(
      `/api/v1/targets/${id}/steps/${held.step}/settle`,
      settle,
    )
    if (answered !== 200) return
    this.told.asked++
    if (as === 'again') {
      this.told.again++
      this.repeated.add(key)
    }
  }

  /** Holds what the log says of the last attempt of a node against what reached it. */
  async #check(id: string): Promise<void> {
    const { body, status } = await this.#operator.read<Steps>(`/api/v1/targets/${id}/steps`)
    if (status !== 200) return
    const { calls, version, enabled } = this.#nodes.node(id)
    for (const { step, direction, status: stands } of body.steps) {
      this.told.steps++
      const key = idempotencyKeyOf(body.attempt, direction, step)
      const made = calls.filter((call) => call.key === key).length
      const acts = !['leave', 'rest', 'healthy'].includes(step)
      if (acts && stands === 'done' && made === 0)
        this.violations.push(
          `lost: ${direction} ${step} of ${body.attempt} is done, and no call has reached ${id}`,
        )
    }
    if (body.outcome === 'rolled_back') this.told.takenBack++
    const target = await this.#operator.read<{ readonly components: { readonly node: string } }>(
      `/api/v1/targets/${id}`,
    )
    if (target.body.components.node !== version)
      this.violations.push(`${id} runs ${version}, its stream says ${target.body.components.node}`)
    if (!enabled) this.violations.push(`${id} was left drained by ${body.attempt}, ${body.outcome}`)
  }

  /** Every call that may be made once, made more than once. */
  twice(): string[] {
    return this.#ids.flatMap((id) => {
      const made = new Map<string, number>()
      for (const { call, key } of this.#nodes.node(id).calls)
        if (once.some((one) => one === call))
          made.set(`${call} ${key}`, (made.get(`${call} ${key}`) ?? 0) + 1)
      return [...made].flatMap(([what, count]) =>
        count > 1 ? [`twice: ${what} reached ${id} ${count} times`] : [],
      )
    })
  }
}

/** Fates of runtimes under procedures: half by the clock, half at a write of what a procedure writes. */
function planFates(kills: number, random: Random): Fate[] {
  return Array.from({ length: kills }, (): Fate => {
    const troubles: Trouble[] =
      random.below(8) === 0 ? [{ kind: 'dynamo killed', wait: 50 + random.below(800), lasts: 0 }] : []
    if (random.below(2) === 0) return { end: { after: 200 + random.below(2500) }, troubles }
    const point = random.pick([
      'log: target',
      'log: target',
      'engine: transaction',
      'work: put',
      'views: put',
    ] as const)
    const most = { 'log: target': 12, 'engine: transaction': 20, 'work: put': 2, 'views: put': 12 }[point]
    return {
      end: { point, side: random.pick(['before', 'after'] as const), count: 1 + random.below(most) },
      troubles: [],
    }
  })
}

/** Kills a runtime under running procedures, again and again; every call that reached a node is counted there. */
export async function runUnderProcedures(
  { kills, seed, size }: { readonly kills: number; readonly seed: number; readonly size: number },
  places: Places,
): Promise<Outcome> {
  const { data: directory, notes } = places
  const began = performance.now()
  const ids = Array.from({ length: size }, (_, number) => `node-${number + 1}`)
  const nodes = await openNodes(ids)
  const runtime = new Runtime(places, { speed, outbound: `http://127.0.0.1:${nodes.port}` })
  const witness = await openWitness(notes)
  const first = await runtime.begin()
  if (!first) throw new Error('The first life had no fail point and was killed.')
  let last = first
  const violations: string[] = []
  try {
    witness.follow(first.url)
    const operator = new Person({ name: 'operator-1', roles: ['operator'], url: witness.url, directory })
    const url = (id: string) => `http://127.0.0.1:${nodes.port}/${id}`
    const asked = performance.now()
    for (const id of ids)
      await operator.write('/api/v1/targets', { id, components: { node: 'v1.0.0' }, tags: { url: url(id) } })
    const stored = await operator.write('/api/v1/procedures/node', document, 'PUT')
    if (stored.status !== 200) throw new Error(`The procedure was not stored: ${JSON.stringify(stored.body)}`)
    const warmUp = performance.now() - asked
    const operation = new Operation(operator, nodes, ids, randomFrom(seed + 1))
    let done = false
    const running = operation.run(() => done)
    running.catch(() => undefined)
    const ends = await endLives({
      ...{ runtime, first, warmUp, fates: planFates(kills, randomFrom(seed)) },
      begun(life) {
        last = life
        witness.follow(life.url)
      },
    })
    done = true
    const late = Symbol('late')
    if ((await Promise.race([running, sleep(endsWithin, late, { ref: false })])) === late)
      violations.push(`I11: the last upgrade had not ended ${endsWithin / 1000} s after the last restart`)
    const rest = await quiescence(directory, restsWithin)
    if (rest.executions + rest.records + rest.deliveries > 0)
      violations.push(`it did not come to rest: ${JSON.stringify(rest)} still under way`)
    await last.stop()
    const verdict = await judge(directory, witness.journal, [], undefined)
    const twice = operation.twice()
    violations.push(...verdict.violations, ...operation.violations, ...twice)
    const calls = ids.reduce((sum, id) => sum + nodes.node(id).calls.length, 0)
    return {
      ...ends,
      ...{ seed, size, violations },
      seconds: Math.round((performance.now() - began) / 100) / 10,
      passed: operation.told.steps + verdict.commits + verdict.upgrades + calls,
      figures: {
        upgrades: operation.told.upgrades,
        'upgrades taken back': operation.told.rolledBack,
        'attempts taken back by themselves': operation.told.takenBack,
        'steps looked at': operation.told.steps,
        'calls that reached a node': calls,
        'steps that asked a person': operation.told.asked,
        'steps that a person let be done again': operation.told.again,
        streams: verdict.streams,
        commits: verdict.commits,
        'audit findings': verdict.findings,
        'rows of drift': verdict.drift,
        'duties parked': verdict.parked,
      },
    }
  } catch (error) {
    console.error(readFileSync(join(notes, 'runtime.log'), 'utf8').split('\n').slice(-5).join('\n'))
    throw error
  } finally {
    await last.kill()
    nodes.close()
    witness.close()
  }
}
