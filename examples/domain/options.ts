import { resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'
import { checksOf, commonOptions, lastPort } from '../options.ts'

const faults = ['none', 'precheck', 'upgrade', 'no-updates', 'killed'] as const
type Fault = (typeof faults)[number]

const usage = `npm run example -- domain [options]

Upgrades one domain by calls of its own manager: target, download, precheck, upgrade, and an alert that a person acknowledges.

  --fault NAME  none (none); precheck: the precheck fails; upgrade: the upgrade fails; no-updates: there is no newer release;
                killed: Drydock is killed while the manager starts the upgrade, and started again
  --port N      port of the API (3100)
  --speed N     how fast the clock runs (20)
  --data DIR    a folder for its data alone, which it empties at the start (.drydock/domain)`

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
      ...commonOptions('domain', 20),
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
