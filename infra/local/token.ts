import { parseArgs } from 'node:util'
import type { Clock } from './clock.ts'
import { openExistingIssuer } from './http/issuer.ts'

const usage = 'npm run --silent token -- --data DIR --user NAME --role ROLE [--role ROLE …] [--ttl SECONDS]'

/** Prints a token of the runtime that keeps its data in a directory, and nothing else. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: '.drydock' },
      user: { type: 'string' },
      role: { type: 'string', multiple: true, default: [] },
      ttl: { type: 'string' },
    },
  })
  if (values.user === undefined) throw new Error(`Whose token? ${usage}`)
  const ttlSeconds = values.ttl === undefined ? undefined : Number(values.ttl)
  if (ttlSeconds !== undefined && !(Number.isInteger(ttlSeconds) && ttlSeconds > 0))
    throw new Error(`--ttl must be a whole number of seconds, not ${values.ttl}`)
  const issuer = await openExistingIssuer(values.data, wallClock)
  if (issuer === undefined)
    throw new Error(
      `${values.data} has no issuer yet: start the runtime once with npm start -- --data ${values.data}, then ask again.`,
    )
  const lifetime = ttlSeconds === undefined ? {} : { ttlSeconds }
  console.log(await issuer.token({ user: values.user, roles: values.role, ...lifetime }))
}

const wallClock: Clock = {
  speed: 1,
  now: Date.now,
  at: () => {
    throw new Error('A token needs no timers')
  },
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
