import { describe, expect, it } from 'vitest'
import { bar } from '../../clients/cli/terminal/bar.ts'

describe('the bar of a wave', () => {
  it('is full once all of it is done, and not before', () => {
    expect(bar({ size: 1000, good: 999, bad: 0, out: 0 })).toMatch(/^█+·$/)
    expect(bar({ size: 1000, good: 1000, bad: 0, out: 0 })).toMatch(/^█+$/)
  })

  it('shows whoever failed, however few they are, at one width', () => {
    for (const good of [0, 500, 999]) {
      const drawn = bar({ size: 1000, good, bad: 1, out: 0 })
      expect(drawn).toContain('×')
      expect(drawn).toHaveLength(28)
    }
  })
})
