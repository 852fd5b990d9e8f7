import { describe, expect, test } from 'vitest'
import { audited, verdict } from '../../infra/advisories.ts'

const report = (high: number, critical = 0) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: high + critical === 0 ? {} : { leftpad: {} },
    metadata: { vulnerabilities: { info: 3, low: 2, moderate: 1, high, critical } },
  })
const refused = JSON.stringify({
  message: '405 Method Not Allowed - POST https://registry.example/-/npm/v1/security/advisories/bulk',
  statusCode: 405,
})

describe('the audit of dependencies', () => {
  test('passes where no high or critical fault is known', () => {
    expect(verdict(audited(report(0)), false)).toMatchObject({
      failed: false,
      words: expect.stringMatching(/^AUDITED/),
    })
  })

  test.each([report(1), report(0, 1)])('fails at a high or critical one, and names it', (text) => {
    const { failed, words } = verdict(audited(text), false)
    expect([failed, words]).toEqual([true, expect.stringContaining('leftpad')])
  })

  test('says that nothing is known where the registry does not answer, and fails where an answer is required', () => {
    const found = audited(refused)
    expect(verdict(found, false)).toEqual({
      failed: false,
      words: expect.stringMatching(/^NOT AUDITED: .*\(405 Method Not Allowed\)/),
    })
    expect(verdict(found, true).failed).toBe(true)
    expect(verdict(found, false).words).not.toContain('registry.example')
  })

  test.each(['', '{}', '{"auditReportVersion":2}', 'npm error'])('never takes %j for an answer', (text) => {
    expect(() => audited(text)).toThrow()
  })
})
