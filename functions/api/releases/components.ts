import type { componentContracts } from '../../../contracts/components.ts'
import {
  type ComponentState,
  componentAggregate,
  schemeOf,
  setScheme,
} from '../../domain/component/component.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { Problem } from '../http/problem.ts'

type Contracts = typeof componentContracts

function bodyOf(component: string, state: ComponentState) {
  return { component, scheme: schemeOf(state), releases: state.releases }
}

/** Says how the versions of a component are ordered; the same again changes nothing. */
export const setComponentScheme: Operate<Contracts['setComponentScheme']> = async (input, { log }) => {
  const { component } = input.params
  const outcome = await log.execute(componentAggregate, component, setScheme(input.body), metadataOf(input))
  const { state, commit } = accepted(outcome)
  const status = outcome.kind === 'unchanged' ? 200 : 201
  const location = `/api/v1/components/${component}`
  return { status, body: bodyOf(component, state), commit, etag: commit, location }
}

/** Reads a component from its stream. */
export const getComponent: Operate<Contracts['getComponent']> = async ({ params }, { log }) => {
  const { state, commit } = await log.load(componentAggregate, params.component)
  if (commit === 0) {
    throw new Problem(
      'component-not-found',
      'Neither a scheme nor a release of this component was ever registered.',
    )
  }
  const counters = Object.entries(state.counters).map(
    ([channel, { counter, version }]) => [channel, { counter, version }] as const,
  )
  const body = { ...bodyOf(params.component, state), counters: Object.fromEntries(counters) }
  return { status: 200, body, etag: commit }
}

/** Lists components from the view. */
export const listComponents: Operate<Contracts['listComponents']> = async ({ query }, { views }) => {
  const { rows, nextCursor } = await pageOf(views.listComponents(query))
  return { status: 200, body: { components: rows, count: rows.length, nextCursor } }
}
