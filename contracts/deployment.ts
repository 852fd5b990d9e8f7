import * as z from 'zod'
import { bytesOf } from '../events/bytes.ts'
import { breachActions, instant, strategies } from '../events/words.ts'
import { approvers, identifier, percent, seconds, versionName, words } from './fields.ts'
import { metrics } from './metrics.ts'
import { procedureChoice } from './procedures.ts'
import { gate, parallelByDefault, refusedOfStrategy, strategyFields } from './strategies.ts'

const day = 86_400

export const threshold = z.strictObject({
  percent: percent.default(10),
  absolute: z.int().min(0).max(1_000_000).nullable().default(null),
})

/** The time in which an upgrade may admit targets. */
export const window = z
  .strictObject({ start: instant, end: instant })
  // What is no instant is refused for that, and not for its order.
  .refine(({ start, end }) => !(Date.parse(start) >= Date.parse(end)), {
    path: ['end'],
    error: 'an instant after start',
  })

const tags = z.record(identifier, z.string().min(1).max(256))

/** How many have to approve a plan, who may, and how long they are waited for. */
export const approvals = z
  .strictObject({
    required: z.int().min(0).max(10).default(0),
    approvers: approvers(100).nullable().default(null),
    expiresInSeconds: seconds(60, 365 * day).default(7 * day),
  })
  .superRefine(({ approvers, required }, context) => {
    if (!approvers || new Set(approvers).size >= required) return
    const message = `at least ${required} people, as many as are required`
    context.addIssue({ code: 'custom', path: ['approvers'], message })
  })

/**
 * As many bytes of JSON as a request may have with every default filled in: one event holds all of it, in which the log says some of it at greater
 * length, and the state of its upgrade keeps it.
 */
const bytesOfRequest = 48_000

/** Returns where most of a request is: the field, or the list of targets, that has most bytes. */
function largestIn(request: object, path: readonly string[] = []): readonly string[] {
  const sized = Object.entries(request).map(([name, part]) => ({ name, part, bytes: bytesOf(part ?? null) }))
  const [{ name = '', part } = {}] = sized.sort((left, right) => right.bytes - left.bytes)
  return name === 'targets' ? largestIn(part, [name]) : [...path, name]
}

/** What is to be upgraded to what, and how; what is left out has the default that stands here. */
export const deployment = z
  .strictObject({
    component: identifier,
    version: versionName,
    strategy: z.enum(strategies),
    ...strategyFields,
    parallel: z.int().min(1).max(10_000).default(parallelByDefault),
    failureThreshold: threshold.extend({ action: z.enum(breachActions).default('pause') }).prefault({}),
    unreachableThreshold: threshold.prefault({}),
    failureBudget: threshold.nullable().default(null),
    approvals: approvals.prefault({}),
    autoContinue: z
      .boolean()
      .optional()
      .describe(
        'Does each wave that passes let the next begin, without somebody who continues it? Left out: after a canary no, else yes.',
      ),
    continueRequiresSecondPerson: z
      .boolean()
      .default(false)
      .describe(
        'May who asked for the upgrade not continue it? Refused where nobody has to continue: with autoContinue, strategy all, rolling or serial, a canary of 100 %, a plan of one wave, and with strategy batch, percentages or groups unless autoContinue is false.',
      ),
    window: window.nullable().default(null),
    calendars: z.array(identifier).max(10).default([]),
    bakeSeconds: seconds(0, 30 * day).default(0),
    gate: gate.default(null),
    metrics,
    retry: z
      .strictObject({ attempts: z.int().min(0).max(5).default(0), delaySeconds: seconds(1, day).default(60) })
      .prefault({}),
    deadlines: z
      .strictObject({
        acceptSeconds: seconds(1, 30 * day).default(day),
        attemptSeconds: seconds(1, 7 * day).default(3600),
        expectedSeconds: seconds(1, 7 * day)
          .optional()
          .describe(
            'How long one attempt should take, from acceptance to end. Left out: what 95 % of the last attempts on the component that succeeded took, or 300 where fewer than ten are known.',
          ),
        continueSeconds: seconds(60, 365 * day).default(7 * day),
        lingerSeconds: seconds(0, 365 * day).default(7 * day),
      })
      .prefault({}),
    targets: z
      .strictObject({
        ids: z.array(identifier).min(1).max(1000).optional(),
        types: z.array(identifier).min(1).max(100).optional(),
        regions: z.array(identifier).min(1).max(100).optional(),
        tags: tags.optional(),
        canaries: z.array(identifier).max(1000).default([]),
      })
      .prefault({})
      .describe(
        `Which targets; left out: all that run the component. With all else that is asked for at most ${bytesOfRequest} bytes of JSON: a thousand names of 36 characters.`,
      ),
    procedure: procedureChoice
      .nullable()
      .default(null)
      .describe('By which procedure each target is upgraded. Left out: by its agent.'),
    allowDowngrade: z
      .boolean()
      .default(false)
      .describe('May latest or stable take a target that runs something newer down to it?'),
    reason: words(512).nullable().default(null),
  })
  .superRefine((request, context) => {
    for (const { path, message } of refusedOfStrategy(request))
      context.addIssue({ code: 'custom', path: [...path], message })
    const bytes = bytesOf(request)
    if (bytes <= bytesOfRequest) return
    const message = `less: at most ${bytesOfRequest} bytes of JSON in the whole request with its defaults, which has ${bytes}`
    context.addIssue({ code: 'custom', path: [...largestIn(request)], message })
  })
export type Deployment = z.output<typeof deployment>
