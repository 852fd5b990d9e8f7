import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that the system gives to who asks for any: nobody who listens at such a one is in the way later. */
const [first, last] = [20_000, 30_000]

/** Returns a port of the loopback on which nobody listens. Whoever asks for the very same may take it. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < 50; tried++) {
    const port = randomInt(first, last)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
  throw new Error(`Nobody could listen between ${first} and ${last}.`)
}
