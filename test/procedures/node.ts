import type { openProcedures } from './world.ts'

const at = (path: string) => `http://{{ target.id }}/${path}`
const post = (path: string) => ({
  repeatable: true,
  inverse: 'none',
  http: { request: { method: 'POST', url: at(path) } },
})

/** The steps of seed 002's worker node: back up, drain, wait until nothing runs, replace, restart, settle, check health, enable, and rest before the next. */
export const nodeSteps = [
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

/**
 * Returns the transitions that the executions of a procedure have taken, how many of them were tasks, and how many tasks were tried again: Step Functions charges
 * each of those as one more (AWS).
 */
export function transitionsOf(
  engine: Pick<ReturnType<typeof openProcedures>['engine'], 'request'>,
  procedure: string,
): { readonly entered: number; readonly tasks: number; readonly retried: number } {
  const stateMachineArn = `arn:aws:states:eu-central-1:000000000000:stateMachine:procedure-${procedure}-r1`
  let [entered, tasks, retried] = [0, 0, 0]
  let nextToken: string | undefined
  do {
    const page = engine.request('ListExecutions', { stateMachineArn, ...(nextToken && { nextToken }) }) as {
      executions: { executionArn: string }[]
      nextToken?: string
    } // AWS's own answer
    for (const { executionArn } of page.executions) {
      const { events } = engine.request('GetExecutionHistory', { executionArn, maxResults: 1000 }) as {
        events: { type: string }[]
      } // AWS's own answer
      const count = (type: string) => events.filter((event) => event.type.endsWith(type)).length
      entered += count('StateEntered')
      tasks += count('TaskStateEntered')
      retried += count('TaskScheduled') - count('TaskStateEntered')
    }
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return { entered, tasks, retried }
}
