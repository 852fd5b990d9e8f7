import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Told } from '../../../clients/console/answers.ts'
import { type Definition, graphOf, stateOfMove, widthOf } from '../../../clients/console/pictures/graph.ts'
import { movesOf, tells } from '../../../clients/console/pictures/passed.ts'
import { ladderOf, type Procedure, type ShownStep } from '../../../clients/console/pictures/procedure.ts'
import { rolloutEvents } from '../../../events/rollout.ts'
import { upgradeEvents } from '../../../events/upgrade.ts'

const definition = (name: string): Definition =>
  JSON.parse(readFileSync(new URL(`../../../statemachines/${name}.asl.json`, import.meta.url), 'utf8'))

/** What a choice has for a move that there is not. */
const guard = 'This move is unknown'

describe.each(['upgrade', 'rollout'])('the graph of the state machine %s', (name) => {
  const machine = definition(name)
  const graph = graphOf(machine)

  it('has every state once, but for the guard, none over another, all inside', () => {
    const states = Object.keys(machine.States).filter((state) => state !== guard)
    expect(graph.nodes.map((node) => node.name).sort()).toEqual(states.sort())
    for (const { name: one, x, y, width, height } of graph.nodes) {
      expect(x >= 0 && x + width <= graph.width && y >= 0 && y + height <= graph.height).toBe(true)
      for (const other of graph.nodes) {
        const apart =
          x + width <= other.x ||
          other.x + other.width <= x ||
          y + height <= other.y ||
          other.y + other.height <= y
        expect([one, other.name, apart || one === other.name]).toEqual([one, other.name, true])
      }
    }
  })

  it('has every name whole, in a box that it fits into', () => {
    for (const { name: one, lines, width } of graph.nodes) {
      expect(lines.join(' ')).toBe(one)
      for (const line of lines) expect(widthOf(line.length)).toBeLessThanOrEqual(width)
    }
  })

  it('has a way for each that the definition has', () => {
    const wanted = Object.entries(machine.States).flatMap(
      ([from, { Next, Default, Choices = [], Catch = [] }]) =>
        [Next, Default, ...[...Choices, ...Catch].map((one) => one.Next)].flatMap((to) =>
          to && to !== guard ? [`${from} > ${to}`] : [],
        ),
    )
    expect(new Set(graph.edges.map(({ from, to }) => `${from} > ${to}`))).toEqual(new Set(wanted))
  })

  it('knows the state of every move that the definition routes by', () => {
    const moves = JSON.stringify(machine).matchAll(/position\.move = '([a-z-]+)'/g)
    for (const [, move = ''] of moves)
      expect(graph.nodes.map((node) => node.name)).toContain(stateOfMove(machine, move))
    expect(stateOfMove(machine, 'nowhere')).toBeUndefined()
  })
})

describe('what a state machine has been through', () => {
  const told = (...types: string[]) => types.map((type) => ({ type }) as Told)

  it('is read from the story, with a state for each move', () => {
    const story = told('UpgradeRequested', 'UpgradePlanned', 'WaveStarted', 'WaveEnded', 'GateEvaluated')
    const moves = movesOf(story)
    expect(moves).toEqual(['plan', 'start-wave', 'wave', 'gate'])
    for (const move of moves) expect(stateOfMove(definition('upgrade'), move)).toBeTypeOf('string')
    const phases = movesOf(told('RolloutPlanned', 'ApprovalGiven', 'PhaseStarted', 'PhaseEnded'))
    expect(phases).toEqual(['plan', 'approval', 'start-phases', 'phases'])
    for (const move of phases) expect(stateOfMove(definition('rollout'), move)).toBeTypeOf('string')
  })

  it('names events that there are', () => {
    const known = new Set([...Object.keys(upgradeEvents.shapes), ...Object.keys(rolloutEvents.shapes)])
    for (const type of Object.values(tells).flat()) expect([type, known.has(type)]).toEqual([type, true])
  })
})

