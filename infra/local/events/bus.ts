import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { inTransaction, openDatabase } from '../database.ts'
import { type DeadLetter, openDeliveries } from './deliveries.ts'
import { checkPattern, matches } from './pattern.ts'
import { checkTarget, inputOf, type RuleTarget } from './target.ts'

/** A rule, as `AWS::Events::Rule` spells it. The bus may be named or given by its ARN. */
export interface RuleProperties {
  readonly Name?: string
  readonly Description?: string
  readonly EventBusName?: string
  readonly EventPattern: unknown
  readonly State?: 'ENABLED' | 'DISABLED'
  readonly Targets: readonly RuleTarget[]
}

/** An archive, as `AWS::Events::Archive` spells it. */
export interface ArchiveProperties {
  readonly ArchiveName?: string
  readonly SourceArn: string
  readonly Description?: string
  readonly EventPattern?: unknown
  readonly RetentionDays?: number
}

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

/** Buses with their rules and archives, on one machine. */
export interface EventBridge {
  createBus(name: string): void
  createRule(properties: RuleProperties): void
  createArchive(properties: ArchiveProperties): void
  /** Puts an event of an AWS service (Step Functions, for one) on the default bus; it is stored when this resolves. */
  put(event: Partial<BusEvent> & Pick<BusEvent, 'source' | 'detail-type' | 'detail'>): Promise<void>
  /** Answers one call of EventBridge's API. Rejects with an EventBridgeError as AWS would. */
  request(operation: string, input: unknown): Promise<unknown>
  /** The events that an archive still holds, oldest first. */
  archived(archiveName: string): BusEvent[]
  /** Starts delivering, beginning with what an earlier process left undone. */
  resume(): void
  stop(): Promise<void>
}

