import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { inTransaction, openDatabase } from '../database.ts'
import { type DeadLetter, openDeliveries } from '../deliveries.ts'
import { definitionOf, type ScheduleDefinition } from './definition.ts'
import { conflict, missing, SchedulerError, unknownOperation } from './errors.ts'
import { firingOf, firstDue, inputFor, letterFor, occurrence } from './firing.ts'
import { openScheduleGroups } from './groups.ts'
import { clientTokenOf, cut, pageOf, type Query } from './request.ts'
import { openScheduleTable, type StoredSchedule } from './table.ts'

/** EventBridge Scheduler on one machine. */
export interface Scheduler {
  /** Declares a schedule of the template. An unchanged one keeps its rhythm over restarts. */
  createFromTemplate(properties: unknown): void
  /** Answers one call of the service's REST API. An error's body carries its type as `__type`. */
  request(
    method: string,
    path: string,
    query: Query,
    body: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }>
  /** Starts firing: drops the template's former schedules that were not declared again, and catches up once each. */
  resume(): void
  stop(): Promise<void>
}

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
  const schedules = openScheduleTable(database)
  const arn = `arn:aws:scheduler:${region}:${account}`
  const groups = openScheduleGroups({
    ...{ database, clock, schedules },
    arnOf: (name) => `${arn}:schedule-group/${name}`,
  })
  const declared = new Set<string>()
  let running = false
  let cancelTimers = (): void => {}

  const deliveries = openDeliveries({
    database,
    clock,
    // Retries tell their number: the text is filled in at each attempt.
    send: (targetArn, payload, attempt) => options.deliver(targetArn, inputFor(payload, attempt)),
    deadLetter: (queueArn, letter) => options.deadLetter(queueArn, letterFor(letter)),
    finished: ({ reference }) => {
      if (reference !== undefined) schedules.removeCompleted(reference)
    },
  })

  function arnOf(groupName: string, name: string): string {
    return `${arn}:schedule/${groupName}/${name}`
  }

  function existing(groupName: string, name: string): StoredSchedule {
    return schedules.find(groupName, name) ?? missing(`Schedule ${name} does not exist.`)
  }

  function save(
    definition: ScheduleDefinition,
    origin: StoredSchedule['origin'],
    clientToken: string | null,
    before?: StoredSchedule,
  ): void {
    const { GroupName: groupName, Name: name, State } = definition
    if (!groups.has(groupName)) missing(`Schedule group ${groupName} does not exist.`)
    const now = clock.now()
    schedules.put({
      ...{ groupName, name, definition, clientToken, origin },
      revision: randomUUID(),
      nextDue: State === 'ENABLED' ? firstDue(definition, now) : null,
      created: before?.created ?? now,
      modified: now,
    })
    wake()
  }

  function wake(): void {
    if (!running) return
    const now = clock.now()
    const due = schedules.due(now)
    if (due.length > 0) {
      inTransaction(database, () => {
        for (const schedule of due) fire(schedule, now)
      })
      deliveries.wake()
    }
    cancelTimers()
    const cancelOnce = wakeAt(schedules.nextDue(now, 'others'))
    const cancelRate = wakeAt(schedules.nextDue(now, 'rates'), 'routine')
    cancelTimers = () => {
      cancelOnce()
      cancelRate()
    }
  }

  function wakeAt(due: number | undefined, kind?: 'routine'): () => void {
    return due === undefined ? () => {} : clock.at(due, wake, kind)
  }

  function fire(schedule: StoredSchedule, now: number): void {
    const { groupName, name, definition, revision } = schedule
    const { scheduledAt, next } = occurrence(definition, schedule.nextDue ?? now, now)
    const completes = next === null && definition.ActionAfterCompletion === 'DELETE'
    deliveries.add({
      ...firingOf(definition, scheduledAt, { arn: arnOf(groupName, name), region, account }),
      ...(completes && { reference: revision }),
    })
    schedules.moveOn(schedule, next)
  }

  function described({ groupName, name, definition, created, modified }: StoredSchedule) {
    return {
      Arn: arnOf(groupName, name),
      ...definition,
      CreationDate: created / 1000,
      LastModificationDate: modified / 1000,
    }
  }

  function create(name: string, body: unknown): unknown {
    const definition = definitionOf(body, name)
    const clientToken = clientTokenOf(body)
    const present = schedules.find(definition.GroupName, name)
    if (present === undefined) save(definition, 'api', clientToken)
    else if (clientToken === null || present.clientToken !== clientToken)
      conflict(`Schedule ${name} already exists.`)
    return { ScheduleArn: arnOf(definition.GroupName, name) }
  }

  function update(name: string, body: unknown): unknown {
    const definition = definitionOf(body, name)
    const present = existing(definition.GroupName, name)
    save(definition, present.origin, clientTokenOf(body), present)
    return { ScheduleArn: arnOf(definition.GroupName, name) }
  }

  function list(query: Query): unknown {
    const page = pageOf(query)
    const { items, next } = cut(schedules.page(page, query), page, keyOf)
    const Schedules = items.map((schedule) => {
      const { Arn, Name, GroupName, State, Target, CreationDate, LastModificationDate } = described(schedule)
      return { Arn, Name, GroupName, State, CreationDate, LastModificationDate, Target: { Arn: Target.Arn } }
    })
    return { Schedules, ...next }
  }

  function answer(method: string, path: string, query: Query, body: unknown): unknown {
    const [, kind, encoded, ...rest] = path.split('/')
    const name = encoded === undefined ? undefined : decodeURIComponent(encoded)
    if (rest.length > 0) return unknownOperation(method, path)
    if (kind === 'schedule-groups') return groups.answer(method, name, query, body)
    if (kind !== 'schedules') return unknownOperation(method, path)
    if (name === undefined) return method === 'GET' ? list(query) : unknownOperation(method, path)
    if (method === 'POST') return create(name, body)
    if (method === 'PUT') return update(name, body)
    const present = existing(query.groupName ?? 'default', name)
    if (method === 'GET') return described(present)
    if (method !== 'DELETE') return unknownOperation(method, path)
    schedules.remove(present)
    return {}
  }

  return {
    createFromTemplate(properties) {
      const name = (properties as { readonly Name?: unknown } | null)?.Name // checked as any name is
      const definition = definitionOf(properties, name)
      const present = schedules.find(definition.GroupName, definition.Name)
      declared.add(keyOf({ groupName: definition.GroupName, name: definition.Name }))
      if (JSON.stringify(present?.definition) === JSON.stringify(definition)) return
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
      for (const former of schedules.ofTemplate()) if (!declared.has(keyOf(former))) schedules.remove(former)
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

function keyOf({ groupName, name }: Pick<StoredSchedule, 'groupName' | 'name'>): string {
  return `${groupName}/${name}`
}
