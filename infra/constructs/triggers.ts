import type { Driven } from './names.ts'

/** How often Lambda tries again what nobody waits for, before it goes to the queue of what was given up. */
type Retries = 0 | 1 | 2

/** What makes a function run. By this a stream finds its readers, a schedule whom it calls, a state machine its tasks. */
export type Trigger =
  /** A request to a route of the group that bears the function's name. */
  | { readonly event: 'request' }
  /** A browser that loads one of the pages. */
  | { readonly event: 'page' }
  /** An agent's credential, which the gateway asks about. */
  | { readonly event: 'credential' }
  /** Commits, in the log's stream; each of its shards is read in so many lanes side by side. */
  | { readonly event: 'commit'; readonly lanes: number }
  /** A public event, on the bus. */
  | { readonly event: 'public event'; readonly retries: Retries }
  /** A rate, as the Scheduler writes it, which tries to deliver each time for so long and so often. */
  | {
      readonly event: 'schedule'
      readonly rate: string
      readonly delivery: { readonly seconds: number; readonly retries: number }
      readonly retries: Retries
    }
  /** The opening of a window, for which functions make a schedule each. */
  | { readonly event: 'opening'; readonly retries: Retries }
  /** A task of a state machine, whose definition calls the function by this name. */
  | { readonly event: 'task'; readonly as: string }
  /** The end of an execution before what it drives ended. */
  | { readonly event: 'end of an execution'; readonly of: Driven; readonly retries: Retries }

/** The trigger of one event. */
export type TriggerOf<Event extends Trigger['event']> = Extract<Trigger, { readonly event: Event }>

export function isOf<Event extends Trigger['event']>(
  trigger: Trigger,
  event: Event,
): trigger is TriggerOf<Event> {
  return trigger.event === event
}
