import { describe, expect, it, test } from 'vitest'
import { openCommands } from '../../functions/executors/run-command.ts'
import type { Played } from '../../infra/local/commands.ts'
import { textOf } from '../docs/documents.ts'
import { node, openNode } from '../executors/node-commands.ts'
import { openProcedures } from './world.ts'

const upgrade = (more: object = {}, ssm: object = {}) => ({
  ...{ id: 'replace', name: 'Replace the program', inverse: 'none', timeoutSeconds: 600 },
  ssm: {
    ...{ instance: node, document: 'AWS-RunShellScript' },
    parameters: { commands: ['upgrade {{ attempt.to }}', 'token {{ ssm-secure:/node/token }}'] },
    ...ssm,
  },
  ...more,
})
const after = { id: 'after', name: 'After it', http: { request: { url: 'http://node.example/after' } } }

type All = ReturnType<typeof openProcedures>
type Node = ReturnType<typeof openNode>

/** Tags the target anew. */
async function tag(all: All, value: string) {
  const { status, body } = await all.world.call('PATCH', '/api/v1/targets/cust_0001', {
    body: { tags: { value, instance: value } },
  })
  if (status !== 200) throw new Error(JSON.stringify(body))
  await all.quiet()
}

async function deployed(
  played: (tries: number) => Played | undefined,
  steps: object[] = [upgrade(), after],
  prepare: (parts: Pick<All, 'kill'> & Pick<Node, 'meets'>) => void = () => {},
  value = 'none',
  document?: string,
) {
  const all = openProcedures(() => ({ kind: 'answered', status: 200, headers: {}, body: '{}' }))
  const machine = openNode(all.world.services, played)
  all.commands(openCommands(machine.send))
  prepare({ kill: all.kill, meets: machine.meets })
  await all.world.fleet(1)
  await tag(all, value)
  const headers = { 'content-type': 'application/yaml' }
  const stored = document
    ? await all.world.call('PUT', '/api/v1/procedures/node', { raw: document, headers })
    : await all.store('node', { steps })
  if (stored.status !== 200) throw new Error(JSON.stringify(stored.body))
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  return { all, machine, id }
}

const done = (more: Partial<Played> = {}): Played => ({ seconds: 60, details: 'Success', ...more })
const stepOf = async (all: Awaited<ReturnType<typeof deployed>>['all']) => {
  const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/steps')
  return body.steps[0]
}

