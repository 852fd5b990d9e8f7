import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { repeatedNames } from '../../contracts/repeated-names.ts'
import { openWorld } from './world.ts'

describe('fields that JSON holds twice', () => {
  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":{"b":1,"c":[{"d":1},{"d":1,"d":2}]},"b":0}', ['a.c.1.d']],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"a":"a","b":["a","a"],"c":{"a":{"a":1}}}', []],
    ['{"a\\"":1,"a\\\\":2,"x":"\\"a\\":1,\\"a\\":2"}', []],
    ['[{"a":1},{"a":2}]', []],
    ['"a"', []],
    ['{"__proto__":1,"__proto__":2}', ['__proto__']],
  ])('of %s are %j', (json, expected) => {
    JSON.parse(json)
    expect(repeatedNames(json, 20)).toEqual(expected)
  })

  it('are none in whatever JSON is made of, and found wherever one is put in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (object, value) => {
        const json = JSON.stringify(object)
        expect(repeatedNames(json, 20)).toEqual([])
        const [name] = Object.keys(object)
        if (name === undefined) return
        const twice = `${json.slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`
        expect(repeatedNames(twice, 20)).toHaveLength(1)
      }),
    )
  })

  it('are told up to a number, of an endless body too', () => {
    const many = `{${Array.from({ length: 5000 }, () => '"a":1').join()}}`
    expect(repeatedNames(many, 20)).toHaveLength(20)
  })
})

describe('a body', () => {
  it('that says a thing twice is refused with the place, and nothing of it is stored', async () => {
    const world = openWorld()
    const raw = '{"id":"t1","components":{"api":"v1.1.0","api":"v9.9.9"}}'
    const reply = await world.call('POST', '/api/v1/targets', { raw })
    expect([reply.status, reply.body.code]).toEqual([400, 'validation-failed'])
    expect(reply.body.errors).toEqual([{ field: 'components.api', value: null, expected: 'each field once' }])
    expect(world.log.records).toEqual([])
  })

  it('whose bytes were no text on the way is refused, whatever it says it is', async () => {
    const world = openWorld()
    const raw = '{"reason":"a\ufffdb"}'
    for (const type of ['application/json', 'application/json; charset=utf-8']) {
      const reply = await world.call('POST', '/api/v1/stop', { raw, headers: { 'content-type': type } })
      expect([reply.status, reply.body.code]).toEqual([400, 'validation-failed'])
    }
    const bytes = Buffer.from('{"reason":"a\xffb"}', 'latin1').toString('base64')
    const coded = await world.call('POST', '/api/v1/stop', { raw: bytes, base64: true })
    expect([coded.status, coded.body.code]).toEqual([400, 'malformed-json'])
    expect(world.log.records).toEqual([])
  })
})
