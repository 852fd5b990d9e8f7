import { join, resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'

const faults = ['none', 'never-ready', 'rollback', 'killed'] as const
type Fault = (typeof faults)[number]

const usage = `npm run example -- helm [options]

Installs and upgrades the instances of customers, each a release of helm in a namespace of its own: by the
program itself, against a stand-in of the Kubernetes API, or a real one.

  --fault NAME   none (none); never-ready: a version whose pods never get ready; rollback: the upgrade is taken back;
                 killed: Drydock is killed while releases are pending, and started again
  --customers N  how many there are (10)
  --port N       port of the API (3100)
  --speed N      how fast the clock runs (5)
  --data DIR     a folder for its data alone, which it empties at the start (.drydock/helm)

KUBERNETES_SERVER, KUBERNETES_TOKEN and KUBERNETES_AUTHORITY (the path of a PEM file) name a real Kubernetes
API that has no nodes of its own.`

export interface Options {
  readonly fault: Fault
  readonly customers: number
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
      customers: { type: 'string', default: '10' },
      port: { type: 'string', default: '3100' },
      speed: { type: 'string', default: '5' },
      data: { type: 'string', default: join('.drydock', 'helm') },
    },
  })
  const fault = faults.find((one) => one === values.fault)
  if (fault === undefined)
    throw new Error(`--fault is one of ${faults.join(', ')}, not ${values.fault}.\n\n${usage}`)
  return {
    fault,
    customers: numberIn('customers', values.customers, 2, 50),
    port: numberIn('port', values.port, 1, 65_535),
    // The program takes the time of the wall.
    speed: numberIn('speed', values.speed, 1, 10),
    data: resolve(values.data),
  }
}
