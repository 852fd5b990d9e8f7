import { resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'
import { checksOf, commonOptions, lastPort } from '../options.ts'

const faults = ['none', 'unwell', 'errors', 'killed'] as const
export type Fault = (typeof faults)[number]

const usage = `npm run example -- blue-green [options]

Puts a new version of a shop beside the old one at 8 sites, verifies it, switches traffic, and retires the old colour when the gate has closed.

  --fault NAME  none (none); unwell: the new version says at its site that it is unwell; errors: it has errors once customers use it;
                killed: Drydock is killed as traffic is switched for the first time, and started again
  --port N      port of the API (3100)
  --speed N     how fast the clock runs (30)
  --data DIR    a folder for its data alone, which it empties at the start (.drydock/blue-green)`

export interface Options {
  readonly fault: Fault
  readonly port: number
  readonly speed: number
  readonly data: string
}

/** Reads the options of the command line. Throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: {
      fault: { type: 'string', default: 'none' },
      ...commonOptions('blue-green', 30),
    },
  })
  const check = checksOf(usage)
  return {
    fault: check.word('fault', values.fault, faults),
    port: check.number('port', values.port, 1, lastPort),
    speed: check.number('speed', values.speed, 1, 60),
    data: resolve(values.data),
  }
}
