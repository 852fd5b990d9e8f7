import { describe, expect, it } from 'vitest'
import { componentsOf, waitingFor } from '../../../functions/domain/profile/work.ts'
import { definition } from './world.ts'

describe('the components that a profile upgrades', () => {
  const { upgrade_settings, resource_filters } = definition

  it('come in the order of its resource types', () => {
    expect(componentsOf(definition, ['local_broker', 'publisher'])).toEqual(['publisher', 'local_broker'])
    const resource_types = ['local_broker', 'publisher']
    expect(
      componentsOf({ upgrade_settings, resource_filters: { ...resource_filters, resource_types } }, []),
    ).toEqual(['local_broker', 'publisher'])
  })
  it('are the one that it names, where it names one', () => {
    const named = { upgrade_settings: { ...upgrade_settings, component: 'api' }, resource_filters }
    expect(componentsOf(named, ['api'])).toEqual(['api'])
  })
  it('end with those of members by name, of whatever type they are, in the order of their names', () => {
    const ofMembers = ['web', 'publisher', 'cache', 'web']
    expect(componentsOf(definition, ofMembers)).toEqual(['publisher', 'local_broker', 'cache', 'web'])
  })
})

describe('who waits for a version of a component', () => {
  const runs = new Map([
    ['1.0.0', 2],
    ['v1.2.0', 3],
    [null, 4],
  ])

  const wanted = (version: string | undefined, ...newer: readonly string[]) => ({
    ...{ version, newer: new Set(newer) },
  })

  it('is who runs another one, however the same one is written', () => {
    expect(waitingFor(wanted('1.2.0'), runs)).toBe(2)
    expect(waitingFor(wanted('v1.2.0'), runs)).toBe(2)
    expect(waitingFor(wanted('2.0.0'), runs)).toBe(5)
  })
  it('is nobody who runs a newer one', () => {
    expect(waitingFor(wanted('1.1.0', 'v1.2.0'), runs)).toBe(2)
  })
  it('is who runs any, where the version is not known', () => {
    expect(waitingFor(wanted(undefined), runs)).toBe(5)
  })
  it('is never who does not run the component', () => {
    expect(waitingFor(wanted('2.0.0'), new Map([[null, 4]]))).toBe(0)
    expect(waitingFor(wanted('2.0.0'), new Map())).toBe(0)
  })
})