/** An error as the service answers it: `type` is the exception's name. */
class EventBridgeError extends Error {
  readonly type: string
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

interface Entry {
  readonly Time?: number | string
  readonly Source?: string
  readonly Resources?: readonly string[]
  readonly DetailType?: string
  readonly Detail?: string
  readonly EventBusName?: string
  readonly TraceHeader?: string
}

interface Rule extends RuleProperties {
  readonly name: string
  readonly arn: string
}

const maximumEntries = 10
const maximumBytes = 256 * 1024
const dayInMilliseconds = 86_400_000

const known = {
  rule: ['Name', 'Description', 'EventBusName', 'EventPattern', 'State', 'Targets'],
  target: [
    'Id',
    'Arn',
    'RoleArn',
    'Input',
    'InputPath',
    'InputTransformer',
    'DeadLetterConfig',
    'RetryPolicy',
  ],
  archive: ['ArchiveName', 'SourceArn', 'Description', 'EventPattern', 'RetentionDays'],
  entry: ['Time', 'Source', 'Resources', 'DetailType', 'Detail', 'EventBusName', 'TraceHeader'],
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
  const database = openDatabase(options.file)
  database.exec(`
    CREATE TABLE IF NOT EXISTS archived (
      id INTEGER PRIMARY KEY AUTOINCREMENT, archive TEXT NOT NULL, event TEXT NOT NULL, expires REAL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS archived_by_archive ON archived (archive, id)`)
  const insertArchived = database.prepare('INSERT INTO archived (archive, event, expires) VALUES (?, ?, ?)')
  const forgetArchived = database.prepare('DELETE FROM archived WHERE archive = ? AND expires < ?')
  const selectArchived = database.prepare('SELECT event FROM archived WHERE archive = ? ORDER BY id')
  const rulesByBus = new Map<string, Rule[]>([['default', []]])
  const archivesByBus = new Map<string, (ArchiveProperties & { readonly name: string })[]>()
  const deliveries = openDeliveries({
    database,
    clock,
    send: (targetArn, payload) => options.deliver(targetArn, payload),
    deadLetter: options.deadLetter,
  })

  function busNamed(nameOrArn: string | undefined): string {
    const name = (nameOrArn ?? 'default').replace(/^arn:[^/]*event-bus\//, '')
    if (!rulesByBus.has(name))
      throw new EventBridgeError('ResourceNotFoundException', `Event bus ${name} does not exist.`)
    return name
  }

  function store(bus: string, event: BusEvent): void {
    for (const archive of archivesByBus.get(bus) ?? []) {
      if (archive.EventPattern !== undefined && !matches(archive.EventPattern, event)) continue
      const days = archive.RetentionDays ?? 0
      insertArchived.run(
        archive.name,
        JSON.stringify(event),
        days === 0 ? null : clock.now() + days * dayInMilliseconds,
      )
      forgetArchived.run(archive.name, clock.now())
    }
    for (const rule of rulesByBus.get(bus) ?? []) {
      if (rule.State === 'DISABLED' || !matches(rule.EventPattern, event)) continue
      for (const target of rule.Targets) addDelivery(rule, target, event)
    }
  }

  function addDelivery(rule: Rule, target: RuleTarget, event: BusEvent): void {
    const deadLetterArn = target.DeadLetterConfig?.Arn
    deliveries.add({
      targetArn: target.Arn,
      payload:
        inputOf(target, event, {
          ruleArn: rule.arn,
          ruleName: rule.name,
          ingestionTime: new Date(clock.now()).toISOString(),
        }) ?? null,
      since: clock.now(),
      maximumAttempts: (target.RetryPolicy?.MaximumRetryAttempts ?? 185) + 1,
      maximumAgeSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
      ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
      origin: { RULE_ARN: rule.arn },
    })
  }

  function putEvents(input: unknown): unknown {
    const entries = checkedEntries(input)
    const answers = inTransaction(database, () =>
      entries.map((entry) => {
        try {
          const event = eventOf(entry)
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

  function eventOf(entry: Entry): BusEvent {
    for (const name of ['Source', 'DetailType', 'Detail'] as const)
      if (!entry[name])
        refuse('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`)
    if (entry.Source?.startsWith('aws.'))
      refuse('NotAuthorizedForSourceException', `Not authorized for the source ${entry.Source}.`)
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': entry.DetailType ?? '',
      source: entry.Source ?? '',
      account,
      time: instantText(entry.Time ?? clock.now() / 1000),
      region,
      resources: entry.Resources ?? [],
      detail: parsedDetail(entry.Detail ?? ''),
    }
  }

  return {
    createBus(name) {
      if (!rulesByBus.has(name)) rulesByBus.set(name, [])
    },
    createRule(properties) {
      const bus = busNamed(properties.EventBusName)
      const rules = rulesByBus.get(bus) ?? []
      const name = properties.Name ?? `rule-${rules.length + 1}`
      const what = `Rule ${name}`
      checkNames(properties, known.rule, what)
      if (!['ENABLED', 'DISABLED', undefined].includes(properties.State))
        throw new Error(`${what}: the state ${properties.State} is not supported, use ENABLED or DISABLED`)
      checkPattern(properties.EventPattern)
      if (rules.some((rule) => rule.name === name)) throw new Error(`${what} exists twice on bus ${bus}`)
      for (const target of properties.Targets) {
        checkNames(target, known.target, `${what}, target ${target.Id}`)
        checkTarget(target)
      }
      const path = bus === 'default' ? name : `${bus}/${name}`
      rules.push({ ...properties, name, arn: `arn:aws:events:${region}:${account}:rule/${path}` })
    },
    createArchive(properties) {
      const bus = busNamed(properties.SourceArn)
      const name = properties.ArchiveName ?? `${bus}-archive`
      checkNames(properties, known.archive, `Archive ${name}`)
      if (properties.EventPattern !== undefined) checkPattern(properties.EventPattern)
      archivesByBus.set(bus, [...(archivesByBus.get(bus) ?? []), { ...properties, name }])
    },
    async put(event) {
      const complete: BusEvent = {
        version: '0',
        id: randomUUID(),
        account,
        time: instantText(clock.now() / 1000),
        region,
        resources: [],
        ...event,
      }
      inTransaction(database, () => store('default', complete))
      deliveries.wake()
    },
    async request(operation, input) {
      if (operation === 'PutEvents') return putEvents(input)
      throw new EventBridgeError(
        'UnknownOperationException',
        `${operation} is not supported here: use PutEvents`,
      )
    },
    archived: (archiveName) =>
      selectArchived.all(archiveName).map((row) => JSON.parse(String(row.event)) as BusEvent), // written by store()
    resume: () => deliveries.resume(),
    async stop() {
      await deliveries.stop()
      database.close()
    },
  }
}

function checkedEntries(input: unknown): readonly Entry[] {
  const request = (input ?? {}) as { readonly Entries?: unknown } // every field is checked before use
  checkNames(request, ['Entries'], 'PutEvents', 'ValidationException')
  const entries = request.Entries
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > maximumEntries)
    return refuse(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${maximumEntries}`,
    )
  for (const entry of entries) checkEntry(entry)
  const bytes = entries.reduce((sum: number, entry: Entry) => sum + sizeOf(entry), 0)
  if (bytes > maximumBytes)
    refuse(
      'ValidationException',
      `Total size of the entries in the request is over the limit of ${maximumBytes} bytes.`,
    )
  return entries
}

function checkEntry(entry: unknown): void {
  if (typeof entry !== 'object' || entry === null)
    refuse('SerializationException', 'An entry must be an object')
  checkNames(entry as object, known.entry, 'PutEvents entry', 'ValidationException')
  const { Resources, Time, ...texts } = entry as Entry
  for (const [name, value] of Object.entries(texts))
    if (typeof value !== 'string') refuse('SerializationException', `${name} must be a text`)
  if (
    Resources !== undefined &&
    !(Array.isArray(Resources) && Resources.every((one) => typeof one === 'string'))
  )
    refuse('SerializationException', 'Resources must be a list of texts')
  if (Time !== undefined && Number.isNaN(Date.parse(String(instantOf(Time)))))
    refuse('SerializationException', 'Time must be an instant')
}

/** The size that counts for the limit: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
function sizeOf(entry: Entry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])]
  const timeBytes = entry.Time === undefined ? 0 : 14
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), timeBytes)
}

function parsedDetail(detail: string): unknown {
  try {
    const value: unknown = JSON.parse(detail)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Answered below like any other text that is no object.
  }
  return refuse('MalformedDetail', 'Detail is malformed.')
}

/** Seconds since the epoch (as the wire protocol has it) or a text, as a Date that may be invalid. */
function instantOf(time: number | string): Date | string {
  const date = new Date(typeof time === 'number' ? time * 1000 : time)
  return Number.isNaN(date.getTime()) ? 'not an instant' : date.toISOString()
}

function instantText(time: number | string): string {
  return String(instantOf(time)).replace(/\.\d+Z$/, 'Z')
}

function checkNames(given: object, names: readonly string[], what: string, type?: string): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown === undefined) return
  const message = `${what}: the property ${unknown} is not supported here`
  throw type === undefined ? new Error(message) : new EventBridgeError(type, message)
}

function refuse(type: string, message: string): never {
  throw new EventBridgeError(type, message)
}
