import * as z from 'zod'
import { breachActions, othersOfGroups, type strategies } from '../events/words.ts'
import { identifier, percent, printable, seconds, within } from './fields.ts'

const day = 86_400

export const successRate = z.strictObject({ successRatePercent: percent })

export const gate = successRate
  .extend({
    action: z
      .exactOptional(z.enum(breachActions))
      .describe(
        'What follows where a wave has failed, by its targets or by a metric; where nobody can tell it is paused. Left out: pause.',
      ),
  })
  .nullable()

/** So much of a plan is upgraded by the end of a stage, and what follows then; what is left out is as the request has it. */
const stageFields = z.strictObject({
  percent: z.number().positive().max(100),
  bakeSeconds: seconds(0, 30 * day).optional(),
  gate: gate.optional(),
  autoContinue: z.boolean().optional(),
  continueRequiresSecondPerson: z.boolean().optional(),
})

/** As many bytes of JSON as the values of all groups may have together: the state of an upgrade keeps them. */
const bytesOfGroups = 4400

const groups = z.strictObject({
  by: identifier.describe('region, or the name of a tag.'),
  order: z
    .array(printable(z.string().min(1).max(256)))
    .min(1)
    .max(100)
    .refine((values) => new Set(values).size === values.length, 'each value once')
    .refine(...within(bytesOfGroups))
    .describe('Its values, in the order in which their targets are upgraded: a wave each.'),
  pauseSeconds: seconds(0, 30 * day)
    .default(0)
    .describe('How long each group bakes before the next begins.'),
  others: z
    .enum(othersOfGroups)
    .default('refuse')
    .describe(
      'What becomes of targets of another value, or of none: the upgrade is refused, or they are a wave of their own, the last.',
    ),
})

/** So many targets, or a share of the members of the plan. */
const amount = z.union([
  z.int().min(0).max(10_000),
  z.string().regex(/^(100|[1-9]?[0-9])%$/, 'a whole number of targets, or of percent as 25%'),
])
export type AmountAsked = z.output<typeof amount>

/** What some strategies take and no others. */
export const strategyFields = {
  canaryPercent: z.number().positive().max(100).optional(),
  batchSize: z.int().min(1).max(1_000_000).optional(),
  percentages: z
    .array(stageFields)
    .min(1)
    .max(20)
    .optional()
    .describe('How much of the targets is upgraded by the end of each stage, in rising order up to 100.'),
  groups: groups.optional(),
  maxUnavailable: amount
    .optional()
    .describe(
      'How many targets may be out of service at once, as they are being upgraded or have failed; a percentage is rounded down.',
    ),
  maxSurge: amount
    .optional()
    .describe(
      'How many more may be in flight, where targets add what is new before they take away what is old; a percentage is rounded up. Left out: none.',
    ),
  spacingSeconds: seconds(0, 30 * day)
    .optional()
    .describe('From the end of one attempt to the next admission. Left out: none.'),
}

type Fields = { readonly [Field in keyof typeof strategyFields]?: z.output<(typeof strategyFields)[Field]> }

/** What is asked of a strategy, and of what may follow its waves. */
export interface StrategyAsked extends Fields {
  readonly strategy: (typeof strategies)[number]
  readonly parallel: number
  readonly bakeSeconds: number
  readonly autoContinue?: boolean | undefined
  readonly continueRequiresSecondPerson: boolean
}

/** Which strategy each field belongs to, and what it needs to be where that strategy cannot do without. */
const belongs: Readonly<
  Record<keyof Fields, { readonly to: StrategyAsked['strategy']; readonly needs?: string }>
> = {
  canaryPercent: { to: 'canary' },
  batchSize: { to: 'batch', needs: 'a number of targets' },
  percentages: { to: 'percentages', needs: 'a list of stages up to 100 percent' },
  groups: { to: 'groups', needs: 'what the targets are grouped by, and in which order' },
  maxUnavailable: { to: 'rolling', needs: 'a number of targets, or of percent as 25%' },
  maxSurge: { to: 'rolling' },
  spacingSeconds: { to: 'serial' },
}

