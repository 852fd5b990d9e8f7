import { join, resolve } from 'node:path'
import { readCommandLine } from '../../command-line.ts'

const usage = `npm run demo -- [options]

Starts Drydock and a fleet of simulated customer instances, upgrades it, and leaves everything running.

  --size N            simulated customer instances (50)
  --fail PERCENT      share of the instances whose upgrade fails (0)
  --strategy NAME     canary, batch or all (canary)
  --canary-percent N  share of the canary (10)
  --batch-size N      instances a batch (10)
  --processes N       processes that the instances share (5)
  --port N            port of the API (3100)
  --speed N           how fast the clock runs (10)
  --data DIR          a folder for its data alone, which it empties at the start (.drydock/demo)
  --exit              end when the story is told, with status 0 only if it went as told`

/** What the demo is to show. */
export interface Options {
  readonly size: number
  readonly fail: number
  readonly strategy: 'canary' | 'batch' | 'all'
  readonly canaryPercent: number
  readonly batchSize: number
  readonly processes: number
  readonly port: number
  readonly speed: number
  readonly data: string
  readonly exit: boolean
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}.\n\n${usage}`)
  }
  return value
}

/** Reads the options of the command line; throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: {
      size: { type: 'string', default: '50' },
      fail: { type: 'string', default: '0' },
      strategy: { type: 'string', default: 'canary' },
      'canary-percent': { type: 'string', default: '10' },
      'batch-size': { type: 'string', default: '10' },
      processes: { type: 'string', default: '5' },
      port: { type: 'string', default: '3100' },
      speed: { type: 'string', default: '10' },
      data: { type: 'string', default: join('.drydock', 'demo') },
      exit: { type: 'boolean', default: false },
    },
  })
  const { strategy } = values
  if (strategy !== 'canary' && strategy !== 'batch' && strategy !== 'all') {
    throw new Error(`--strategy is canary, batch or all, not ${strategy}.\n\n${usage}`)
  }
  return {
    size: wholeNumber('size', values.size, 1, 10_000),
    fail: wholeNumber('fail', values.fail, 0, 100),
    strategy,
    canaryPercent: wholeNumber('canary-percent', values['canary-percent'], 1, 100),
    batchSize: wholeNumber('batch-size', values['batch-size'], 1, 10_000),
    processes: wholeNumber('processes', values.processes, 1, 64),
    port: wholeNumber('port', values.port, 1, 65_535),
    speed: wholeNumber('speed', values.speed, 1, 360),
    data: resolve(values.data),
    exit: values.exit,
  }
}
