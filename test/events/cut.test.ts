import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cut } from '../../events/cut.ts'

it('a text is cut to its length between two characters, and shown to be so', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', '\u{1f6a2}', 'é'), maxLength: 12 })
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 12 }), (text, longest) => {
      const shown = cut(text, longest)
      expect(shown.length).toBeLessThanOrEqual(longest)
      expect(shown.isWellFormed()).toBe(true)
      if (text.length <= longest) expect(shown).toBe(text)
      else expect([shown.endsWith('…'), text.startsWith(shown.slice(0, -1))]).toEqual([true, true])
      // Of what there was room for, half a pair is all that is lost.
      if (text.length > longest) expect(shown.length).toBeGreaterThanOrEqual(longest - 1)
    }),
  )
})
