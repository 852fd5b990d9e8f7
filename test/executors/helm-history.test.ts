import { describe, expect, test } from 'vitest'
import {
  inForce,
  isPending,
  lastBefore,
  originOf,
  type ReleaseHistory,
  readHistory,
  standsFor,
} from '../../functions/executors/helm/history.ts'

/** A history from its statuses and descriptions, the first revision being 1. */
const history = (...told: (readonly [status: string, description: string])[]): ReleaseHistory =>
  told.map(([status, description], place) => ({ revision: place + 1, status, description, at: 0 }))

const upgraded = 'Upgrade complete'

describe('the history of a release', () => {
  test('is read in the order of its revisions, and only where it is one', () => {
    const output = JSON.stringify([
      { revision: 2, status: 'deployed', updated: '2026-01-02T03:04:05.000000006Z', description: upgraded },
      { revision: 1, status: 'superseded', updated: '', description: 'Install complete' },
    ])
    expect(readHistory(output)).toEqual([
      { revision: 1, status: 'superseded', at: 0, description: 'Install complete' },
      { revision: 2, status: 'deployed', at: Date.parse('2026-01-02T03:04:05Z'), description: upgraded },
    ])
    for (const other of ['', '{}', '[{}]', '[{"revision":"1","status":"deployed"}]'])
      expect(readHistory(other)).toBeUndefined()
  })

  test('says what was in force before, and a failed revision that a failed rollback calls superseded was not', () => {
    const told = history(
      ['superseded', upgraded],
      ['superseded', 'Upgrade "one" failed: not ready'],
      ['superseded', 'Preparing upgrade'],
      ['failed', 'Rollback "one" failed: conflict'],
      ['deployed', upgraded],
    )
    expect(lastBefore(told, 5)?.revision).toBe(1)
    expect(lastBefore(told, 1)).toBeUndefined()
    expect(inForce(told)?.revision).toBe(5)
  })

  test('says that nothing was before an install that came after a removal', () => {
    const told = history(
      ['superseded', upgraded],
      ['superseded', 'superseded by new release'],
      ['deployed', 'Install complete'],
    )
    expect(lastBefore(told, 3)).toBeUndefined()
  })

  test('follows rollbacks to what they went back to, and never round in a circle', () => {
    const told = history(
      ['superseded', upgraded],
      ['superseded', upgraded],
      ['superseded', 'Rollback to 1'],
      ['superseded', 'Rollback to 9'],
      ['deployed', 'Rollback to 3'],
    )
    expect(told.map((one) => originOf(told, one))).toEqual([1, 2, 1, 4, 1])
    expect(standsFor(told, 1)?.revision).toBe(5)
    expect(standsFor(told, 7)).toBeUndefined()
  })

  test('knows what is pending', () => {
    const statuses = [
      'pending-install',
      'pending-upgrade',
      'pending-rollback',
      'deployed',
      'failed',
      'uninstalled',
    ]
    expect(history(...statuses.map((one) => [one, ''] as const)).map(isPending)).toEqual([
      ...[true, true, true, false, false, false],
    ])
  })
})
