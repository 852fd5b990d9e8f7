import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { type Touched, wayBack } from '../../../functions/domain/plan/way-back.ts'
import { neverLeft } from '../../../functions/domain/target/never-left.ts'
import { accepted, assigned, ended, fold, registered } from '../target/stories.ts'

const family = { tries: new Set(['u1', 'retry']), rollbacks: new Set(['back']) }
const touched: Touched = { target: 'customer-1', from: '1.1.0', to: 'v1.2.0', inFlight: false }

/** An upgrade that brought the component from one version to another. */
function brought(
  upgrade: string,
  from: string,
  to: string,
  kind: 'deploy' | 'rollback' = 'deploy',
): TargetEvent[] {
  const plan = { upgrade, from, to, kind }
  return [assigned(plan), accepted(plan), ended({ version: to }, plan)]
}
const upgraded = [registered, ...brought('u1', '1.1.0', 'v1.2.0')]
const drifted = (from: string, to: string): TargetEvent => ({
  type: 'DriftFound',
  data: { component: 'api', from, to, heard: 'check', revision: 3 },
})

const back = (history: readonly TargetEvent[], changes: Partial<Touched> = {}) =>
  wayBack({ ...touched, ...changes }, fold(history), 'api', family)
const excluded = (...events: readonly TargetEvent[]) => back([...upgraded, ...events]).excluded

describe('the way back of a target', () => {
  it('leads to what ran before the first try of the family that touched it', () => {
    expect(back(upgraded)).toMatchObject({ from: 'v1.2.0', to: '1.1.0' })
    const twice = [...upgraded.slice(0, 3), ended({ outcome: 'failed', version: '1.1.9' })]
    expect(back([...twice, ...brought('retry', '1.1.9', 'v1.2.0')])).toMatchObject({ to: '1.1.0' })
  })
  it('leads to what its first plan saw where it knows of no try any more', () => {
    expect(back([registered]).to).toBe('1.1.0')
    expect(back([registered], { from: '1.0.7' }).to).toBe('1.0.7')
  })
  it('ends where a newer upgrade has put another version, and not where that was taken back again', () => {
    expect(excluded()).toBeUndefined()
    expect(excluded(...brought('u2', 'v1.2.0', 'v1.3.0'))).toBe('moved_on')
    const returned = brought('back-2', 'v1.3.0', 'v1.2.0', 'rollback')
    expect(excluded(...brought('u2', 'v1.2.0', 'v1.3.0'), ...returned)).toBeUndefined()
  })
  it('is not cut off by what an older upgrade had put there', () => {
    const older = [registered, ...brought('u0', '1.1.0', '1.1.5')]
    const failed = [assigned({ from: '1.1.5' }), accepted({ from: '1.1.5' })]
    const half = ended({ outcome: 'failed' }, { from: '1.1.5' })
    expect(back([...older, ...failed, half])).toMatchObject({ from: '1.1.5', to: '1.1.5' })
    expect(back([...older, ...failed, half]).excluded).toBeUndefined()
  })
  it('is over where the family has taken it back, or it went back by itself', () => {
    expect(excluded(...brought('back', 'v1.2.0', '1.1.0', 'rollback'))).toBe('already_at_version')
    expect(excluded(drifted('v1.2.0', '1.1.0'))).toBe('already_at_version')
    expect(excluded(drifted('v1.2.0', '9.0.0'))).toBe('moved_on')
  })
  it('begins, while a try is in flight, at what that is on its way to, and does not call it busy', () => {
    const underWay = back([registered, assigned(), accepted()], { inFlight: true })
    expect(underWay).toMatchObject({ from: 'v1.2.0', to: '1.1.0', active: null })
    expect(underWay.excluded).toBeUndefined()
    expect(back([...upgraded, assigned({ upgrade: 'u2' })]).active).toBe('u2')
  })
})

describe('who was in flight when its rollback was planned', () => {
  const plan = { component: 'api', from: 'v1.2.0', to: '1.1.0' }

  it.each<[string, boolean, TargetEvent[]]>([
    ['the try never reached it', true, [registered, assigned(), ended({ outcome: 'withdrawn' })]],
    ['it put itself back', true, [registered, assigned(), accepted(), ended({ outcome: 'rolled_back' })]],
    ['the try failed half-way', false, [registered, assigned(), accepted(), ended({ outcome: 'failed' })]],
    ['the try succeeded', false, upgraded],
    ['it was taken back since', true, [...upgraded, ...brought('back', 'v1.2.0', '1.1.0', 'rollback')]],
  ])('never left where %s: %s', (_, never, history) => {
    expect(neverLeft(fold(history), plan)).toBe(never)
  })
})
