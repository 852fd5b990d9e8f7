import { join, resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'
import { type FaultName, faultNames } from './faults.ts'
import { type Size, sizes } from './layout.ts'

const usage = `npm run example -- platform [options]

Upgrades a platform from v1.0.0 to v2.0.0 by a plan file and procedures: 45 services on 27 nodes in 3 regions, as real
servers in processes of their own.

  --fault NAME  what goes wrong (nothing): ${faultNames.slice(0, 5).join(', ')},
                ${faultNames.slice(5).join(', ')}
  --size NAME   full, or small: 10 services on 6 nodes in 2 regions (full)
  --port N      port of the API (3100)
  --speed N     how fast the clock runs; waits are those of the plan (20)
  --data DIR    a folder for its data alone, which it empties at the start (.drydock/example)`

/** What the example is to show. */
export interface Options {
  readonly fault: FaultName | undefined
  readonly size: Size
  readonly port: number
  readonly speed: number
  readonly data: string
}

/** Reads the options of the command line; throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: {
      fault: { type: 'string' },
      size: { type: 'string', default: 'full' },
      port: { type: 'string', default: '3100' },
      speed: { type: 'string', default: '20' },
      data: { type: 'string', default: join('.drydock', 'example') },
    },
  })
  const wrong = (words: string) => new Error(`${words}\n\n${usage}`)
  const fault = faultNames.find((name) => name === values.fault)
  if (values.fault !== undefined && !fault) throw wrong(`--fault is none of those: ${values.fault}.`)
  if (!Object.hasOwn(sizes, values.size)) throw wrong(`--size is full or small, not ${values.size}.`)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw wrong(`--port is from 1 to 65535, not ${values.port}.`)
  const speed = Number(values.speed)
  if (!(speed >= 1 && speed <= fastest)) throw wrong(`--speed is from 1 to ${fastest}, not ${values.speed}.`)
  return { fault, size: values.size as Size, port, speed, data: resolve(values.data) } // it is one of them
}

/** A call has to leave within five seconds of this clock after it was written down: faster, and a busy machine could not. */
const fastest = 60
