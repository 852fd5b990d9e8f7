import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'

/** An event as targets receive it. */
export interface BusEvent {
  readonly version: '0'
  readonly id: string
  readonly 'detail-type': string
  readonly source: string
  readonly account: string
  readonly time: string
  readonly region: string
  readonly resources: readonly string[]
  readonly detail: unknown
}

/** What somebody says by an event; the rest is filled in. */
export type Said = Partial<BusEvent> & Pick<BusEvent, 'source' | 'detail-type' | 'detail'>

/** Where and when events come to be. */
export interface Origin {
  readonly clock: Clock
  readonly region: string
  readonly account: string
}

/** Returns a new event; it is of the present unless it says another time. */
export function newEvent(
  said: Said,
  { clock, region, account }: Origin,
  time: number | string = clock.now() / 1000,
): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    account,
    time: (instantOf(time) ?? '').replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [],
    ...said,
  }
}

/** Returns the instant of seconds since the epoch (as the wire protocol has it) or of a text; undefined when it is none. */
export function instantOf(time: number | string): string | undefined {
  const date = new Date(typeof time === 'number' ? time * 1000 : time)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
