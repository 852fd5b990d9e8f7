import type { ComponentEvent } from '../../../events/component.ts'
import { componentAggregate, schemeOf } from '../../domain/component/component.ts'
import type { Projection } from '../projection.ts'
import { type ComponentRow, viewNames } from '../rows.ts'

/** Every component of which anything was said, by name. */
export const components: Projection<ComponentEvent, ComponentRow> = {
  name: 'components',
  place: (_event, { id, number }) => ({ view: viewNames.components, row: id, sequence: number }),
  apply(body, event, context) {
    const { initial, evolve } = componentAggregate
    const known = body && { ...initial, scheme: body.scheme, releases: body.releases }
    const state = evolve(known ?? initial, event, context)
    return {
      component: context.id,
      scheme: schemeOf(state),
      releases: state.releases,
      updatedAt: context.at,
    }
  },
}
