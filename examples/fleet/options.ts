import { resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'
import { checksOf, commonOptions, lastPort } from '../options.ts'

const usage = `npm run example -- fleet [options]

Machines in the field, each with its own agent: a release is signed by a key that was made on the spot, found by
the agents, verified, installed, and taken back where it does not go well.

  --agents N     how many machines there are (10)
  --port N       port of the API (3100)
  --speed N      how fast the clock runs (5)
  --data DIR     a folder for its data alone, which it empties at the start (.drydock/fleet)`

export interface Options {
  readonly agents: number
  readonly port: number
  readonly speed: number
  readonly data: string
}

/** Reads the options of the command line. Throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: { agents: { type: 'string', default: '10' }, ...commonOptions('fleet', 5) },
  })
  const check = checksOf(usage)
  return {
    agents: check.number('agents', values.agents, 5, 40),
    port: check.number('port', values.port, 1, lastPort),
    // Agents take the time of the wall.
    speed: check.number('speed', values.speed, 1, 20),
    data: resolve(values.data),
  }
}
