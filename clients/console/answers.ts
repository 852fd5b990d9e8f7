import type * as z from 'zod'
import type { AnswerOf } from '../../contracts/bodies.ts'

export type Upgrade = AnswerOf<'getUpgrade'>
export type UpgradeInList = AnswerOf<'listUpgrades'>['upgrades'][number]
export type Hold = Upgrade['holds'][number]
export type Told = AnswerOf<'getUpgradeEvents'>['events'][number]
export type Approval = AnswerOf<'listApprovals'>['approvals'][number]
export type Plan = AnswerOf<'planUpgrade'>
export type Target = AnswerOf<'listTargets'>['targets'][number]
export type Release = AnswerOf<'listReleases'>['releases'][number]
export type Problem = z.output<typeof import('../../contracts/problem-document.ts').problemDocument>
