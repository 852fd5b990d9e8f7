import { describe, expect, it } from 'vitest'
import type { ProfileTarget } from '../../../functions/domain/profile/targeting.ts'
import { componentsOf, waitingFor } from '../../../functions/domain/profile/work.ts'
import { definition } from './world.ts'

const member = (component: string, from: string | null): ProfileTarget => ({
  target: `${component}-1`,
  component,
  from,
  priority: 5,
  named: false,
  override: { maintenance_window_hours: null, rollback_on_failure: null },
})

describe('the components that a profile upgrades', () => {
  const { upgrade_settings, resource_filters } = definition

  it('come in the order of its resource types', () => {
    const members = [member('local_broker', '1'), member('publisher', '1')]
    expect(componentsOf(definition, members)).toEqual(['publisher', 'local_broker'])
    const resource_types = ['local_broker', 'publisher']
    expect(
      componentsOf({ upgrade_settings, resource_filters: { ...resource_filters, resource_types } }, []),
    ).toEqual(['local_broker', 'publisher'])
  })
  it('are the one that it names, where it names one', () => {
    const named = { upgrade_settings: { ...upgrade_settings, component: 'api' }, resource_filters }
    expect(componentsOf(named, [member('api', '1')])).toEqual(['api'])
  })
  it('end with those of members by name, of whatever type they are, in the order of their names', () => {
    const members = [member('web', '1'), member('publisher', '1'), member('cache', '1'), member('web', '2')]
    expect(componentsOf(definition, members)).toEqual(['publisher', 'local_broker', 'cache', 'web'])
  })
})

describe('who waits for a version of a component', () => {
  const members = [
    member('publisher', '1.0.0'),
    member('publisher', 'v1.2.0'),
    member('publisher', null),
    member('local_broker', '1.0.0'),
  ]

  const wanted = (version: string | undefined, ...newer: readonly string[]) => ({
    ...{ version, newer: new Set(newer) },
  })

  it('is who runs another one, however the same one is written', () => {
    expect(waitingFor('publisher', wanted('1.2.0'), members)).toBe(1)
    expect(waitingFor('publisher', wanted('v1.2.0'), members)).toBe(1)
    expect(waitingFor('publisher', wanted('2.0.0'), members)).toBe(2)
  })
  it('is nobody who runs a newer one', () => {
    expect(waitingFor('publisher', wanted('1.1.0', 'v1.2.0'), members)).toBe(1)
  })
  it('is who runs any, where the version is not known', () => {
    expect(waitingFor('publisher', wanted(undefined), members)).toBe(2)
  })
  it('is never who does not run the component, or is there for another', () => {
    expect(waitingFor('local_broker', wanted('2.0.0'), members)).toBe(1)
    expect(waitingFor('cache', wanted('2.0.0'), members)).toBe(0)
  })
})
