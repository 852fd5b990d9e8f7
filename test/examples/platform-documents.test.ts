import { expect, it, test } from 'vitest'
import { rolloutPlan } from '../../contracts/rollouts.ts'
import { procedureDocument } from '../../events/procedure.ts'
import { componentsOf, layoutOf, regionNames, servicesOf, sizes } from '../../examples/platform/layout.ts'
import { documentText, procedureTexts } from '../../examples/platform/registration.ts'
import { readDocument } from '../../functions/api/http/documents.ts'
import { mistakesIn } from '../../functions/domain/procedure/mistakes.ts'
import { actionsOf } from '../../functions/domain/procedure/steps.ts'

const procedures = procedureTexts()
const plan = rolloutPlan.parse(readDocument(documentText('plan.yaml')).json)

test.each(procedures)('the procedure $name is accepted as it is written', ({ text }) => {
  expect(mistakesIn(procedureDocument.parse(readDocument(text).json))).toEqual([])
})

it('Z1: the plan is accepted, its phases stand in the order of what they depend on, and name procedures that are there', () => {
  const names = plan.phases.map(({ name }) => name)
  for (const [place, { dependsOn }] of plan.phases.entries())
    expect(dependsOn).toEqual(place === 0 ? [] : [names[place - 1]])
  const named = plan.phases.map(({ procedure }) => procedure?.name)
  expect(new Set(named)).toEqual(new Set(procedures.map(({ name }) => name)))
  const known = new Set<string>(Object.values(componentsOf).flat())
  expect(new Set(plan.phases.map(({ component }) => component))).toEqual(known)
})

it('Z1: the platform has 45 services on 27 nodes in 3 regions', () => {
  const nodes = layoutOf('full').flatMap((region) => region.nodes)
  expect([Object.keys(sizes), regionNames.length, nodes.length]).toEqual([['full', 'small'], 3, 27])
  expect(nodes.flatMap(({ type }) => servicesOf[type])).toHaveLength(45)
})

it('Z4, Z5, Z6: the waits are those that platforms are upgraded with', () => {
  const phase = (component: string) => plan.phases.find((one) => one.component === component)
  expect(phase('operator')).toMatchObject({ strategy: 'serial', spacingSeconds: 30 })
  expect(phase('ingress')).toMatchObject({ strategy: 'serial', spacingSeconds: 30 })
  expect(phase('node-agent')).toMatchObject({
    ...{ strategy: 'groups', parallel: 1 },
    groups: { by: 'region', order: [...regionNames], pauseSeconds: 300 },
  })
  const waits = (name: string) => {
    const text = procedures.find((one) => one.name === name)?.text ?? ''
    const document = procedureDocument.parse(readDocument(text).json)
    return [...actionsOf(document)].flatMap(({ wait }) => wait?.seconds ?? [])
  }
  expect([waits('operator'), waits('node-agent'), waits('ingress')]).toEqual([[10], [10, 60], [10]])
})

it('Z8: a second person approves the whole of it', () => {
  expect(plan.approvals.required).toBe(1)
})
