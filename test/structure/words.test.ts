import { describe, expect, test } from 'vitest'
import { linesOf, type Source, sources } from './sources.ts'

/** A word that has one meaning, where it may be written, and what to write elsewhere. */
interface Word {
  readonly word: string
  readonly pattern: RegExp
  /** Files in which it means what it may mean. */
  readonly at: readonly RegExp[]
  /** Names of others that hold the word. */
  readonly names?: RegExp
  readonly instead: string
}

const words: readonly Word[] = [
  {
    word: 'phase',
    pattern: /phase/i,
    // Where rollouts are, and where an upgrade is told that it is one.
    at: [
      /rollout|phases\.ts$|overtaken\.ts$|lost-stories|problem-codes|functions\/audit\/(audit|finding|profile)\.ts$/,
      /reactor\/(duties|healers|executions\/end-waits)\.ts$|http\/exchange\.ts$/,
      /domain\/upgrade\/(state|request|children)\.ts$/,
      /(events\/upgrade|planning\/(children|rollbacks)|views\/rows|infra\/constructs\/\w+)\.ts$/,
      // Where a profile says what it starts, and reads what became of it.
      /profile-definition\.ts$|domain\/profile\/(definition|plan-ahead)\.ts$|api\/profiles\/(profile|results|executions)\.ts$/,
      /events\/profile\.ts$|facts\/(targeting|opening)\.ts$|reactor\/profiles\/(run|clean-up|heed-failures|bind-calendars)\.ts$|planning\/candidates\.ts$/,
      // Where the command line and the console have one word for upgrades and rollouts.
      /cli\/work\/(shown|holds|standing|story|control|approvals)\.ts$|events\/phrases\.ts$|console\/(pages\/upgrade\.tsx|pictures\/passed\.ts)$/,
      // Where integrations and approvers are told of rollouts.
      /events\/public\.ts$|reactor\/publishing\/(public-detail|publish)\.ts$/,
      /functions\/notify\/(notice|notify)\.ts$/,
      /contracts\/(operations|upgrade-answers)\.ts$|api\/operations\/(approvals|approval-entry)\.ts$/,
    ],
    instead: 'status, where something stands; it is kept for the phases of a rollout',
  },
  {
    word: 'step',
    pattern: /\bsteps?\b|[a-z]Steps?\b|\bsteps?[A-Z]/i,
    at: [
      /cron\.ts$/,
      /procedure|problem-codes|tally|events\/target\.ts$|target\/(aggregate|explain|progress|state|story|figures)\.ts$|api\/upgrades\/(procedure|target-\w+)\.ts$/,
      /reactor\/(duties|healers)\.ts$|views\/(rows|projections\/attempts)\.ts$|contracts\/(routes|target-upgrades)\.ts$|facts\/attempt-story\.ts$|functions\/audit\/(finding|target)\.ts$/,
      // What people are waited for.
      // What agents run of procedures.
      /contracts\/agents\.ts$|api\/agents\/(check|command)\.ts$/,
      /views\/(views|readers|sources|projections\/held-steps)\.ts$|contracts\/operations\.ts$|api\/operations\/(approvals|approval-entry)\.ts$|target\/attempt\.ts$|cli\/work\/approvals\.ts$|console\/pages\/approvals\.tsx$/,
      // What a node of a rollout is at.
      /(contracts\/(rollouts|analytics)|api\/rollouts\/monitor|cli\/work\/rollouts)\.ts$/,
      /functions\/(environment|connections|lambda\/(helm|step))\.ts$|infra\/constructs\/\w+\.ts$/,
    ],
    names: /Step ?Functions|stepfunctions/gi,
    instead: 'sequence, move, change; it is kept for the steps of a procedure',
  },
]

function found({ pattern, names, at }: Word, source: Source): string[] {
  if (at.some((place) => place.test(source.path))) return []
  return linesOf(source)
    .filter(({ line }) => pattern.test(names ? line.replaceAll(names, '') : line))
    .map(({ number, line }) => `${source.path}:${number} ${line.trim()}`)
}

describe('one word means one thing', () => {
  test.each(words)('"$word" is written nowhere else; instead: $instead', (word) => {
    expect(sources.flatMap((source) => found(word, source))).toEqual([])
  })

  test('the expressions find what they look for', () => {
    for (const [word, text] of [
      ['phase', 'const upgradePhase = 1'],
      ['step', 'the next step of it'],
      ['step', 'nextStep'],
    ]) {
      const [rule] = words.filter((candidate) => candidate.word === word)
      expect(rule && found(rule, { path: 'a.ts', text: text ?? '' })).toHaveLength(1)
    }
  })
})

/** A preposition says how a file stands to another, not what is in it. */
const prepositions = [
  'about',
  'after',
  'at',
  'before',
  'between',
  'by',
  'for',
  'from',
  'in',
  'into',
  'of',
  'on',
  'over',
  'to',
  'with',
]

test('files are named after what is in them', () => {
  const names = sources
    .map(({ path }) => path)
    .filter((path) => {
      const name = path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('.'))
      return (
        prepositions.includes(name) || ['next', 'util', 'utils', 'helpers', 'common', 'base'].includes(name)
      )
    })
  expect(names).toEqual([])
})
