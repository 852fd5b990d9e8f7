import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { inTransaction, openDatabase } from '../database.ts'
import { type DeadLetter, type Delivery, openDeliveries } from '../events/deliveries.ts'
import { checkedName, definitionOf, invalid, type ScheduleDefinition, SchedulerError } from './definition.ts'
import { parseExpression } from './expression.ts'

/** EventBridge Scheduler on one machine. */
export interface Scheduler {
  /** Declares a schedule of the template. An unchanged one keeps its rhythm over restarts. */
  createFromTemplate(properties: unknown): void
  /** Answers one call of the service's REST API. An error's body carries its type as `__type`. */
  request(
    method: string,
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    body: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }>
  /** Starts firing: drops the template's former schedules that were not declared again, and catches up once each. */
  resume(): void
  stop(): Promise<void>
}

interface Row {
  readonly groupName: string
  readonly name: string
  readonly definition: string
  readonly revision: string
  readonly clientToken: string | null
  readonly origin: 'api' | 'template'
  readonly nextDue: number | null
  readonly created: number
  readonly modified: number
}

const pageSize = 100

/**
 * Opens the scheduler on a file. A firing is noted in the same transaction that moves its schedule on, and delivered
 * at least once. After downtime an at() that was missed fires at once and a rate() or cron() fires once, unless that
 * is older than MaximumEventAgeInSeconds: then it becomes a dead letter.
 */
