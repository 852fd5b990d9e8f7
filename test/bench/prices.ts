import { prices } from '../../infra/constructs/prices.ts'

export { prices }

/** What is charged for, as it was counted. */
export interface Charged {
  readonly writeUnits: number
  readonly readUnits: number
  readonly invocations: number
  readonly gigabyteSeconds: number
  readonly httpRequests: number
  readonly transitions: number
  readonly busEvents: number
  readonly loggedBytes: number
}

/** Returns what AWS charges for that, in US dollars, by kind. */
export function chargesFor(charged: Charged): Readonly<Record<keyof Charged, number>> {
  return {
    writeUnits: charged.writeUnits * prices.writeRequestUnit,
    readUnits: charged.readUnits * prices.readRequestUnit,
    invocations: charged.invocations * prices.lambdaRequest,
    gigabyteSeconds: charged.gigabyteSeconds * prices.lambdaGigabyteSecond,
    httpRequests: charged.httpRequests * prices.httpRequest,
    transitions: charged.transitions * prices.stateTransition,
    busEvents: charged.busEvents * prices.busEvent,
    loggedBytes: charged.loggedBytes * prices.loggedByte,
  }
}

/** Returns the sum of charges, in US dollars. */
export function sumOf(charges: Readonly<Record<string, number>>): number {
  return Object.values(charges).reduce((sum, one) => sum + one, 0)
}
