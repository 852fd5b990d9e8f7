import { resolve } from 'node:path'
import { readCommandLine } from '../../infra/command-line.ts'
import { checksOf, commonOptions, lastPort } from '../options.ts'

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

/** Reads the options of the command line. Throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: {
      fault: { type: 'string', default: 'none' },
      customers: { type: 'string', default: '10' },
      ...commonOptions('helm', 5),
    },
  })
  const check = checksOf(usage)
  return {
    fault: check.word('fault', values.fault, faults),
    customers: check.number('customers', values.customers, 2, 50),
    port: check.number('port', values.port, 1, lastPort),
    // The program takes the time of the wall.
    speed: check.number('speed', values.speed, 1, 10),
    data: resolve(values.data),
  }
}
