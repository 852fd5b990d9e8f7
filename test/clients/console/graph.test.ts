import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { box, type Definition, graphOf, stateOfMove } from '../../../clients/console/pictures/graph.ts'

const definition = (name: string): Definition =>
  JSON.parse(readFileSync(new URL(`../../../statemachines/${name}.asl.json`, import.meta.url), 'utf8'))

describe.each(['upgrade', 'rollout'])('the graph of the state machine %s', (name) => {
  const machine = definition(name)
  const graph = graphOf(machine, undefined)

  it('has every state once, none over another, all inside', () => {
    expect(graph.nodes.map((node) => node.name).sort()).toEqual(Object.keys(machine.States).sort())
    const places = graph.nodes.map(({ x, y }) => `${x} ${y}`)
    expect(new Set(places).size).toBe(places.length)
    for (const { x, y } of graph.nodes) {
      expect(x >= 0 && x + box.width <= graph.width && y >= 0 && y + box.height <= graph.height).toBe(true)
    }
  })

  it('has a way for each that the definition has', () => {
    const wanted = Object.entries(machine.States).flatMap(
      ([from, { Next, Default, Choices = [], Catch = [] }]) =>
        [Next, Default, ...[...Choices, ...Catch].map((one) => one.Next)].flatMap((to) =>
          to ? [`${from} > ${to}`] : [],
        ),
    )
    expect(new Set(graph.edges.map(({ from, to }) => `${from} > ${to}`))).toEqual(new Set(wanted))
  })

  it('knows the state of every move that the definition routes by', () => {
    const moves = JSON.stringify(machine).matchAll(/position\.move = '([a-z-]+)'/g)
    for (const [, move = ''] of moves) {
      const state = stateOfMove(machine, move) ?? ''
      expect(graphOf(machine, state).nodes.filter(({ isPresent }) => isPresent)).toHaveLength(1)
    }
    expect(stateOfMove(machine, 'nowhere')).toBeUndefined()
  })
})