describe('a step of Run Command', () => {
  test('is over when its command is, and not when it was sent', async () => {
    const { all, machine, id } = await deployed(() => done({ output: 'Upgraded. password=correct-horse' }))
    await all.pass(30)
    expect([await all.steps('cust_0001'), all.calls]).toEqual([['replace running', 'after waiting'], []])
    expect(await all.over(id)).toBe('completed')
    expect(machine.commands).toMatchObject([
      { parameters: { commands: ['upgrade v1.2.0', 'token {{ssm-secure:/node/token}}'] } },
    ])
    const { output } = await stepOf(all)
    expect(output).toMatch(/^Command [0-9a-f-]{36}: Success\. Upgraded\. password=\[redacted\]$/)
    expect(await all.audited()).toEqual([])
  })

  test('saves what its command says', async () => {
    const steps = [
      upgrade({ save: { path: 'answer.body.path', code: 'answer.status' } }),
      { ...after, http: { request: { url: 'http://node.example/{{ steps.replace.path }}' } } },
    ]
    const { all, id } = await deployed(() => done({ output: '{"path":"backup-7"}' }), steps)
    await all.over(id)
    expect(all.calls.map(({ url }) => url)).toEqual(['http://node.example/backup-7'])
  })

  it.each(['request-lost', 'answer-lost', 'broken-down'] as const)(
    'whose sending met "%s" is found out from the list, and sent once, by nobody’s word',
    async (mishap) => {
      const { all, machine, id } = await deployed(
        () => done(),
        undefined,
        ({ meets }) =>
          meets((operation, count) => (operation === 'SendCommand' && count === 1 ? mishap : undefined)),
      )
      expect(await all.over(id)).toBe('completed')
      expect(machine.commands).toHaveLength(1)
      expect(await all.audited()).toEqual([])
    },
  )

  it.each(['before', 'after'] as const)('is sent once where its function dies %s', async (when) => {
    const { all, machine, id } = await deployed(
      () => done(),
      undefined,
      ({ kill }) => {
        let left = 3
        kill(({ place }) => (place === 'there:replace' && left-- > 0 ? when : undefined))
      },
    )
    expect(await all.over(id)).toBe('completed')
    expect(machine.commands).toHaveLength(1)
  })

  test('is sent once where the list is two minutes late and nobody remembers having sent it', async () => {
    const { all, machine, id } = await deployed(
      () => done({ appearsAfter: 110 }),
      undefined,
      ({ meets }) => meets((operation) => (operation === 'SendCommand' ? 'answer-lost' : undefined)),
    )
    expect(await all.over(id)).toBe('completed')
    expect(machine.commands).toHaveLength(1)
  })

  test('is found again although its target names another node by now', async () => {
    const tagged = upgrade({}, { instance: '{{ target.tags.value }}' })
    const { all, machine, id } = await deployed(
      () => done(),
      [tagged, after],
      ({ meets }) => meets((operation) => (operation === 'SendCommand' ? 'answer-lost' : undefined)),
      node,
    )
    await all.pass(5)
    await tag(all, 'i-0123456789abcdef1')
    expect([await all.over(id), machine.commands.length]).toEqual(['completed', 1])
  })

  it.each([
    ['Failed', 'SSM_FAILED', 1],
    ['ExecutionTimedOut', 'SSM_EXECUTION_TIMED_OUT', 1],
    ['Canceled', 'SSM_CANCELED', 1],
    ['AccessDenied', 'SSM_ACCESS_DENIED', 1],
    ['Undeliverable', 'SSM_UNDELIVERABLE', 4],
    ['DeliveryTimedOut', 'SSM_DELIVERY_TIMED_OUT', 4],
  ])('whose command ended as %s failed with %s, after %i', async (details, code, sent) => {
    const { all, machine, id } = await deployed(() =>
      done({ seconds: 5, details, code: 1, error: 'no space' }),
    )
    expect(await all.over(id)).toBe('completed_with_exceptions')
    expect(await stepOf(all)).toMatchObject({ status: 'failed', code })
    expect(machine.commands).toHaveLength(sent)
    // Each try has a comment of its own, or a second one would be taken for the first.
    expect(new Set(machine.commands.map(({ comment }) => comment)).size).toBe(sent)
    expect(await all.audited()).toEqual([])
  })

  test('that may be repeated is sent again when it failed', async () => {
    const { all, machine, id } = await deployed(
      (tries) => done({ seconds: 5, details: tries < 3 ? 'Failed' : 'Success' }),
      [upgrade({ repeatable: true }), after],
    )
    expect([await all.over(id), machine.commands.length]).toEqual(['completed', 3])
    expect(await all.audited()).toEqual([])
  })

  test('whose command outlasts it has failed, with the command by its id', async () => {
    const { all, id } = await deployed(() => done({ seconds: 9000 }))
    expect(await all.over(id)).toBe('completed_with_exceptions')
    expect(await stepOf(all)).toMatchObject({
      code: 'DEADLINE',
      output: expect.stringMatching(/^Command [0-9a-f-]{36}: InProgress when its time was over\.$/),
    })
  })

  test('of whose command nobody says anything waits for a person when its time is over, and not before', async () => {
    const { all, machine } = await deployed(
      () => done(),
      undefined,
      ({ meets }) => meets((operation) => (operation === 'SendCommand' ? undefined : 'throttled')),
    )
    await all.pass(590)
    expect(await all.steps('cust_0001')).toEqual(['replace running', 'after waiting'])
    await all.until(async () => (await all.steps('cust_0001')).includes('replace held'), 60)
    expect(machine.commands).toHaveLength(1)
  })

  test('that may be repeated asks no person then', async () => {
    const { all, id } = await deployed(
      () => done(),
      [upgrade({ repeatable: true }), after],
      ({ meets }) => meets((operation) => (operation === 'SendCommand' ? undefined : 'throttled')),
    )
    expect(await all.over(id)).toBe('completed_with_exceptions')
    expect(await stepOf(all)).toMatchObject({ status: 'failed', code: 'DEADLINE' })
  })

  test('to a node that is not there yet is tried again, and its node may come', async () => {
    let asked = 0
    const { all, machine, id } = await deployed(() => (++asked < 3 ? undefined : done()))
    expect([await all.over(id), machine.commands.length]).toEqual(['completed', 1])
  })

  test('is not begun any more on its node when its time is over', async () => {
    const { all, machine, id } = await deployed(() => done())
    await all.over(id)
    const [timeout] = machine.requests('SendCommand').map(({ TimeoutSeconds }) => TimeoutSeconds)
    expect(timeout).toBeLessThanOrEqual(600)
    expect(timeout).toBeGreaterThan(590)
  })

  it.each([
    ['a shell', 'node-1; reboot'],
    ['an option', '--force'],
    ['two words', 'one two'],
    ['a reference of SSM', '{{ssm-secure:/root/key}}'],
    ['a substitution', '$(reboot)'],
  ])('with a value that is %s is never sent', async (_, value) => {
    const hostile = upgrade({}, { parameters: { commands: ['upgrade {{ target.tags.value }}'] } })
    const { all, machine, id } = await deployed(() => done(), [hostile, after], undefined, value)
    await all.over(id)
    expect(await stepOf(all)).toMatchObject({
      ...{ status: 'failed', code: 'NO_VALUE' },
      output: expect.stringContaining('which a script could read as more than a word'),
    })
    expect(machine.asked).toEqual([])
  })

  test('for what is no id of a node is never sent', async () => {
    const { all, machine, id } = await deployed(
      () => done(),
      [upgrade({}, { instance: '{{ target.id }}' }), after],
    )
    await all.over(id)
    expect([await stepOf(all), machine.asked]).toMatchObject([{ code: 'NO_VALUE' }, []])
  })
})

