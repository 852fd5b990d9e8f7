import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { openSend } from '../functions/aws-send.ts'
import { isLasting, isPassing } from '../functions/errors.ts'

const now = Date.parse('2026-01-05T08:00:00.000Z')

/** Asks a service at an address; pauses take no time. */
function asking(address: string) {
  return openSend({
    ...{ service: 'kms', addressOf: () => address, region: async () => 'eu-central-1', now: () => now },
    ...{ credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }), pause: async () => {} },
  })({ method: 'POST', path: '' })
}

it.each(['http://127.0.0.1:9', 'http://nowhere.invalid'])(
  'a service that cannot be reached (%s) is no fault of the data: it passes by itself, and says why',
  async (address) => {
    const error = await asking(address).catch((thrown: unknown) => thrown)
    expect([isPassing(error), isLasting(error)]).toEqual([true, false])
    expect((error as Error).message).toMatch(
      /was not answered: .*(ECONNREFUSED|bad port|ENOTFOUND|EAI_AGAIN)/,
    )
  },
)

it('a service is asked four times until it answers, and its last answer stands', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.writeHead(500).end(`answer ${asked}`)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((listening) => server.once('listening', listening))
  const { port } = server.address() as AddressInfo // a listening TCP server has one
  expect(await asking(`http://127.0.0.1:${port}`)).toEqual({ status: 500, text: 'answer 4' })
})
