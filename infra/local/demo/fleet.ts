import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'
import { Instance } from './instance.ts'

/** What a fleet process is told, as JSON in the file its first argument names. */
const fleetPlan = z.strictObject({
  url: z.url(),
  pollEvery: z.number().positive(),
  upgradeTakes: z.tuple([z.number(), z.number()]),
  instances: z.array(
    z.strictObject({ id: z.string(), version: z.string(), enrolment: z.string(), fails: z.boolean() }),
  ),
})
export type FleetPlan = z.output<typeof fleetPlan>

/** What a fleet process tells its parent once it serves. */
export interface FleetReady {
  readonly port: number
}

/** Serves what each instance runs: `GET /` for all, `GET /<id>` for one. Returns the port. */
function serve(instances: ReadonlyMap<string, Instance>): Promise<number> {
  const describe = ({ id, version, upgrading, enrolled }: Instance) => ({ id, version, upgrading, enrolled })
  const server = createServer((request, response) => {
    const id = decodeURIComponent((request.url ?? '/').slice(1))
    const instance = instances.get(id)
    const body = id === '' ? [...instances.values()].map(describe) : instance && describe(instance)
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { message: `No instance ${id} in this process.` }))
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)) // a listening TCP server has an AddressInfo
  })
}

async function main(): Promise<void> {
  const plan = fleetPlan.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))
  const stop = new AbortController()
  const { url, pollEvery, upgradeTakes } = plan
  const instances = new Map(
    plan.instances.map(({ id, version, fails }) => [
      id,
      new Instance({ id, version, url, behaviour: { pollEvery, upgradeTakes, fails } }),
    ]),
  )
  const ready: FleetReady = { port: await serve(instances) }
  // A parent that has ended already is nobody to work for, and no error.
  process.on('disconnect', () => process.exit(0))
  process.send?.(ready, undefined, undefined, (error) => {
    if (error) process.exit(0)
  })
  process.on('SIGTERM', () => process.exit(0))
  // The parent decides when a process stops; Ctrl+C reaches the whole group at once.
  process.on('SIGINT', () => undefined)
  await Promise.all(
    plan.instances.map(async ({ id, enrolment }) => {
      try {
        await instances.get(id)?.run(enrolment, stop.signal)
      } catch (error) {
        console.error(`${id}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }),
  )
}

await main()
