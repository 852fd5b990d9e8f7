import * as z from 'zod'
import { instant } from '../events/words.ts'
import { threshold, window } from './deployment.ts'
import { paging, seconds, wholeNumber, words } from './fields.ts'

// What commands on upgrades and on rollouts take, and reads of them: one definition each, as both mean the same by it.

/** Reads now, or as it was at an instant. */
export const atInstant = z.strictObject({ at: instant.optional() })

/** Which page of a story. */
export const storyPage = z.strictObject({
  at: instant.optional(),
  limit: paging.limit,
  cursor: wholeNumber(1, 999_999_999).optional(),
})

/** Why, in the words of who asks. */
const why = words(512)
const noReason = 'no reason given'

/** For what has to be accounted for. */
export const givenReason = z.strictObject({ reason: why })

/** A rejection may name the plan that was looked at. */
export const rejection = givenReason.extend({
  planHash: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('The plan that is rejected: refused where it is another by now; left out: whatever it is.'),
})

/** For what anybody may do at once. */
export const optionalReason = z.strictObject({ reason: why.default(noReason) })

/** Ends early, and takes back what was changed where that is asked for. */
export const abortion = optionalReason.extend({ rollBack: z.boolean().default(false) })

/** Approves what has this hash, and nothing else. */
export const planApproval = z.strictObject({
  planHash: z.string().regex(/^[0-9a-f]{16,128}$/, 'the planHash of what is approved'),
  comment: why.nullable().default(null),
})

/** How a rollback or another try is to go; what is left out is as its upgrade had it, but for what is said there. */
const child = z
  .strictObject({
    parallel: z.int().min(1).max(10_000).optional(),
    batchSize: z.int().min(1).max(1_000_000).optional(),
    failureThreshold: threshold.optional(),
    deadlines: z.strictObject({ attemptSeconds: seconds(1, 7 * 86_400).optional() }).optional(),
    window: window.optional(),
    ignoreWindow: z.boolean().optional(),
  })
  .refine((body) => body.window === undefined || body.ignoreWindow === undefined, {
    path: ['ignoreWindow'],
    error: 'left out beside a window',
  })

/**
 * A rollback goes on outside of windows and with as many at once as a deploy may have, unless told otherwise. It waits while everything is
 * stopped, unless the glass is broken, and leaves out whose old release was withdrawn, unless it shall go there: each with a reason, and the
 * approval of a second person.
 */
export const rollback = child
  .safeExtend({
    reason: why.optional(),
    breakGlass: givenReason.optional(),
    toWithdrawn: givenReason.optional(),
  })
  .refine(({ reason, breakGlass }) => reason === undefined || breakGlass === undefined, {
    path: ['reason'],
    error: 'left out beside breakGlass, which has a reason of its own',
  })

/** Another try keeps the window of its upgrade that is not over; it takes the skipped ones too where they are included. */
export const retry = child.safeExtend({
  reason: why.default(noReason),
  include: z.array(z.literal('skipped')).max(1).optional(),
})
