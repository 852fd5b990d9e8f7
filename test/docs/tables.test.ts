import { describe, expect, test } from 'vitest'
import { budgetEvents } from '../../events/budget.ts'
import { componentEvents } from '../../events/component.ts'
import { destinationEvents } from '../../events/destinations.ts'
import { licenceEvents } from '../../events/licence.ts'
import { membershipEvents } from '../../events/membership.ts'
import { planEvents } from '../../events/plan.ts'
import { policyEvents } from '../../events/policy.ts'
import { procedureEvents } from '../../events/procedure.ts'
import { profileEvents } from '../../events/profile.ts'
import { releaseEvents } from '../../events/release.ts'
import { rolloutEvents } from '../../events/rollout.ts'
import { ruleEvents } from '../../events/rules.ts'
import { streamKinds } from '../../events/stream.ts'
import { outcomes, targetEvents } from '../../events/target.ts'
import { trustEvents } from '../../events/trust.ts'
import { upgradeEvents } from '../../events/upgrade.ts'
import { meaningOf } from '../../functions/domain/target/outcome.ts'
import { answersOf, duties } from '../../functions/reactor/duties.ts'
import { documentAt, tableBelow, tableOf } from './documents.ts'

/** The events of each aggregate, in the order in which they are declared: that of its life. */
const events: Readonly<Record<(typeof streamKinds)[number], { readonly shapes: object }>> = {
  target: targetEvents,
  upgrade: upgradeEvents,
  plan: planEvents,
  component: componentEvents,
  release: releaseEvents,
  trust: trustEvents,
  licence: licenceEvents,
  policy: policyEvents,
  rules: ruleEvents,
  budget: budgetEvents,
  profile: profileEvents,
  memberships: membershipEvents,
  rollout: rolloutEvents,
  procedure: procedureEvents,
  destinations: destinationEvents,
}

/** Which events lead to what: those of one aggregate that the same duties answer are one row. */
function dutiesTable(): string {
  const answers = answersOf(duties)
  const rows = streamKinds.flatMap((kind) => {
    const answered = Object.keys(events[kind].shapes).flatMap((type) => {
      const names = answers.get(`${kind}: ${type}`)
      return names === undefined ? [] : [{ type, names: names.join(', ') }]
    })
    return [...Map.groupBy(answered, ({ names }) => names)].map(([names, found]) => [
      kind,
      found.map(({ type }) => `\`${type}\``).join(', '),
      names,
    ])
  })
  return tableOf(['aggregate', 'events', 'duties that answer'], rows)
}

/** What each end of an attempt means. */
function endsTable(): string {
  const yes = (holds: boolean) => (holds ? 'yes' : '')
  const rows = outcomes.map((outcome) => {
    const { counts, touched, takenBack, triedAgain, retryable, givenBack, offered, reported, presumed } =
      meaningOf(outcome)
    const answers = [touched, takenBack, triedAgain, retryable, givenBack, offered, reported, presumed]
    return [outcome, counts, ...answers.map(yes)]
  })
  const header = [
    'end',
    'counts as',
    'touched',
    'taken back',
    'tried again',
    'retryable',
    'slot given back',
    'offered',
    'reported',
    'presumed',
  ]
  return tableOf(header, rows)
}

describe('the design has as its tables what the code says', () => {
  test.each([
    ['duties', dutiesTable()],
    ['ends of attempts', endsTable()],
  ])('%s', (mark, right) => {
    expect(
      tableBelow(documentAt('docs/design.md'), mark),
      `The table "${mark}" in docs/design.md has to be:\n\n${right}\n`,
    ).toBe(right)
  })

  test('and none of the events that duties answer is missing', () => {
    const rows = dutiesTable()
    const missing = [...answersOf(duties).keys()].filter((event) => {
      const [, type = ''] = event.split(': ')
      return !rows.includes(`\`${type}\``)
    })
    expect(missing).toEqual([])
  })
})

test('the design explains each of its words once', () => {
  const [, after = ''] = documentAt('docs/design.md').text.split('\n## Words\n')
  const [table = ''] = after.split('\n## ')
  const rows = [...table.matchAll(/^\| (.+?) \| \S/gm)].map(([, words = '']) => words).slice(1)
  const words = rows.flatMap((row) => row.split(', '))
  expect(words.length).toBeGreaterThan(80)
  expect(words.filter((word, place) => words.indexOf(word) !== place)).toEqual([])
})
