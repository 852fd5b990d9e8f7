import { expect, test } from 'vitest'
import { answered, openProcedures } from './world.ts'

const at = (path: string) => `http://{{ target.id }}/${path}`
const post = (path: string) => ({
  repeatable: true,
  inverse: 'none',
  http: { request: { method: 'POST', url: at(path) } },
})

/** Seed 002's worker node: back up, drain, wait until nothing runs, replace, restart, settle, check health, enable, and rest before the next. */
const steps = [
  { id: 'backup', name: 'Back up', backup: true, ...post('backup') },
  { id: 'drain', name: 'Drain', ...post('drain') },
  {
    id: 'leave',
    name: 'Wait until nothing runs',
    poll: { request: { url: at('instances') }, until: 'answer.body.active == 0', everySeconds: 10 },
    timeoutSeconds: 600,
  },
  { id: 'stop', name: 'Stop', ...post('stop') },
  { id: 'replace', name: 'Replace', ...post('replace') },
  { id: 'start', name: 'Start', ...post('start') },
  { id: 'settle', name: 'Let it settle', wait: { seconds: 10 } },
  {
    id: 'healthy',
    name: 'Check health',
    health: { checks: [{ name: 'Node', request: { url: at('health') } }] },
  },
  { id: 'enable', name: 'Enable', ...post('enable') },
  { id: 'rest', name: 'Rest before the next', wait: { seconds: 60 } },
]

test('a node costs at most 40 transitions beside its polls, whatever else runs', async () => {
  const polls = 5
  let asked = 0
  const all = openProcedures(({ url }) =>
    answered({ active: url.endsWith('/instances') && ++asked <= polls ? 1 : 0 }),
  )
  await all.world.fleet(1)
  await all.store('node', { steps })
  const before = all.world.log.consumed().written
  expect(await all.over(await all.deploy('node'))).toBe('completed')
  const [execution] = (
    all.engine.request('ListExecutions', {
      stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:procedure-node-r1',
    }) as { executions: { executionArn: string }[] }
  ).executions // AWS's own answer
  const { events } = all.engine.request('GetExecutionHistory', {
    ...{ executionArn: execution?.executionArn, maxResults: 1000 },
  }) as { events: { type: string }[] } // AWS's own answer
  const count = (type: string) => events.filter((event) => event.type.endsWith(type)).length
  const entered = count('StateEntered')
  const retried = count('TaskScheduled') - count('TaskStateEntered')
  // Step Functions charges a state that is tried again as one more transition (AWS).
  expect([entered, retried]).toEqual([15, polls])
  expect(entered).toBeLessThanOrEqual(40)
  // What an upgrade of one target writes beside it is in there too.
  expect(all.world.log.consumed().written - before).toBeLessThanOrEqual(40)
  expect(all.calls.length).toBe(8 + polls)
})
