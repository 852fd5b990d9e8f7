import { describe, expect, test } from 'vitest'
import { audit } from '../../functions/audit/audit.ts'
import { freezePolicy, placeFreeze, policyAggregate } from '../../functions/domain/policy/policy.ts'
import { Teller } from './history.ts'

/** A log in which somebody asked for something, under a name. */
async function found(causation: string | undefined, actor: string): Promise<string[]> {
  const teller = new Teller()
  await teller.do(policyAggregate, freezePolicy, placeFreeze({ reason: 'bad', by: actor }), {
    actor,
    ...(causation !== undefined && { causation }),
  })
  const { findings } = await audit(teller.written())
  return findings.map(({ invariant, stream, commit, words }) => `${invariant} ${stream}@${commit} ${words}`)
}

describe('the audit of actors (S2)', () => {
  test.each(['drydock', 'Drydock', 'target:t0', 'gateway:t0', 'receiver:aa'])(
    'names a commit of a person under the name of %s',
    async (actor) => {
      expect(await found('request:person:c-1', actor)).toEqual([
        `L4 policy#freeze@1 A person asked for it, and it is said to be of ${actor}.`,
      ])
    },
  )

  test.each(['alice', 'drydock'])('names a commit of an agent under the name of %s', async (actor) => {
    expect(await found('request:agent:c-1', actor)).toEqual([
      `L4 policy#freeze@1 An agent asked for it, and it is said to be of ${actor}.`,
    ])
  })

  test.each(['alice', 'drydock', 'target:t0'])(
    'names a commit of a receiver under the name of %s',
    async (actor) => {
      expect(await found('request:capability:c-1', actor)).toEqual([
        `L4 policy#freeze@1 The receiver of a message asked for it, and it is said to be of ${actor}.`,
      ])
    },
  )

  test.each([
    ['request:capability:c-1', 'receiver:aa'],
    ['request:person:c-1', 'alice'],
    ['request:agent:c-1', 'target:t0'],
    ['request:enrolment:c-1', 'target:t0'],
    ['upgrade#u@7', 'drydock'],
    ['upgrade#u@7', 'alice'],
    [undefined, 'drydock'],
  ])('finds nothing where %s is of %s', async (causation, actor) => {
    expect(await found(causation, actor)).toEqual([])
  })
})
