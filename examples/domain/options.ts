import { join, resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'

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

function numberIn(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}.\n\n${usage}`)
  return value
}

/** Reads the options of the command line. Throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: {
      fault: { type: 'string', default: 'none' },
      port: { type: 'string', default: '3100' },
      speed: { type: 'string', default: '20' },
      data: { type: 'string', default: join('.drydock', 'domain') },
    },
  })
  const fault = faults.find((one) => one === values.fault)
  if (fault === undefined)
    throw new Error(`--fault is one of ${faults.join(', ')}, not ${values.fault}.\n\n${usage}`)
  const port = numberIn('port', values.port, 1, 65_535)
  return { fault, port, speed: numberIn('speed', values.speed, 1, 60), data: resolve(values.data) }
}