describe('a document with Run Command', () => {
  const mistakes = async (step: object) => {
    const all = openProcedures(() => ({ kind: 'answered', status: 200, headers: {}, body: '' }))
    const { status, body } = await all.store('node', { steps: [step] })
    return [
      status,
      ...(body.errors ?? []).map(
        ({ field, expected }: { field: string; expected: string }) => `${field}: ${expected}`,
      ),
    ]
  }
  const { inverse: _, ...withoutInverse } = upgrade()

  it.each([
    [
      'a secret in a parameter',
      upgrade({}, { parameters: { commands: ["{{ secret('a') }}"] } }),
      'steps.0.ssm.parameters.commands.0: no secret here, since SSM keeps',
    ],
    [
      'a secret as an instance',
      upgrade({}, { instance: "{{ secret('a') }}" }),
      'steps.0.ssm.instance: no secret',
    ],
    [
      'a step before it that is none',
      upgrade({}, { parameters: { a: '{{ steps.later.b }}' } }),
      'steps.0.ssm.parameters.a: a step before it',
    ],
    ['too little time', upgrade({ timeoutSeconds: 149 }), 'steps.0.timeoutSeconds: at least 150'],
    ['no word of how it is undone', withoutInverse, 'steps.0.inverse: how it is undone'],
    ['a name that no document has', upgrade({}, { document: 'a document' }), 'steps.0.ssm.document: '],
    ['a version that none has', upgrade({}, { documentVersion: 'latest' }), 'steps.0.ssm.documentVersion: '],
    ['another kind beside it', upgrade({ wait: { seconds: 1 } }), 'steps.0: exactly one of'],
  ])('that has %s is refused with its place', async (_name, step, expected) => {
    const [status, first, ...others] = await mistakes(step)
    expect([status, others]).toEqual([400, []])
    expect(first).toContain(expected)
  })

  test('is the one that the documentation shows, which knows that it is there for the second time', async () => {
    const [shown = ''] = [...textOf('docs/procedures.md').matchAll(/```yaml\n([\s\S]*?)```/g)]
      .map(([, text = '']) => text)
      .filter((text) => text.includes('ssm:'))
    const { all, machine, id } = await deployed(() => done(), [], undefined, node, shown)
    expect(await all.over(id)).toBe('completed')
    const [sent] = machine.requests('SendCommand')
    expect(sent).toMatchObject({
      InstanceIds: [node],
      Parameters: { commands: expect.arrayContaining(['exit 194']), executionTimeout: ['1500'] },
    })
  })

  test('is shown by the dry run as it would be sent, with what is not known yet by its name', async () => {
    const steps = [
      { ...after, save: { path: 'answer.body.path' } },
      upgrade(
        {},
        {
          parameters: {
            commands: ['restore {{ steps.after.path }}'],
            workingDirectory: '/opt/{{ target.id }}',
          },
        },
      ),
    ]
    const { all } = await deployed(() => done(), steps)
    const tried = await all.world.call('POST', '/api/v1/procedures/node/try', {
      body: { targetId: 'cust_0001', component: 'api', version: 'v1.2.0' },
    })
    expect(tried.body.steps).toMatchObject([
      { step: 'after', command: null },
      {
        ...{ step: 'replace', kind: 'ssm', calls: [], note: null },
        command: {
          ...{ instance: node, document: 'AWS-RunShellScript', version: '$DEFAULT' },
          parameters: { commands: ['restore (after.path)'], workingDirectory: ['/opt/cust_0001'] },
        },
      },
    ])
  })
})
