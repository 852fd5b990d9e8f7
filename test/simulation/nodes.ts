import { procedureDocument } from '../../events/procedure.ts'
import type { Outbound, OutboundCall, Sent } from '../../functions/outbound.ts'
import type { Faults } from './faults.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Turns } from './turns.ts'

const at = (path: string) => `http://{{ target.id }}/${path}`
const post = (path: string) => ({ http: { request: { method: 'POST', url: at(path) } } })
const undo = (name: string, path: string) => ({ name, repeatable: true, ...post(path) })
const check = (path: string) => ({ request: { url: at(`was/${path}`) }, done: 'answer.body.yes' })

/** The procedures of the simulation: of each way to act, what may be repeated, what is asked about, and what has to be shown to a person. */
export const documents = {
  node: procedureDocument.parse({
    steps: [
      { id: 'backup', name: 'Back up', backup: true, inverse: 'none', repeatable: true, ...post('backup') },
      {
        id: 'drain',
        name: 'Drain',
        check: check('drain'),
        ...post('drain'),
        inverse: undo('Undrain', 'undrain'),
      },
      {
        ...{ id: 'leave', name: 'Wait until nothing runs', timeoutSeconds: 600 },
        poll: { request: { url: at('instances') }, until: 'answer.body.active == 0', everySeconds: 10 },
      },
      {
        ...{ id: 'replace', name: 'Replace', check: check('replace'), ...post('replace') },
        inverse: undo('Restore', 'restore'),
      },
      { id: 'settle', name: 'Let it settle', wait: { seconds: 60 } },
      {
        ...{ id: 'healthy', name: 'Check health', timeoutSeconds: 120 },
        health: { checks: [{ name: 'Node', request: { url: at('health') } }], everySeconds: 20 },
      },
    ],
    verifyWayBack: [
      { id: 'well', name: 'Well again', http: { request: { url: at('alive') } }, timeoutSeconds: 120 },
    ],
  }),
  careful: procedureDocument.parse({
    steps: [
      { id: 'ask', name: 'May it begin?', acknowledge: { ask: 'Has the customer been told?' } },
      { id: 'announce', name: 'Announce', inverse: 'none', ...post('announce') },
      {
        ...{ id: 'migrate', name: 'Migrate', onFailure: 'stop', ...post('migrate') },
        inverse: undo('Migrate back', 'migrate-back'),
      },
      { id: 'notify', name: 'Notify', inverse: 'none', onFailure: 'continue', ...post('notify') },
    ],
  }),
}

/** The nodes that procedures call: they remember what reached them. */
export class Nodes {
  readonly #random: Random
  readonly #faults: Faults
  /** What had an effect: how often, by the key of the step that asked for it. */
  readonly effects = new Map<string, number>()
  /** What each node is in by what reached it, until it is undone. */
  readonly #state = new Map<string, Set<string>>()

  constructor(random: Random, faults: Faults) {
    this.#random = random
    this.#faults = faults
  }

  /** How calls reach the nodes from a process: it may die before a call has left and before it is answered; an answer may be lost. */
  through({ process, turns }: { readonly process: Process; readonly turns: Turns }): Outbound {
    const send = (call: OutboundCall): Promise<Sent> =>
      process.write(async () => {
        await turns.take(this.#faults.on)
        if (this.#faults.happens(0.04)) return { kind: 'not-sent', why: 'connection refused' }
        const answer = this.#answer(call)
        return this.#faults.happens(0.04) ? { kind: 'unknown', why: 'socket hang up' } : answer
      })
    return {
      send,
      sendAs: send,
      retryAfter: ({ headers }) =>
        headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']),
    }
  }

  #answer({ method, url, idempotencyKey = '' }: OutboundCall): Sent {
    const { host, pathname } = new URL(url)
    const path = pathname.slice(1)
    if (method === 'POST') {
      if (this.#faults.happens(0.04)) return answered(503, {}, { 'retry-after': '30' })
      // Broken down before or after it was done: nobody can tell from the answer.
      const fails = this.#faults.happens(0.05)
      if (fails && this.#random.chance(0.5)) return answered(500, {})
      this.effects.set(idempotencyKey, (this.effects.get(idempotencyKey) ?? 0) + 1)
      this.#change(host, path)
      return answered(fails ? 500 : 200, {})
    }
    if (path.startsWith('was/'))
      return answered(200, { yes: this.#state.get(host)?.has(path.slice('was/'.length)) === true })
    if (path === 'instances') return answered(200, { active: this.#random.pick([0, 1, 2]) })
    return answered(path === 'health' && this.#faults.happens(0.3) ? 500 : 200, {})
  }

  #change(node: string, path: string): void {
    const state = this.#state.get(node) ?? new Set()
    const undone = undoes[path]
    if (undone === undefined) state.add(path)
    else state.delete(undone)
    this.#state.set(node, state)
  }
}

/** What is undone by which call. */
const undoes: Readonly<Record<string, string>> = {
  undrain: 'drain',
  restore: 'replace',
  'migrate-back': 'migrate',
}

function answered(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Sent {
  return { kind: 'answered', status, headers, body: JSON.stringify(body) }
}
