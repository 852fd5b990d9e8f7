import type { Clock } from '../clock.ts'
import { inTransaction, openDatabase } from '../database.ts'
import { type DeadLetter, openDeliveries } from '../deliveries.ts'
import { type ArchiveProperties, openArchives } from './archive.ts'
import { entriesOf, eventOf } from './entries.ts'
import { EventBridgeError, refuse } from './errors.ts'
import { type BusEvent, newEvent, type Said } from './event.ts'
import { openRules, type RuleProperties } from './rules.ts'

/** Buses with their rules and archives, on one machine. */
export interface EventBridge {
  createBus(name: string): void
  createRule(properties: RuleProperties): void
  createArchive(properties: ArchiveProperties): void
  /** Puts an event of an AWS service (Step Functions, for one) on the default bus; it is stored when this resolves. */
  put(event: Said): Promise<void>
  /** Answers one call of EventBridge's API. Rejects with an EventBridgeError as AWS would. */
  request(operation: string, input: unknown): Promise<unknown>
  /** The events that an archive still holds, oldest first. */
  archived(archiveName: string): BusEvent[]
  /** Starts delivering, beginning with what an earlier process left undone. */
  resume(): void
  stop(): Promise<void>
}

/**
 * Opens EventBridge on a file. Buses, rules and archives are declared anew at every start; what was put and is not
 * yet delivered is in the file. An event is stored, with the targets it goes to, before PutEvents is answered.
 */
export function openEventBridge(options: {
  readonly file: string
  readonly clock: Clock
  deliver(targetArn: string, event: unknown): Promise<void>
  deadLetter(queueArn: string, letter: DeadLetter): void
  readonly region?: string
  readonly account?: string
}): EventBridge {
  const { clock, region = 'us-east-1', account = '000000000000' } = options
  const origin = { clock, region, account }
  const database = openDatabase(options.file)
  const buses = new Set(['default'])
  const rules = openRules(origin)
  const archives = openArchives(database, clock)
  const deliveries = openDeliveries({
    database,
    clock,
    send: (targetArn, payload) => options.deliver(targetArn, payload),
    deadLetter: options.deadLetter,
  })

  function busNamed(nameOrArn = 'default'): string {
    const name = nameOrArn.replace(/^arn:[^/]*event-bus\//, '')
    return buses.has(name) ? name : refuse('ResourceNotFoundException', `Event bus ${name} does not exist.`)
  }

  function store(bus: string, event: BusEvent): void {
    archives.keep(bus, event)
    for (const delivery of rules.deliveriesOf(bus, event)) deliveries.add(delivery)
  }

  function putEvents(input: unknown): unknown {
    const entries = entriesOf(input)
    const answers = inTransaction(database, () =>
      entries.map((entry) => {
        try {
          const event = eventOf(entry, origin)
          store(busNamed(entry.EventBusName), event)
          return { EventId: event.id }
        } catch (error) {
          // One bad entry does not stop the others; anything else than a refusal undoes all of them.
          if (!(error instanceof EventBridgeError)) throw error
          return { ErrorCode: error.type, ErrorMessage: error.message }
        }
      }),
    )
    deliveries.wake()
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers }
  }

  return {
    createBus: (name) => void buses.add(name),
    createRule: (properties) => rules.create(busNamed(properties.EventBusName), properties),
    createArchive: (properties) => archives.create(busNamed(properties.SourceArn), properties),
    async put(event) {
      inTransaction(database, () => store('default', newEvent(event, origin)))
      deliveries.wake()
    },
    async request(operation, input) {
      if (operation === 'PutEvents') return putEvents(input)
      return refuse('UnknownOperationException', `${operation} is not supported here: use PutEvents`)
    },
    archived: (archiveName) => archives.held(archiveName),
    resume: () => deliveries.resume(),
    async stop() {
      await deliveries.stop()
      database.close()
    },
  }
}
