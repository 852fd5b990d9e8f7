import { resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'
import { checksOf, commonOptions, lastPort } from '../options.ts'
import { type FaultName, faultNames } from './faults.ts'
import type { Size } from './layout.ts'

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
      ...commonOptions('example', 20),
    },
  })
  const check = checksOf(usage)
  return {
    fault: values.fault === undefined ? undefined : check.word('fault', values.fault, faultNames),
    size: check.word('size', values.size, ['full', 'small']),
    port: check.number('port', values.port, 1, lastPort),
    // A call has to leave within five seconds of this clock after it was written down: faster, and a busy machine could not.
    speed: check.number('speed', values.speed, 1, 60),
    data: resolve(values.data),
  }
}
