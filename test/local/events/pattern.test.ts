import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPattern } from '../../../infra/local/events/check-pattern.ts'
import { matches } from '../../../infra/local/events/pattern.ts'

const event = {
  source: 'aws.ec2',
  'detail-type': 'EC2 Instance State-change Notification',
  time: '2017-12-22T18:43:48Z',
  region: 'us-west-1',
  resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'],
  detail: {
    'instance-id': 'i-1234567890abcdef0',
    state: 'terminated',
    'c-count': 5,
    'd-count': 3.018e2,
    'x-limit': 301.8,
    'source-ip': '10.0.0.33',
    'source-ip6': '2001:db8::7',
    responseElements: null,
    flag: true,
    empty: [],
    name: 'Ann*',
    list: ['a', 'b'],
    items: [
      { kind: 'x', size: 1 },
      { kind: 'y', size: 2 },
    ],
  },
}

const detail = (pattern: unknown) => ({ detail: pattern })

const cases: readonly (readonly [string, unknown, boolean])[] = [
  ['exact text', { source: ['aws.ec2'] }, true],
  ['another text', { source: ['aws.ec3'] }, false],
  ['any of several', { source: ['x', 'aws.ec2'] }, true],
  ['a text is no number', detail({ state: [1] }), false],
  ['all fields', { source: ['aws.ec2'], region: ['eu-west-1'] }, false],
  ['null', detail({ responseElements: [null] }), true],
  ['null is not absence', detail({ nothing: [null] }), false],
  ['true', detail({ flag: [true] }), true],
  ['true is no text', detail({ flag: ['true'] }), false],
  ['numbers by value', detail({ 'd-count': [301.8] }), true],
  ['an element of a list', detail({ list: ['b'] }), true],
  ['an element of the resources', { resources: [{ suffix: '/i-1234567890abcdef0' }] }, true],
  ['prefix', { time: [{ prefix: '2017-12-' }] }, true],
  ['prefix without case', { region: [{ prefix: { 'equals-ignore-case': 'US-W' } }] }, true],
  ['prefix respects case', { region: [{ prefix: 'US-W' }] }, false],
  ['an empty prefix', { source: [{ prefix: '' }] }, true],
  ['an empty prefix of no text', detail({ 'c-count': [{ prefix: '' }] }), false],
  ['an empty suffix', { source: [{ suffix: '' }] }, true],
  ['an empty wildcard', { source: [{ wildcard: '' }] }, false],
  ['anything-but an empty wildcard', { source: [{ 'anything-but': { wildcard: '' } }] }, true],
  ['anything-but an empty text', { source: [{ 'anything-but': '' }] }, true],
  ['suffix', detail({ state: [{ suffix: 'ated' }] }), true],
  ['suffix without case', detail({ state: [{ suffix: { 'equals-ignore-case': 'ATED' } }] }), true],
  ['equals-ignore-case', { source: [{ 'equals-ignore-case': 'AWS.EC2' }] }, true],
  ['anything-but a text', detail({ state: [{ 'anything-but': 'initializing' }] }), true],
  ['anything-but the text', detail({ state: [{ 'anything-but': 'terminated' }] }), false],
  ['anything-but a list', detail({ state: [{ 'anything-but': ['stopped', 'terminated'] }] }), false],
  ['anything-but numbers', detail({ 'x-limit': [{ 'anything-but': [100, 200, 300] }] }), true],
  ['anything-but prefix', detail({ state: [{ 'anything-but': { prefix: 'init' } }] }), true],
  ['anything-but that prefix', detail({ state: [{ 'anything-but': { prefix: ['init', 'term'] } }] }), false],
  ['anything-but suffix', detail({ state: [{ 'anything-but': { suffix: 'ed' } }] }), false],
  ['anything-but wildcard', detail({ state: [{ 'anything-but': { wildcard: '*min*' } }] }), false],
  [
    'anything-but case',
    detail({ state: [{ 'anything-but': { 'equals-ignore-case': 'TERMINATED' } }] }),
    false,
  ],
  ['anything-but matches null', detail({ responseElements: [{ 'anything-but': 'x' }] }), true],
  ['anything-but needs the field', detail({ absent: [{ 'anything-but': 'x' }] }), false],
  ['anything-but one element of two', detail({ list: [{ 'anything-but': 'a' }] }), true],
  ['numeric range', detail({ 'c-count': [{ numeric: ['>', 0, '<=', 5] }] }), true],
  ['numeric below', detail({ 'd-count': [{ numeric: ['<', 10] }] }), false],
  ['numeric equal', detail({ 'x-limit': [{ numeric: ['=', 3.018e2] }] }), true],
  ['numeric open bound', detail({ 'c-count': [{ numeric: ['>', 5] }] }), false],
  ['numeric of a text', detail({ state: [{ numeric: ['>', 0] }] }), false],
  ['cidr', detail({ 'source-ip': [{ cidr: '10.0.0.0/24' }] }), true],
  ['cidr of another net', detail({ 'source-ip': [{ cidr: '10.0.1.0/24' }] }), false],
  ['cidr of version 6', detail({ 'source-ip6': [{ cidr: '2001:db8::/32' }] }), true],
  ['cidr of no address', detail({ state: [{ cidr: '0.0.0.0/0' }] }), false],
  ['exists', detail({ state: [{ exists: true }] }), true],
  ['exists for null', detail({ responseElements: [{ exists: true }] }), true],
  ['exists only at leaves', { detail: [{ exists: true }] }, false],
  ['exists fails on an empty list', detail({ empty: [{ exists: true }] }), false],
  ['absent in an empty list', detail({ empty: [{ exists: false }] }), true],
  ['absent', detail({ 'c-count': [{ exists: false }] }), false],
  ['absent below an absent field', detail({ no: { where: [{ exists: false }] } }), true],
  ['wildcard', { resources: [{ wildcard: 'arn:*:instance/i-*' }] }, true],
  ['wildcard that does not end', { resources: [{ wildcard: 'arn:*:instance/' }] }, false],
  ['an escaped star', detail({ name: [{ wildcard: 'Ann\\*' }] }), true],
  ['an escaped star is one', detail({ state: [{ wildcard: 'term\\*' }] }), false],
  [
    'one way of $or',
    { source: ['aws.ec2'], $or: [{ region: ['x'] }, detail({ state: ['terminated'] })] },
    true,
  ],
  ['no way of $or', { $or: [{ region: ['x'] }, { region: ['y'] }] }, false],
  ['$or and the rest', { source: ['x'], $or: [{ region: ['us-west-1'] }, { region: ['y'] }] }, false],
  ['$or inside', detail({ $or: [{ 'c-count': [{ numeric: ['>', 9] }] }, { state: ['terminated'] }] }), true],
  ['dotted keys', { 'detail.state': ['terminated'] }, true],
  ['fields of one element', detail({ items: { kind: ['y'], size: [2] } }), true],
  ['fields of two elements', detail({ items: { kind: ['x'], size: [2] } }), false],
]

