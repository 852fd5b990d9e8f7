import { expect, it } from 'vitest'
import { leavesTheRest } from '../../../functions/domain/profile/canary.ts'
import { validateDefinition } from '../../../functions/domain/profile/definition.ts'
import { examples } from '../../api/profile-examples.ts'

function definitionOf(input: object) {
  const read = validateDefinition(input)
  if ('problems' in read) throw new Error(JSON.stringify(read.problems))
  return read.definition
}

const canary = definitionOf(examples.canary)
const follower = (changes: object = {}) => ({
  id: 'main',
  definition: definitionOf({ ...examples.main, ...changes }),
})

it("leaves the rest to the seed's second profile, as it is written there", () => {
  expect(leavesTheRest('canary', canary, [follower()])).toBe(true)
  expect(leavesTheRest('canary', canary, [{ id: 'canary', definition: canary }])).toBe(false)
})

it('leaves the rest to the profile that depends on it, and not to one that depends on another', () => {
  const filters = { ...examples.main.resource_filters, tags: [] }
  const depends_on = { profile_id: 'canary' }
  expect(leavesTheRest('canary', canary, [follower({ depends_on, resource_filters: filters })])).toBe(true)
  expect(leavesTheRest('other', canary, [follower({ depends_on })])).toBe(false)
})

it('goes on by itself where nobody takes the rest', () => {
  const filters = examples.main.resource_filters
  for (const changes of [
    { resource_filters: { ...filters, exclude_canary_resources: false } },
    { resource_filters: { ...filters, tags: [{ key: 'environment', value: 'staging' }] } },
    { resource_filters: { ...filters, regions: ['us-east-1'] } },
    { upgrade_settings: { ...examples.main.upgrade_settings, target_version: '4.2.2' } },
  ])
    expect(leavesTheRest('canary', canary, [follower(changes)])).toBe(false)
  expect(leavesTheRest('canary', follower().definition, [follower({ name: 'third' })])).toBe(false)
})
