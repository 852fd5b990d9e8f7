import type { BodyOf } from '../../../contracts/bodies.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session } from '../session.ts'
import { objectOf } from './files.ts'

type Deployment = BodyOf<'deployUpgrade'>

/** Returns the body of a deploy: what a file says, and in its place what options say. What is not given is the server's to decide. */
export async function deploymentOf(given: Given, session: Session): Promise<Deployment> {
  const file = given.text('file')
  const inFile: Partial<Deployment> = file === undefined ? {} : await objectOf(file, session)
  const {
    component = inFile.component,
    version = inFile.version,
    strategy = inFile.strategy,
  } = {
    ...optional({ component: given.text('component'), version: given.text('version') }),
    ...optional({ strategy: given.text('strategy') as Deployment['strategy'] | undefined }), // the server names what it may be
  }
  const missing = Object.entries({ component, version, strategy }).flatMap(([name, value]) =>
    value === undefined ? [`--${name}`] : [],
  )
  if (missing.length > 0 || component === undefined || version === undefined || strategy === undefined)
    throw misused(
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`,
      'Next: drydock deploy --component api --version v1.2.0 --strategy canary --canary-percent 10',
    )
  return {
    ...inFile,
    component,
    version,
    strategy,
    ...settingsOf(given, inFile),
    targets: targetsOf(given, inFile),
  }
}

function settingsOf(given: Given, inFile: Partial<Deployment>): Partial<Deployment> {
  const stages = given.list('percentages').map((percent) => ({ percent: Number(percent) }))
  const [name, revision] = given.text('procedure')?.split('@') ?? []
  const action = given.text('onFailure') as 'pause' | 'rollback' | undefined // the declaration takes these alone
  const failures = thresholdOf(given.text('failureThreshold'))
  const approvals = given.number('approvals')
  const approvers = given.list('approver')
  const successRatePercent = given.number('gate')
  const budget = thresholdOf(given.text('failureBudget'))
  return optional({
    canaryPercent: given.number('canaryPercent'),
    batchSize: given.number('batchSize'),
    percentages: stages.length > 0 ? stages : undefined,
    groups: groupsOf(given, inFile),
    maxUnavailable: amountOf(given.text('maxUnavailable')),
    maxSurge: amountOf(given.text('maxSurge')),
    spacingSeconds: given.number('spacing'),
    parallel: given.number('parallel'),
    procedure:
      name === undefined
        ? undefined
        : { name, ...(revision !== undefined && { revision: Number(revision) }) },
    allowDowngrade: given.choice('allowDowngrade'),
    failureThreshold:
      failures || action ? { ...inFile.failureThreshold, ...failures, ...(action && { action }) } : undefined,
    failureBudget: budget,
    bakeSeconds: given.number('bake'),
    gate: successRatePercent === undefined ? undefined : { ...inFile.gate, successRatePercent },
    approvals:
      approvals === undefined && approvers.length === 0
        ? undefined
        : {
            ...inFile.approvals,
            ...optional({
              required: approvals,
              approvers: approvers.length > 0 ? [...approvers] : undefined,
            }),
          },
    continueRequiresSecondPerson: given.choice('secondPerson'),
    autoContinue: given.choice('autoContinue'),
    window: windowOf(given.text('window')),
    calendars: given.list('calendar').length > 0 ? [...given.list('calendar')] : undefined,
    reason: given.text('reason'),
  })
}

/** What a file says of groups, and in its place what options say. Throws a misuse where their order is given, and nowhere by what they are made. */
function groupsOf(given: Given, { groups }: Partial<Deployment>): Deployment['groups'] {
  const order = given.list('groupOrder')
  const by = given.text('groupBy') ?? groups?.by
  if (by === undefined && order.length > 0)
    throw misused('--group-order is the order of groups: --group-by says by what they are made.')
  if (by === undefined) return undefined
  // The order in the file is that of its own groups.
  const kept = by === groups?.by ? groups.order : []
  return { ...groups, by, order: order.length > 0 ? [...order] : [...kept] }
}

function targetsOf(given: Given, { targets = {} }: Partial<Deployment>): Deployment['targets'] {
  const lists = { ids: 'target', types: 'type', regions: 'region', canaries: 'canary' } as const
  const named = Object.entries(lists).flatMap(([field, option]) => {
    const values = given.list(option)
    return values.length > 0 ? [[field, values]] : []
  })
  const tags = given.pairs('tag')
  return { ...targets, ...Object.fromEntries(named), ...(Object.keys(tags).length > 0 && { tags }) }
}

/** Returns the window that an option names, as START/END. */
export function windowOf(text: string | undefined): { start: string; end: string } | undefined {
  if (text === undefined) return undefined
  const [start, end, more] = text.split('/')
  if (!start || !end || more !== undefined)
    throw misused(
      `--window must be START/END, two instants in UTC, not ${text}.`,
      'Next: --window 2026-01-31T02:00:00Z/2026-01-31T06:00:00Z',
    )
  return { start, end }
}

/** Returns how many may fail: as a share alone, or as a number alone. */
export function thresholdOf(text: string | undefined): { percent: number; absolute?: number } | undefined {
  if (text === undefined) return undefined
  // A number alone: the share must not be the stricter of the two.
  return text.endsWith('%') ? { percent: Number.parseFloat(text) } : { percent: 100, absolute: Number(text) }
}

function amountOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text
}

/** Returns an object without the members that are undefined. */
export function optional<Members extends object>(
  members: Members,
): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } {
  const there = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as { [Name in keyof Members]?: Exclude<Members[Name], undefined> } // what is left is there
}
