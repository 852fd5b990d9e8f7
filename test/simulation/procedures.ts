import { type ProcedureReference, procedureEvents } from '../../events/procedure.ts'
import { targetEvents } from '../../events/target.ts'
import { procedureAggregate, reviseProcedure } from '../../functions/domain/procedure/aggregate.ts'
import { afterFailure, nextIn } from '../../functions/domain/procedure/course.ts'
import { actionIn, acts } from '../../functions/domain/procedure/steps.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { drivenIn, settleStep } from '../../functions/domain/target/procedure.ts'
import { documentOf } from '../../functions/facts/procedures.ts'
import { idempotencyKeyOf } from '../../functions/workflow/procedure/call.ts'
import { documents } from './nodes.ts'
import type { People } from './people.ts'
import type { World } from './world.ts'

/** Stores the procedures of the simulation, and returns what upgrades may bind. */
export async function storeProcedures(world: World): Promise<readonly ProcedureReference[]> {
  const { log } = world.services()
  const references: ProcedureReference[] = []
  for (const [name, document] of Object.entries(documents)) {
    const metadata = { actor: 'alice', correlation: `procedure-${name}` }
    const revise = reviseProcedure({ name, document, by: 'alice' })
    await log.execute(procedureAggregate, name, revise, metadata)
    const { latest } = (await log.load(procedureAggregate, name)).state
    if (latest) references.push({ name, revision: latest.revision, hash: latest.hash })
  }
  return references
}

/** The people who are asked about steps: they look at the node, and say what they see. */
export class StepPeople {
  readonly #world: World
  readonly #people: People

  constructor(world: World, people: People) {
    this.#world = world
    this.#people = people
  }

  /** Somebody looks now and then, as long as things go wrong, and stops an execution sometimes. */
  interfere(): void {
    const { clock, random, faults } = this.#world
    clock.after(random.between(60, 900), () => {
      if (!faults.on) return
      this.#world.begin('person', () => this.care(random.chance(0.2)))
      this.interfere()
    })
  }

  /** Says of every step that waits for a person what became of it; some give up on one. */
  async care(impatient = false): Promise<void> {
    for (const target of this.#people.fleet.targets) await this.#settle(target, impatient)
  }

  async #settle(target: string, impatient: boolean): Promise<void> {
    const { log } = this.#world.services()
    const { state } = await log.load(targetAggregate, target)
    const driven = drivenIn(state)
    const held = driven?.procedure.running?.held
    if (!driven || !held) return
    const document = await documentOf(log, driven.procedure)
    const next = nextIn(document, driven.procedure)
    if (next.kind !== 'step') return
    const { action, place } = next
    const { attempt } = driven
    const key = idempotencyKeyOf(attempt, action.direction, action.id)
    const seen = held.why === 'acknowledgement' || this.#world.nodes.effects.has(key) ? 'done' : 'again'
    const then = afterFailure(document, driven.procedure, action)
    const decision = settleStep({
      ...{ attempt, direction: action.direction, place, step: action.id },
      ...{ as: impatient ? 'failed' : seen, by: 'bob', reason: 'I looked' },
      then,
    })
    await this.#people.say(targetAggregate, target, decision, 'bob')
  }
}

/** Returns which step of a procedure was done twice that may not be, or counts as done and never reached its node. */
export function stepFaults({ commits, nodes }: World): string[] {
  const named = new Map<string, (typeof documents)['node']>()
  const byAttempt = new Map<string, string>()
  const released = new Map<string, number>()
  const done: { key: string; words: string }[] = []
  const repeatable = new Set<string>()
  for (const { stream, events } of commits) {
    for (const { type, schema, data } of events) {
      if (stream.startsWith('procedure#')) {
        const event = procedureEvents.decode(type, schema, JSON.parse(data))
        if (event.type === 'ProcedureRevised') named.set(event.data.hash, event.data.document)
      }
      if (!stream.startsWith('target#')) continue
      const event = targetEvents.decode(type, schema, JSON.parse(data))
      if (event.type === 'AttemptAssigned' && event.data.procedure)
        byAttempt.set(event.data.attempt, event.data.procedure.hash)
      if (event.type !== 'StepReleased' && event.type !== 'StepEnded' && event.type !== 'StepStarted')
        continue
      const { attempt, direction, step } = event.data
      const document = named.get(byAttempt.get(attempt) ?? '')
      const action = document && actionIn(document, direction, step)
      const key = idempotencyKeyOf(attempt, direction, step)
      if (action?.repeatable) repeatable.add(key)
      if (event.type === 'StepReleased') released.set(key, (released.get(key) ?? 0) + 1)
      if (event.type !== 'StepEnded' || !action || !acts(action)) continue
      const { outcome, by, output } = event.data
      const told = by === undefined && !output?.startsWith('Found to be done')
      if (outcome === 'done' && told) done.push({ key, words: `${stream}: ${step} of ${attempt}` })
    }
  }
  const twice = [...nodes.effects].filter(
    ([key, times]) => !repeatable.has(key) && times > 1 + (released.get(key) ?? 0),
  )
  return [
    ...twice.map(([key, times]) => `I20: the step of the key ${key} was done ${times} times`),
    ...done
      .filter(({ key }) => !nodes.effects.has(key))
      .map(({ words }) => `I20: ${words} counts as done, and nothing reached its node`),
  ]
}
