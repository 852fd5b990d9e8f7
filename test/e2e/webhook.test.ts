import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { storeSecret } from '../../infra/local/secrets.ts'
import { Client, type Problem, person } from './client.ts'
import { stateOf, stopExecution } from './executions.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'

interface Steps {
  readonly attempt: string | null
  readonly outcome: string | null
  readonly steps: readonly {
    readonly status: string
    readonly code: string | null
    readonly output: string | null
    readonly deadline: string
  }[]
}

/** What a receiver got. */
interface Message {
  readonly id: string
  readonly step: string
  readonly data: Readonly<Record<string, string>>
  readonly callback: { readonly url: string; readonly token: string; readonly expiresAt: string }
}

const secret = `whsec_${randomBytes(32).toString('base64')}`
let operator: Client
let server: Server
/** What came to each path, in order. */
const received = new Map<string, Message[]>()

/** Receivers at paths of one server: each breaks down over its first message, and believes only what is signed. */
beforeAll(async () => {
  const { data, outboundPort } = runtimeOfFile()
  storeSecret(data, 'drydock/webhooks', JSON.stringify({ signing: secret }))
  operator = await person('operator-1', 'operator')
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const headers = request.headers as Record<string, string> // none of these comes twice
    // The clock of the runtime is ahead of this one's: the signature is checked, and not when it was made.
    const verified = signedBy(secret, headers, body)
    const messages = received.get(request.url ?? '') ?? []
    received.set(request.url ?? '', messages)
    if (verified) messages.push({ ...JSON.parse(body), id: headers['webhook-id'] })
    response.writeHead(verified ? (messages.length === 1 ? 500 : 202) : 401).end('{}')
  }).listen(outboundPort, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => server.close())

function signedBy(key: string, headers: Record<string, string>, body: string): boolean {
  const { 'webhook-id': id = '', 'webhook-timestamp': seconds = '', 'webhook-signature': given } = headers
  return new Webhook(key).sign(id, new Date(Number(seconds) * 1000), body) === given
}

/** Deploys to one target by a step that sends a message, and one that tells by a message what the first has saved. */
async function deployed(timeoutSeconds: number) {
  const name = `told-${randomUUID().slice(0, 8)}`
  await operator.write('/api/v1/releases', {
    ...{ component: name, version: 'v2.0.0', digest: `sha256:${'cd'.repeat(32)}` },
  })
  await operator.write('/api/v1/targets', { targets: [{ id: name, components: { [name]: 'v1.0.0' } }] })
  const url = `http://127.0.0.1:${runtimeOfFile().outboundPort}/{{ target.id }}`
  const webhook = { url, secret: 'drydock/webhooks#signing' }
  const steps = [
    {
      ...{
        id: 'order',
        name: 'Order',
        inverse: 'none',
        timeoutSeconds,
        save: { ticket: 'answer.body.ticket' },
      },
      webhook: { ...webhook, body: { version: '{{ attempt.to }}' } },
    },
    {
      ...{ id: 'tell', name: 'Tell', inverse: 'none' },
      webhook: { ...webhook, body: { ticket: '{{ steps.order.ticket }}' }, callback: false },
    },
  ]
  expect((await operator.send('PUT', `/api/v1/procedures/${name}`, { body: { steps } })).status).toBe(200)
  await operator.write('/api/upgrades/deploy', {
    ...{ component: name, version: 'v2.0.0', strategy: 'all', procedure: { name } },
  })
  return { name, steps: () => operator.read<Steps>(`/api/v1/targets/${name}/steps`) }
}

const callBack = ({ url, token }: Message['callback'], body: object) =>
  new Client(token).send<Problem>('POST', new URL(url).pathname, { body })

it('is held until its receiver calls back, whoever stops the execution, and wakes it', async () => {
  const { name, steps } = await deployed(3600)
  await eventually(steps, ({ steps: [first] }) => expect(first?.status).toBe('held'))
  const { attempt } = await steps()
  const procedure = `procedure-${name}-r1` as const
  await eventually(
    () => stateOf(`${attempt}-1`, procedure),
    (state) => expect(state).toBe('Order: await the callback'),
  )
  await stopExecution(`${attempt}-1`, procedure)
  await eventually(
    () => stateOf(`${attempt}-2`, procedure),
    (state) => expect(state).toBe('Order: await the callback'),
  )
  const [first, second, ...others] = received.get(`/${name}`) ?? []
  expect([first?.id === second?.id, first?.callback.token === second?.callback.token, others]).toEqual([
    ...[true, false, []],
  ])
  if (!second) throw new Error('The message was sent again after its receiver had broken down.')
  expect(second.data).toEqual({ version: 'v2.0.0' })
  expect(second.callback.url).toBe(`${runtimeOfFile().url}/api/v1/callbacks`)

  const guessed = { ...second.callback, token: `drydock-callback.${randomBytes(32).toString('base64url')}` }
  expect((await callBack(guessed, { status: 'done' })).body.code).toBe('callback-refused')
  const reply = await callBack(second.callback, { status: 'done', message: 'Done.', data: { ticket: 'T-7' } })
  expect(reply.status).toBe(200)
  expect((await callBack(second.callback, { status: 'done' })).body.code).toBe('callback-over')
  await eventually(steps, ({ outcome }) => expect(outcome).toBe('succeeded'))
  expect((received.get(`/${name}`) ?? []).map(({ step, data }) => [step, data])).toEqual([
    ['order', { version: 'v2.0.0' }],
    ['order', { version: 'v2.0.0' }],
    ['tell', { ticket: 'T-7' }],
  ])
})

it('has failed when its time is over and nobody has called back', async () => {
  const { steps } = await deployed(40)
  await eventually(steps, ({ outcome }) => expect(outcome).not.toBeNull())
  expect((await steps()).steps).toMatchObject([{ status: 'failed', code: 'NO_CALLBACK' }])
})