export function openScheduler(options: {
  readonly file: string
  readonly clock: Clock
  deliver(targetArn: string, input: unknown): Promise<void>
  deadLetter(queueArn: string, letter: DeadLetter): void
  readonly region?: string
  readonly account?: string
}): Scheduler {
  const { clock, region = 'us-east-1', account = '000000000000' } = options
  const database = openDatabase(options.file)
  database.exec(`
    CREATE TABLE IF NOT EXISTS schedules (
      groupName TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, revision TEXT NOT NULL,
      clientToken TEXT, origin TEXT NOT NULL, nextDue REAL, created REAL NOT NULL, modified REAL NOT NULL,
      PRIMARY KEY (groupName, name)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS schedules_due ON schedules (nextDue);
    CREATE TABLE IF NOT EXISTS groups (name TEXT PRIMARY KEY, created REAL NOT NULL, clientToken TEXT) STRICT`)
  database.prepare('INSERT OR IGNORE INTO groups (name, created) VALUES (?, ?)').run('default', clock.now())
  const upsert = database.prepare(`INSERT OR REPLACE INTO schedules
    (groupName, name, definition, revision, clientToken, origin, nextDue, created, modified)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const select = database.prepare('SELECT * FROM schedules WHERE groupName = ? AND name = ?')
  const selectDue = database.prepare('SELECT * FROM schedules WHERE nextDue <= ? ORDER BY nextDue')
  const selectNext = database.prepare(
    `SELECT min(nextDue) AS due FROM schedules
     WHERE nextDue > ? AND (json_extract(definition, '$.ScheduleExpression') LIKE 'rate(%') = ?`,
  )
  const moveOn = database.prepare('UPDATE schedules SET nextDue = ? WHERE groupName = ? AND name = ?')
  const remove = database.prepare('DELETE FROM schedules WHERE groupName = ? AND name = ?')
  const removeCompleted = database.prepare('DELETE FROM schedules WHERE revision = ? AND nextDue IS NULL')
  const removeGroup = database.prepare('DELETE FROM groups WHERE name = ?')
  const selectGroup = database.prepare('SELECT * FROM groups WHERE name = ?')
  const declared = new Set<string>()
  let running = false
  let cancelTimers = (): void => {}

  const deliveries = openDeliveries({
    database,
    clock,
    // Retries tell their number: the text is filled in at each attempt.
    send: (targetArn, payload, attempt) => options.deliver(targetArn, inputFor(payload, attempt)),
    deadLetter: (queueArn, letter) =>
      options.deadLetter(queueArn, { ...letter, body: inputFor(letter.body, attemptsOf(letter)) }),
    finished: ({ reference }: Delivery) => {
      if (reference !== undefined) removeCompleted.run(reference)
    },
  })

  function scheduleArn(groupName: string, name: string): string {
    return `arn:aws:scheduler:${region}:${account}:schedule/${groupName}/${name}`
  }

  function find(groupName: string, name: string): Row | undefined {
    return select.get(groupName, name) as unknown as Row | undefined // columns as created above
  }

  function existing(groupName: string, name: string): Row {
    return find(groupName, name) ?? missing(`Schedule ${name} does not exist.`)
  }

  function save(
    definition: ScheduleDefinition,
    origin: Row['origin'],
    clientToken: string | null,
    before?: Row,
  ): void {
    if (selectGroup.get(definition.GroupName) === undefined)
      missing(`Schedule group ${definition.GroupName} does not exist.`)
    const now = clock.now()
    upsert.run(
      definition.GroupName,
      definition.Name,
      JSON.stringify(definition),
      randomUUID(),
      clientToken,
      origin,
      definition.State === 'ENABLED' ? firstDue(definition, now) : null,
      before?.created ?? now,
      now,
    )
    wake()
  }

  function wake(): void {
    if (!running) return
    const now = clock.now()
    const due = selectDue.all(now) as unknown as Row[] // columns as created above
    if (due.length > 0) {
      inTransaction(database, () => {
        for (const row of due) fire(row, now)
      })
      deliveries.wake()
    }
    cancelTimers()
    const cancelOnce = wakeAt(selectNext.get(now, 0)?.due)
    const cancelRate = wakeAt(selectNext.get(now, 1)?.due, 'routine')
    cancelTimers = () => {
      cancelOnce()
      cancelRate()
    }
  }

  function wakeAt(due: unknown, kind?: 'routine'): () => void {
    return typeof due === 'number' ? clock.at(due, wake, kind) : () => {}
  }

  function fire(row: Row, now: number): void {
    const definition = JSON.parse(row.definition) as ScheduleDefinition // written by save()
    const { scheduledAt, next } = occurrence(definition, row.nextDue ?? now, now)
    const { Target } = definition
    const deadLetterArn = Target.DeadLetterConfig?.Arn
    const arn = scheduleArn(row.groupName, row.name)
    const time = new Date(scheduledAt).toISOString().replace(/\.\d+Z$/, 'Z')
    const completes = next === null && definition.ActionAfterCompletion === 'DELETE'
    deliveries.add({
      targetArn: Target.Arn,
      payload: {
        input: Target.Input ?? defaultInput(arn, time),
        attributes: { 'schedule-arn': arn, 'scheduled-time': time, 'execution-id': randomUUID() },
      } satisfies Firing,
      since: scheduledAt,
      maximumAttempts: Target.RetryPolicy.MaximumRetryAttempts + 1,
      maximumAgeSeconds: Target.RetryPolicy.MaximumEventAgeInSeconds,
      ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
      origin: { SCHEDULE_ARN: arn },
      ...(completes && { reference: row.revision }),
    })
    moveOn.run(next, row.groupName, row.name)
  }

  function defaultInput(arn: string, time: string): string {
    const fixed = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
    }
    return JSON.stringify({ ...fixed, account, time, region, resources: [arn], detail: '{}' })
  }

  function described(row: Row): Readonly<Record<string, unknown>> {
    return {
      Arn: scheduleArn(row.groupName, row.name),
      ...(JSON.parse(row.definition) as ScheduleDefinition), // written by save()
      CreationDate: row.created / 1000,
      LastModificationDate: row.modified / 1000,
    }
  }

  function create(name: string, body: unknown): unknown {
    const definition = definitionOf(body, name)
    const clientToken = clientTokenOf(body)
    const present = find(definition.GroupName, name)
    if (present === undefined) save(definition, 'api', clientToken)
    // The same token is the same request, sent again because its answer was lost.
    else if (clientToken === null || present.clientToken !== clientToken)
      throw new SchedulerError(409, 'ConflictException', `Schedule ${name} already exists.`)
    return { ScheduleArn: scheduleArn(definition.GroupName, name) }
  }

  function update(name: string, body: unknown): unknown {
    const definition = definitionOf(body, name)
    const present = existing(definition.GroupName, name)
    save(definition, present.origin, clientTokenOf(body), present)
    return { ScheduleArn: scheduleArn(definition.GroupName, name) }
  }

  function list(query: Readonly<Record<string, string | undefined>>): unknown {
    const page = pageOf(query)
    const rows = database
      .prepare(
        `SELECT * FROM schedules WHERE (groupName || '/' || name) > ? AND (? IS NULL OR groupName = ?)
         AND substr(name, 1, length(?)) = ? AND (? IS NULL OR json_extract(definition, '$.State') = ?)
         ORDER BY groupName || '/' || name LIMIT ?`,
      )
      .all(
        page.after,
        query.ScheduleGroup ?? null,
        query.ScheduleGroup ?? null,
        query.NamePrefix ?? '',
        query.NamePrefix ?? '',
        query.State ?? null,
        query.State ?? null,
        page.size + 1,
      ) as unknown as Row[] // columns as created above
    const last = rows.length > page.size ? rows[page.size - 1] : undefined
    const Schedules = rows.slice(0, page.size).map((row) => {
      const { Arn, Name, GroupName, State, Target, CreationDate, LastModificationDate } = described(row)
      const { Arn: targetArn } = Target as ScheduleDefinition['Target'] // from a stored definition
      return { Arn, Name, GroupName, State, CreationDate, LastModificationDate, Target: { Arn: targetArn } }
    })
    return { Schedules, ...(last && { NextToken: tokenOf(`${last.groupName}/${last.name}`) }) }
  }

  function groupRequest(
    method: string,
    name: string | undefined,
    query: Readonly<Record<string, string | undefined>>,
    body: unknown,
  ): unknown {
    const describe = (row: Readonly<Record<string, unknown>>): unknown => ({
      Arn: `arn:aws:scheduler:${region}:${account}:schedule-group/${row.name}`,
      Name: row.name,
      State: 'ACTIVE',
      CreationDate: Number(row.created) / 1000,
      LastModificationDate: Number(row.created) / 1000,
    })
    if (name === undefined && method === 'GET') {
      const page = pageOf(query)
      const rows = database
        .prepare(
          'SELECT * FROM groups WHERE name > ? AND substr(name, 1, length(?)) = ? ORDER BY name LIMIT ?',
        )
        .all(page.after, query.NamePrefix ?? '', query.NamePrefix ?? '', page.size + 1)
      const last = rows.length > page.size ? rows[page.size - 1] : undefined
      return {
        ScheduleGroups: rows.slice(0, page.size).map(describe),
        ...(last && { NextToken: tokenOf(String(last.name)) }),
      }
    }
    const group = checkedName(name)
    const present = selectGroup.get(group)
    if (method === 'POST') {
      const clientToken = clientTokenOf(body)
      if (present !== undefined && (clientToken === null || present.clientToken !== clientToken))
        throw new SchedulerError(409, 'ConflictException', `Schedule group ${group} already exists.`)
      database
        .prepare('INSERT OR IGNORE INTO groups (name, created, clientToken) VALUES (?, ?, ?)')
        .run(group, clock.now(), clientToken)
      return { ScheduleGroupArn: `arn:aws:scheduler:${region}:${account}:schedule-group/${group}` }
    }
    if (present === undefined) return missing(`Schedule group ${group} does not exist.`)
    if (method === 'GET') return describe(present)
    if (method !== 'DELETE') return unknownOperation(method, `/schedule-groups/${group}`)
    if (group === 'default') invalid('The default schedule group cannot be deleted.')
    inTransaction(database, () => {
      database.prepare('DELETE FROM schedules WHERE groupName = ?').run(group)
      removeGroup.run(group)
    })
    return {}
  }

  function answer(
    method: string,
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    body: unknown,
  ): unknown {
    const [, kind, encoded, ...rest] = path.split('/')
    const name = encoded === undefined ? undefined : decodeURIComponent(encoded)
    if (rest.length > 0) return unknownOperation(method, path)
    if (kind === 'schedule-groups') return groupRequest(method, name, query, body)
    if (kind !== 'schedules') return unknownOperation(method, path)
    if (name === undefined) return method === 'GET' ? list(query) : unknownOperation(method, path)
    if (method === 'POST') return create(name, body)
    if (method === 'PUT') return update(name, body)
    const present = existing(query.groupName ?? 'default', name)
    if (method === 'GET') return described(present)
    if (method !== 'DELETE') return unknownOperation(method, path)
    remove.run(present.groupName, name)
    return {}
  }

  return {
    createFromTemplate(properties) {
      const name = (properties as { readonly Name?: unknown } | null)?.Name // checked as any name is
      const definition = definitionOf(properties, name)
      declared.add(`${definition.GroupName}/${definition.Name}`)
      const present = find(definition.GroupName, definition.Name)
      if (present?.definition === JSON.stringify(definition)) return
      save(definition, 'template', null, present)
    },
    async request(method, path, query, body) {
      try {
        return { status: 200, body: answer(method, path, query, body) }
      } catch (error) {
        if (!(error instanceof SchedulerError)) throw error
        return { status: error.status, body: { __type: error.type, Message: error.message } }
      }
    },
    resume() {
      running = true
      const former = database
        .prepare("SELECT * FROM schedules WHERE origin = 'template'")
        .all() as unknown as Row[] // as above
      for (const { groupName, name } of former)
        if (!declared.has(`${groupName}/${name}`)) remove.run(groupName, name)
      deliveries.resume()
      wake()
    },
    async stop() {
      running = false
      cancelTimers()
      await deliveries.stop()
      database.close()
    },
  }
}

interface Firing {
  readonly input: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Fills in the context attributes of a firing. A text that is JSON is delivered as its value. */
function inputFor(payload: unknown, attempt: number): unknown {
  const { input, attributes } = payload as Firing // written by fire()
  const values: Readonly<Record<string, string>> = { ...attributes, 'attempt-number': String(attempt) }
  const text = input.replace(
    /<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>/g,
    (_, name: string) => values[name] ?? '',
  )
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function attemptsOf({ attributes }: DeadLetter): number {
  return Number(attributes.RETRY_ATTEMPTS) + 1
}

/** A rate starts at once, as AWS does without a StartDate. */
function firstDue(definition: ScheduleDefinition, now: number): number | null {
  const timing = parseExpression(definition.ScheduleExpression, definition.ScheduleExpressionTimezone)
  if (timing.kind === 'at') return timing.instant
  return timing.kind === 'rate' ? now : (timing.next(now) ?? null)
}

/** The latest occurrence that is due, earlier ones were missed and are not made up for, and the one after it. */
function occurrence(
  definition: ScheduleDefinition,
  due: number,
  now: number,
): { readonly scheduledAt: number; readonly next: number | null } {
  const timing = parseExpression(definition.ScheduleExpression, definition.ScheduleExpressionTimezone)
  if (timing.kind === 'at') return { scheduledAt: due, next: null }
  if (timing.kind === 'rate') {
    const scheduledAt = due + Math.floor((now - due) / timing.milliseconds) * timing.milliseconds
    return { scheduledAt, next: scheduledAt + timing.milliseconds }
  }
  return { scheduledAt: due, next: timing.next(now) ?? null }
}

function pageOf(query: Readonly<Record<string, string | undefined>>): { after: string; size: number } {
  const size = query.MaxResults === undefined ? pageSize : Number(query.MaxResults)
  if (!(Number.isInteger(size) && size >= 1 && size <= pageSize)) invalid('MaxResults must be from 1 to 100')
  return { after: Buffer.from(query.NextToken ?? '', 'base64url').toString(), size }
}

function tokenOf(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function clientTokenOf(body: unknown): string | null {
  const token = (body as { readonly ClientToken?: unknown } | null)?.ClientToken // any JSON may come
  return typeof token === 'string' ? token : null
}

function missing(message: string): never {
  throw new SchedulerError(404, 'ResourceNotFoundException', message)
}

function unknownOperation(method: string, path: string): never {
  throw new SchedulerError(
    404,
    'UnknownOperationException',
    `${method} ${path} is not an operation of this service`,
  )
}