describe('an event pattern', () => {
  it.each(cases)('%s', (_name, pattern, expected) => {
    checkPattern(pattern)
    expect(matches(pattern, event)).toBe(expected)
  })

  it('takes the last of two equal keys', () => {
    expect(matches(JSON.parse('{"source":["x"],"source":["aws.ec2"]}'), event)).toBe(true)
  })

  it('finds dotted keys of an event by their path', () => {
    expect(matches({ detail: { a: { b: [1] } } }, { detail: { 'a.b': 1 } })).toBe(true)
  })

  it('does not take inherited names for fields', () => {
    expect(matches({ constructor: [{ exists: true }] }, {})).toBe(false)
    expect(matches(JSON.parse('{"__proto__":["x"]}'), JSON.parse('{"__proto__":"x"}'))).toBe(true)
  })

  it.each([
    [{}, 'empty'],
    [{ a: {} }, 'pattern.a is empty'],
    [{ a: [] }, 'can never match'],
    [{ a: 'x' }, 'pattern.a must be an object'],
    [{ a: [['x']] }, 'list inside a list'],
    [{ a: [{ glob: 'x' }] }, 'pattern.a.glob'],
    [{ a: [{ prefix: 'x', suffix: 'y' }] }, 'prefix and suffix'],
    [{ a: [{ prefix: 1 }] }, 'pattern.a.prefix'],
    [{ a: [{ exists: 'yes' }] }, 'true or false'],
    [{ a: [{ numeric: ['>', 5, '<', 5] }] }, 'comparison'],
    [{ a: [{ numeric: ['<', 5, '>', 1] }] }, 'comparison'],
    [{ a: [{ numeric: ['>', '5'] }] }, 'comparison'],
    [{ a: [{ wildcard: 'a**' }] }, 'wildcard'],
    [{ a: [{ wildcard: 'a\\b' }] }, 'wildcard'],
    [{ a: [{ cidr: '10.0.0.0/33' }] }, 'address block'],
    [{ a: [{ cidr: 'here' }] }, 'address block'],
    [{ a: [{ 'anything-but': ['x', 1] }] }, 'only one kind'],
    [{ a: [{ 'anything-but': { numeric: ['>', 1] } }] }, 'one of prefix'],
    [{ a: [{ 'anything-but': { prefix: '' } }] }, 'prefix of a text'],
    [{ a: [{ 'anything-but': { suffix: '' } }] }, 'suffix of a text'],
    [{ a: [{ 'anything-but': { prefix: { 'equals-ignore-case': 'x' } } }] }, 'prefix of a text'],
    [{ a: [{ 'anything-but': null }] }, 'a text or a number'],
    [{ a: [{ wildcard: '*:*:*:*:*:event-bus/*' }] }, 'pattern.a is too complex'],
    [{ a: [{ 'anything-but': { wildcard: ['*:*:*:*:*:event-bus/*'] } }] }, 'pattern.a is too complex'],
    [{ a: [{ wildcard: '*a*a*a*' }, { wildcard: '*aa*a*a*b' }] }, 'pattern.a is too complex'],
    [{ $or: [{ a: ['x'] }] }, 'two or more'],
  ])('refuses %j', (pattern, part) => {
    expect(() => checkPattern(pattern)).toThrow(part)
  })

  it('asks for what an event has, whatever that is', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
    const name = fc.string({ minLength: 1 }).filter((text) => !/[.$]/.test(text))
    const record = fc.dictionary(name, scalar, { minKeys: 1, maxKeys: 5 })
    fc.assert(
      fc.property(record, (fields) => {
        const pattern = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, [value]]))
        checkPattern(pattern)
        expect(matches(pattern, fields)).toBe(true)
        for (const key of Object.keys(fields)) {
          const { [key]: _gone, ...rest } = fields
          expect(matches(pattern, rest)).toBe(false)
        }
      }),
    )
  })

  it('agrees with plain text functions on prefix, suffix, wildcard and their opposites', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\') })
    const escaped = (part: string) => part.replace(/[\\*]/g, '\\$&')
    fc.assert(
      fc.property(
        text,
        text.filter((part) => part !== ''),
        (value, part) => {
          const test = (operator: unknown) => matches({ a: [operator] }, { a: value })
          expect(test({ prefix: part })).toBe(value.startsWith(part))
          expect(test({ suffix: part })).toBe(value.endsWith(part))
          expect(test({ wildcard: `*${escaped(part)}*` })).toBe(value.includes(part))
          expect(test({ wildcard: escaped(part) })).toBe(value === part)
          for (const kind of ['prefix', 'suffix'])
            expect(test({ 'anything-but': { [kind]: part } })).toBe(!test({ [kind]: part }))
        },
      ),
    )
  })

  it.each([
    'arn:*:events:*:*:event-bus/*',
    '/Users/*/dir/dir/dir/dir/dir/doc.txt',
    '*/init/*',
    'a'.repeat(2000),
  ])('takes the wildcard %s', (wildcard) => {
    expect(() => checkPattern({ a: [{ wildcard }] })).not.toThrow()
  })

  it('matches a hostile wildcard in linear time', () => {
    const wildcard = `${'*a'.repeat(200)}*b`
    expect(matches({ a: [{ wildcard }] }, { a: 'a'.repeat(5000) })).toBe(false)
  })
})
