import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** One member of a fleet, as its agent or gateway reports for it. */
export interface Member {
  readonly id: string
  /** How its next attempt ends; one that failed retryably is tried again, when it ends as it is told then. */
  readonly ends: 'completed' | 'failed' | 'failed-retryably'
}

/** What a fleet is asked to do. `from` and `to` are versions. */
export type Task =
  | { readonly kind: 'enrol'; readonly url: string; readonly enrolments: readonly [string, string][] }
  | {
      readonly kind: 'upgrade'
      readonly url: string
      readonly members: readonly Member[]
      readonly from: string
      readonly to: string
      /** The target that reports for all of them; without, each has an agent of its own. */
      readonly gateway: string | null
      readonly atOnce: number
    }
  /** Each target asks so often whether something waits for it; with `bare`, whether the runtime is there, and no target does. */
  | {
      readonly kind: 'poll'
      readonly url: string
      readonly targets: readonly string[]
      readonly times: number
      readonly bare: boolean
      readonly atOnce: number
    }

/** What it took: requests of agents, polling apart, and of gateways. */
export interface Done {
  readonly reports: number
  readonly polls: number
  /** From the first to the last answer, in this process. */
  readonly seconds: number
}

/** Targets in one request of a gateway. */
export const gatewayBatch = 25
const pollEvery = 40
const enrolAtOnce = 24

const agent = new Agent({ keepAlive: true, maxSockets: 48 })

type Answered = Record<string, unknown> | { readonly retryAfter: number }

/** Sends a request; who has asked too often is told when to ask again, and does. */
async function send(
  url: string,
  credential: string,
  method: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await sendOnce(url, credential, method, body)
    if (typeof answer.retryAfter !== 'number') return answer
    await sleep(1000 * answer.retryAfter)
  }
}

function sendOnce(url: string, credential: string, method: string, body: unknown): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      authorization: `Bearer ${credential}`,
      'content-length': Buffer.byteLength(text),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const sent = request(url, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString()
        if (response.statusCode === 429) resolve({ retryAfter: Number(response.headers['retry-after'] ?? 1) })
        else if (response.statusCode !== undefined && response.statusCode < 400) resolve(JSON.parse(answer))
        else reject(new Error(`${method} ${url} was answered ${response.statusCode}: ${answer}`))
      })
    })
    sent.on('error', reject)
    sent.end(text)
  })
}

/** An agent's key follows from its target's name, so that no process has to tell another. */
function keyOf(target: string): string {
  return createHash('sha256').update(`bench ${target}`).digest('base64url')
}

const credentialOf = (target: string): string => `drydock-agent.${target}.${keyOf(target)}`

async function eachOf<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await act(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}

/** Each report names the version that is tried: without the attempt it tells which one is meant. */
function ending({ ends }: Member, { to }: { to: string }): Record<string, unknown> {
  const timestamp = new Date().toISOString()
  if (ends === 'completed') return { status: 'completed', version: to, timestamp }
  const failed = { status: 'failed', version: to, timestamp, details: 'answered 503' }
  return { ...failed, code: 'HEALTH_CHECK_FAILED', retryable: ends === 'failed-retryably' }
}

type Upgrade = Extract<Task, { kind: 'upgrade' }>
type Sent = Omit<Done, 'seconds'>

async function upgradeByAgents(task: Upgrade): Promise<Sent> {
  let reports = 0
  let polls = 0
  await eachOf(task.members, task.atOnce, async (member) => {
    const call = (method: string, path: string, body?: unknown) =>
      send(`${task.url}/api/v1/updates/${path}`, credentialOf(member.id), method, body)
    for (;;) {
      polls++
      const offer = await call('GET', 'check')
      if (offer.updateAvailable === true) {
        const { attempt } = offer
        const timestamp = new Date().toISOString()
        reports += 2
        await call('POST', 'status', { status: 'in-progress', version: task.to, timestamp, attempt })
        await call('POST', 'status', { ...ending(member, task), attempt })
        return
      }
      await sleep(pollEvery)
    }
  })
  return { reports, polls }
}

interface Result {
  readonly target: string
  readonly result: string
}

/** A gateway reports for batches of its members: one request accepts a batch, another ends it. */
async function upgradeByGateway(task: Upgrade, gateway: string): Promise<Sent> {
  let reports = 0
  let polls = 0
  const batches = Array.from({ length: Math.ceil(task.members.length / gatewayBatch) }, (_, number) =>
    task.members.slice(number * gatewayBatch, (number + 1) * gatewayBatch),
  )
  const call = async (path: string, body?: unknown) =>
    send(`${task.url}/api/v1/updates/${path}`, credentialOf(gateway), body ? 'POST' : 'GET', body)
  /** Reports for some members; returns those that were refused. */
  const tell = async <Report extends { readonly target: string }>(batch: readonly Report[]) => {
    reports++
    const { results } = (await call('status', { reports: batch })) as unknown as {
      results: readonly Result[]
    } // as the API describes it
    return batch.filter((_, index) => results[index]?.result === 'failed')
  }
  await eachOf(batches, Math.max(1, Math.floor(task.atOnce / 8)), async (batch) => {
    // The last of a batch is assigned last, as a rule; who is later still is told again.
    for (const last of batch.slice(-1)) {
      for (;;) {
        polls++
        if ((await call(`check?target=${last.id}`)).updateAvailable === true) break
        await sleep(pollEvery)
      }
    }
    const timestamp = new Date().toISOString()
    const { to } = task
    let waiting = batch.map(({ id }) => ({ target: id, status: 'in-progress', version: to, timestamp }))
    for (;;) {
      waiting = await tell(waiting)
      if (waiting.length === 0) break
      // Told too early: the next one is no report that was needed, but another way to ask.
      reports--
      polls++
      await sleep(pollEvery)
    }
    const refused = await tell(batch.map((member) => ({ target: member.id, ...ending(member, task) })))
    if (refused.length > 0) throw new Error(`The ends of ${refused.length} members were refused.`)
  })
  return { reports, polls }
}

async function poll(task: Extract<Task, { kind: 'poll' }>): Promise<Sent> {
  const path = task.bare ? 'health' : 'api/v1/updates/check'
  const asked = Array.from({ length: task.times }, () => task.targets).flat()
  await eachOf(asked, task.atOnce, async (target) => {
    const answer = await sendOnce(`${task.url}/${path}`, credentialOf(target), 'GET', undefined)
    if (typeof answer.retryAfter === 'number')
      throw new Error(`${target} asked for more than it may: its wait would be measured.`)
  })
  return { reports: 0, polls: asked.length }
}

async function enrol(enrolments: readonly [string, string][], url: string): Promise<Sent> {
  await eachOf(enrolments, enrolAtOnce, async ([target, token]) => {
    await send(`${url}/api/v1/agents/enrol`, token, 'POST', { key: keyOf(target) })
  })
  return { reports: 0, polls: 0 }
}

function sentBy(task: Task): Promise<Sent> {
  if (task.kind === 'enrol') return enrol(task.enrolments, task.url)
  if (task.kind === 'poll') return poll(task)
  return task.gateway === null ? upgradeByAgents(task) : upgradeByGateway(task, task.gateway)
}

async function run(task: Task): Promise<Done> {
  const began = performance.now()
  const sent = await sentBy(task)
  return { ...sent, seconds: (performance.now() - began) / 1000 }
}

// Only as a process of its own; who imports this wants the types.
if (process.argv[1] === import.meta.filename) {
  process.on('disconnect', () => process.exit(0))
  process.on('message', (task: Task) => {
    run(task).then(
      (done) => process.send?.({ done }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    )
  })
}
