import { describe, expect, it, test } from 'vitest'
import { openApi } from '../../functions/api/openapi.ts'
import { openWorld } from './world.ts'

function patternsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'pattern' && typeof inner === 'string' ? [inner] : patternsIn(inner),
  )
}

const patterns = [...new Set(patternsIn(openApi('1.0.0')))]

describe('the patterns of /openapi.json', () => {
  test.each(patterns)('%s says the same with and without the flag u', (pattern) => {
    expect(pattern, 'not every dialect knows classes of Unicode').not.toMatch(/\\p\{/i)
    const texts = ['', 'plain', 'Größe 😀', 'a\u0007b', 'a\u009fb', '12', '2026-12-24', 'x=y', 'line\nbreak']
    for (const text of texts) {
      expect(new RegExp(pattern).test(text), text).toBe(new RegExp(pattern, 'u').test(text))
    }
  })

  it('are there', () => {
    expect(patterns.length).toBeGreaterThan(10)
  })
})

describe('words of a person', () => {
  const stop = async (reason: string) =>
    (await openWorld().call('POST', '/api/v1/stop', { body: { reason } })).status

  it('may have any character but controls and halves of pairs', async () => {
    expect(await stop('Größe 😀 “prüfen”')).toBe(200)
    for (const reason of ['bell\u0007', 'line\nbreak', 'c1\u0085', 'half\ud83d', '']) {
      expect(await stop(reason), JSON.stringify(reason)).toBe(400)
    }
  })
})

describe('what the gateway answers by itself', () => {
  const document = openApi('1.0.0') as {
    paths: Record<string, Record<string, { responses: Record<string, { content: object }> }>>
  } // as OpenAPI has it

  it('is described beside the problems of the functions', () => {
    const { responses } = document.paths['/api/v1/stop']?.post ?? { responses: {} }
    expect(Object.keys(responses['401']?.content ?? {})).toEqual([
      'application/problem+json',
      'application/json',
    ])
    expect(Object.keys(responses['431']?.content ?? {})).toEqual(['application/json'])
    const open = document.paths['/health']?.get?.responses ?? {}
    expect([open['401'], Object.keys(open['429']?.content ?? {})]).toEqual([undefined, ['application/json']])
  })
})