describe('the graph of a procedure', () => {
  const request = { url: 'https://node.example/' }
  const post = (name: string) => ({ name, http: { request: { ...request, method: 'POST' as const } } })
  const procedure: Procedure = {
    steps: [
      { id: 'drain', ...post('Drain'), inverse: post('Take work again') },
      {
        ...{ id: 'leave', name: 'Wait until nothing runs', onFailure: 'continue', timeoutSeconds: 600 },
        poll: { request, until: 'answer.body.left == 0', everySeconds: 5 },
      },
      { id: 'ask', name: 'Ask somebody', onFailure: 'stop', acknowledge: { ask: 'Is it well?' } },
      { id: 'replace', ...post('Replace'), inverse: post('Restore') },
      { id: 'rest', name: 'Rest', wait: { seconds: 10 }, inverse: 'none' },
    ],
    verifyWayBack: [
      { id: 'well', name: 'See that it is well', health: { checks: [{ name: 'Node', request }] } },
    ],
  }
  const step = (
    id: string,
    status: ShownStep['status'],
    direction: 'there' | 'back' = 'there',
    tries = 1,
  ) => ({
    ...{ step: id, name: id, status, direction, tries },
  })
  const ladder = ladderOf(procedure, [], null)
  const lineOf = (key: string, of = ladder) => of.lines.find((line) => line.key === key)
  const boxOf = (key: string, of = ladder) => of.nodes.find((node) => node.key === key)

  it('has every step and how it is undone, and the ends', () => {
    expect(ladder.nodes.map(({ key }) => key).sort()).toEqual(
      [
        ...['there:drain', 'there:leave', 'there:ask', 'there:replace', 'there:rest', 'wait:there:ask'],
        ...['back:drain', 'back:replace', 'back:well'],
        ...['end:Upgraded', 'end:Taken back', 'end:Stopped where it is'],
      ].sort(),
    )
  })

  it('leads from a step that fails to how the last before it is undone, or to where it stops', () => {
    const failed = ladder.lines
      .filter(({ kind }) => kind === 'caught')
      .map(({ key, d }) => [key, d.split('H').at(-1)])
    expect(failed.map(([key]) => key)).toEqual([
      'there:drain failed',
      'there:ask failed',
      'there:replace failed',
      'there:rest failed',
    ])
    const yOf = (key: string) => Number(/V([\d.]+)H/.exec(lineOf(key)?.d ?? '')?.[1])
    const stopped = boxOf('end:Stopped where it is')
    expect(yOf('there:ask failed')).toBe((stopped?.y ?? 0) + (stopped?.height ?? 0) / 2)
    expect(yOf('there:rest failed')).toBe((boxOf('back:replace')?.y ?? 0) + 15)
  })

  it('shows what is looked at again, and whom a step waits for', () => {
    expect(
      ladder.lines
        .filter(({ kind }) => kind === 'again')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(
      ['back:drain', 'back:replace', 'back:well', 'there:drain', 'there:leave', 'there:replace'].map(
        (key) => `${key} again`,
      ),
    )
    expect(boxOf('there:leave')?.more.join(' ')).toBe('looks every 5 s, for 10 min at most')
    expect(boxOf('wait:there:ask')?.lines).toEqual(['a person'])
  })

  it('shows how far an attempt is, on the way that it has taken', () => {
    const failed = ladderOf(
      procedure,
      [
        ...[
          step('drain', 'done'),
          step('leave', 'failed'),
          step('ask', 'done'),
          step('replace', 'failed', 'there', 4),
        ],
        ...[step('replace', 'done', 'back'), step('drain', 'running', 'back')],
      ],
      null,
    )
    const taken = failed.lines.filter(({ isTaken }) => isTaken).map(({ key }) => key)
    expect(taken.sort()).toEqual([
      ...['back:replace on', 'there:ask on', 'there:drain on', 'there:leave on'],
      ...['there:replace again', 'there:replace failed'],
    ])
    expect(boxOf('there:replace', failed)?.more).toContain('tried 4 times')
    expect(boxOf('end:Taken back', failed)?.status).toBeNull()
    expect(boxOf('end:Taken back', ladderOf(procedure, [], 'rolled_back'))?.status).toBe('reached')
  })

  it('draws nothing over another, whatever the names', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 60 }), fc.boolean(), fc.boolean()), {
          minLength: 1,
          maxLength: 30,
        }),
        (steps) => {
          const made = steps.map(([name, undone, asks], place) => ({
            ...(asks ? { name, acknowledge: { ask: name } } : post(name)),
            ...{ id: `s${place}`, ...(undone && { inverse: post(name) }) },
          }))
          const { nodes, width, height } = ladderOf({ steps: made }, [], null)
          nodes.forEach((one, place) => {
            expect(one.x >= 0 && one.x + one.width <= width && one.y + one.height <= height).toBe(true)
            for (const other of nodes.slice(place + 1)) {
              const beside = one.x + one.width <= other.x || other.x + other.width <= one.x
              const under = one.y + one.height <= other.y || other.y + other.height <= one.y
              expect(beside || under).toBe(true)
            }
          })
        },
      ),
      { numRuns: 50 },
    )
  })
})
