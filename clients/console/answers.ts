import type * as z from 'zod'
import type { contracts } from '../../contracts/api.ts'
import type { Operation } from '../../contracts/routes.ts'

// Types alone: no schema is loaded by a browser.
type Contracts = typeof contracts
type Schemas<Name extends Operation> = Contracts[Name]['answers'][keyof Contracts[Name]['answers']]

/** What an operation answers when it has done what was asked. */
export type AnswerOf<Name extends Operation> =
  Schemas<Name> extends { readonly schema: infer Schema extends z.ZodType } ? z.output<Schema> : never

/** What an operation takes as its body. */
export type BodyOf<Name extends Operation> = Contracts[Name] extends {
  readonly body: infer Body extends z.ZodType
}
  ? z.input<Body>
  : undefined

export type Upgrade = AnswerOf<'getUpgrade'>
export type UpgradeInList = AnswerOf<'listUpgrades'>['upgrades'][number]
export type Hold = Upgrade['holds'][number]
export type Told = AnswerOf<'getUpgradeEvents'>['events'][number]
export type Approval = AnswerOf<'listApprovals'>['approvals'][number]
export type Plan = AnswerOf<'planUpgrade'>
export type Target = AnswerOf<'listTargets'>['targets'][number]
export type Release = AnswerOf<'listReleases'>['releases'][number]
export type Problem = z.output<typeof import('../../contracts/problem-document.ts').problemDocument>
