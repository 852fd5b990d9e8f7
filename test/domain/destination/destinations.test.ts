import { describe, expect, it } from 'vitest'
import type { DestinationDocument, DestinationEvent } from '../../../events/destinations.ts'
import {
  defineDestination,
  destinationsAggregate,
  removeDestination,
} from '../../../functions/domain/destination/destinations.ts'
import { specOf } from '../given.ts'

const { fold, given } = specOf(destinationsAggregate)

const documentOf = (changes: Partial<Extract<DestinationDocument, { kind: 'webhook' }>> = {}) =>
  ({
    ...{
      kind: 'webhook',
      description: null,
      events: null,
      severity: 'info',
      components: null,
      regions: null,
    },
    ...{ quietHours: null, url: 'https://hooks.example', secrets: ['drydock/key'], format: 'plain' },
    ...changes,
  }) satisfies DestinationDocument
const defined = (name: string, changes = {}): DestinationEvent => ({
  type: 'DestinationDefined',
  data: { name, document: documentOf(changes) },
})
const removed = (name: string): DestinationEvent => ({
  type: 'DestinationRemoved',
  data: { name, reason: 'moved' },
})
const define = (name: string, changes = {}) => defineDestination({ name, document: documentOf(changes) })

describe('destinations', () => {
  it('are defined under a name; the same document again changes nothing', () => {
    given().when(define('hooks')).thenEvents(defined('hooks'))
    given().when(define('hooks')).thenIdempotent()
    given(defined('hooks'))
      .when(define('hooks', { format: 'cloudevents' }))
      .thenEvents(defined('hooks', { format: 'cloudevents' }))
  })

  it('are gone when they are removed, and count on when they come back', () => {
    const command = { name: 'hooks', reason: 'moved' }
    given(defined('hooks')).when(removeDestination(command)).thenEvents(removed('hooks'))
    given().when(removeDestination(command)).thenRejected('destination-not-found')
    given(defined('hooks'), removed('hooks'))
      .when(removeDestination(command))
      .thenRejected('destination-not-found')
    const { destinations } = fold([defined('b'), defined('a'), removed('b'), defined('b')])
    expect(destinations.map(({ name, revision }) => [name, revision])).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  it('are so many and so long at most, as each public event asks all of them', () => {
    const many = Array.from({ length: 30 }, (_, place) => defined(`d${place}`))
    given(...many)
      .when(define('one-more'))
      .thenRejected('too-many-destinations')
    given(...many, removed('d3'))
      .when(define('one-more'))
      .thenRejected('too-many-destinations')
    given(...many, removed('d3'))
      .when(define('d3'))
      .thenEvents(defined('d3'))
    given()
      .when(define('long', { url: `https://hooks.example/${'a'.repeat(7000)}` }))
      .thenRejected('destination-too-large')
  })
})