/** A part of a request that is refused: where it stands, and what would be right. */
interface Refused {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Where `parallel` is left out. */
export const parallelByDefault = 10_000

/** Does somebody continue after a stage, where neither it nor the request says so? Bakes and gates stand between stages already. */
export function waitsAfter(
  stage: Pick<z.output<typeof stageFields>, 'autoContinue'>,
  { autoContinue }: Pick<StrategyAsked, 'autoContinue'>,
): boolean {
  return (stage.autoContinue ?? autoContinue) === false
}

/** Returns what is wrong with the fields that belong to strategies; nothing where all is well. */
export function refusedOfStrategy(asked: StrategyAsked): Refused[] {
  const { strategy } = asked
  const misplaced = Object.entries(belongs).flatMap(([field, { to, needs }]): Refused[] => {
    const given = asked[field as keyof Fields] !== undefined // Object.entries forgets which keys
    if (given && strategy !== to) return [{ path: [field], message: `only with strategy ${to}` }]
    if (!given && strategy === to && needs !== undefined)
      return [{ path: [field], message: `${needs}, for strategy ${to}` }]
    return []
  })
  return [...misplaced, ...refusedStages(asked), ...refusedPace(asked), ...refusedWaits(asked)]
}

function refusedStages(asked: StrategyAsked): Refused[] {
  const { strategy, percentages = [] } = asked
  if (strategy !== 'percentages') return []
  const last = percentages.length - 1
  return percentages.flatMap((stage, place): Refused[] => {
    const found: Refused[] = []
    const at = (field: string, message: string) => {
      found.push({ path: ['percentages', place, field], message })
    }
    const before = percentages[place - 1]?.percent ?? 0
    if (stage.percent <= before) at('percent', `more than ${before}, which the stage before has`)
    else if (place === last && stage.percent !== 100) at('percent', '100, as the last stage takes all')
    if (place === last && stage.autoContinue === false)
      at('autoContinue', 'left out: there is no stage to continue with')
    if (stage.continueRequiresSecondPerson && (place === last || !waitsAfter(stage, asked)))
      at(
        'continueRequiresSecondPerson',
        'only where somebody has to continue: with autoContinue false, before the last stage',
      )
    return found
  })
}

function refusedPace({
  strategy,
  groups,
  bakeSeconds,
  maxUnavailable,
  maxSurge = 0,
  parallel,
}: StrategyAsked) {
  const found: Refused[] = []
  if (strategy === 'groups' && groups && bakeSeconds > 0)
    found.push({
      path: ['bakeSeconds'],
      message: 'left out: pauseSeconds of groups says how long each bakes',
    })
  const isNone = (amount: AmountAsked) => amount === 0 || amount === '0%'
  if (strategy === 'rolling' && maxUnavailable !== undefined && isNone(maxUnavailable) && isNone(maxSurge))
    found.push({
      path: ['maxUnavailable'],
      message: 'more than none, or maxSurge is: else nobody could be in flight',
    })
  if (strategy === 'serial' && parallel !== 1 && parallel !== parallelByDefault)
    found.push({ path: ['parallel'], message: '1, or left out: strategy serial takes one at a time' })
  return found
}

/** Nobody is asked to continue where no wave follows, and nobody's second person where nobody is asked. */
function refusedWaits(asked: StrategyAsked): Refused[] {
  const { strategy, canaryPercent, autoContinue, continueRequiresSecondPerson, percentages } = asked
  const found: Refused[] = []
  const one =
    ['all', 'rolling', 'serial'].includes(strategy) || canaryPercent === 100 || percentages?.length === 1
  if (autoContinue === false && one)
    found.push({ path: ['autoContinue'], message: 'left out: there is no wave to continue with' })
  if (!continueRequiresSecondPerson) return found
  const waits =
    strategy === 'canary'
      ? autoContinue !== true
      : strategy === 'percentages'
        ? percentages?.some((stage, place) => place + 1 < percentages.length && waitsAfter(stage, asked))
        : autoContinue === false
  if (one || !waits) {
    const where =
      'strategy canary of less than 100 % without autoContinue, or strategy batch, percentages or groups with autoContinue false'
    found.push({
      path: ['continueRequiresSecondPerson'],
      message: `only where somebody has to continue: ${where}`,
    })
  }
  return found
}
