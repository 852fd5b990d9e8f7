import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answered, openProcedures, type Server } from './world.ts'

const at = (path: string) => `http://node.example/${path}`
const post = (path: string) => ({ http: { request: { method: 'POST', url: at(path) } } })
const undo = (name: string, path: string) => ({ name, repeatable: true, ...post(path) })

/** Of each way to act: what may be repeated, what is asked about, and what has to be shown to a person. */
const steps = [
  { id: 'backup', name: 'Back up', backup: true, inverse: 'none', repeatable: true, ...post('backup') },
  {
    ...{ id: 'drain', name: 'Drain', ...post('drain'), inverse: undo('Take work again', 'undrain') },
    check: { request: { url: at('drained') }, done: 'answer.body.yes' },
  },
  { id: 'rest', name: 'Rest', wait: { seconds: 10 } },
  {
    ...{ id: 'replace', name: 'Replace', ...post('replace'), inverse: undo('Restore', 'restore') },
    check: { request: { url: at('replaced') }, done: 'answer.body.yes' },
  },
  { id: 'announce', name: 'Announce', inverse: 'none', ...post('announce') },
  {
    id: 'health',
    name: 'Check health',
    health: { checks: [{ name: 'Node', request: { url: at('health') } }] },
    timeoutSeconds: 300,
  },
]

/** What becomes of a call, or of the function that is at work, by a number that is drawn. */
const faults = [
  'fine',
  'fine',
  'fine',
  'fine',
  'dies before',
  'dies after',
  'cut off',
  'broken',
  'refused',
  'execution stopped',
] as const

const killed = (): never => {
  throw Object.assign(new Error('killed'), { name: 'Lambda.Unknown' })
}

test('whatever is killed and whenever, no step is done twice that may not be, none is lost, and the attempt ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(faults.length - 1), { maxLength: 60 }),
      fc.boolean(),
      async (drawn, healthy) => {
        const reached: string[] = []
        const next = [...drawn]
        const draw = () => faults[next.shift() ?? 0] ?? 'fine'
        const has = (path: string) => reached.includes(path)
        let stop = () => {}
        const serve: Server = ({ url, method }) => {
          const path = url.split('/').at(-1) ?? ''
          if (path === 'drained') return answered({ yes: has('drain') })
          if (path === 'replaced') return answered({ yes: has('replace') })
          const fault = draw()
          if (fault === 'dies before') killed()
          if (fault === 'refused') return { kind: 'not-sent', why: 'connection refused' }
          if (method === 'POST') reached.push(path)
          if (fault === 'dies after') killed()
          if (fault === 'execution stopped') stop()
          if (fault === 'cut off') return { kind: 'unknown', why: 'reset' }
          if (fault === 'broken') return answered('', 502)
          return answered({}, path === 'health' && !healthy ? 400 : 200)
        }
        const all = openProcedures(serve)
        stop = () => {
          for (const { executionArn } of all.running('node')) all.stop(executionArn)
        }
        all.kill(() => (draw() === 'dies before' ? 'before' : undefined))
        await all.world.fleet(1)
        await all.store('node', { steps })
        await all.deploy('node', { failureThreshold: { percent: 100 } })
        const state = async () => (await all.world.call('GET', '/api/v1/targets/cust_0001')).body
        const { attempt } = (await state()).active
        await all.until(async () => {
          const target = await state()
          if (!target.active) return true
          // A person looks at what is in doubt, and says what they see.
          for (const { step, status } of (await all.world.call('GET', '/api/v1/targets/cust_0001/steps')).body
            .steps) {
            if (status !== 'held') continue
            const as = has(step) ? 'done' : 'again'
            const body = { attempt, as, reason: 'I looked' }
            await all.world.call('POST', `/api/v1/targets/cust_0001/steps/${step}/settle`, { body })
          }
          return false
        }, 100_000)
        expect(await all.audited()).toEqual([])
        const { body } = await all.world.call('GET', `/api/v1/targets/cust_0001/steps`)
        const told = body.steps.map(
          ({ direction, step, status }: Record<string, string>) => `${direction}:${step} ${status}`,
        )
        for (const path of ['drain', 'replace', 'announce'])
          expect([path, reached.filter((one) => one === path).length <= 1, told, reached]).toEqual([
            path,
            true,
            told,
            reached,
          ])
        for (const [step, path] of Object.entries({
          backup: 'backup',
          drain: 'drain',
          replace: 'replace',
          announce: 'announce',
        }))
          if (told.includes(`there:${step} done`))
            expect([told, reached]).toEqual([told, expect.arrayContaining([path])])
        for (const [step, path] of Object.entries({ drain: 'undrain', replace: 'restore' }))
          if (told.includes(`back:${step} done`))
            expect([told, reached]).toEqual([told, expect.arrayContaining([path])])
        if (body.outcome === 'succeeded')
          expect(told.filter((line: string) => line.endsWith('done')).length).toBe(steps.length)
      },
    ),
    { numRuns: Number(process.env.PROCEDURE_RUNS ?? 15), endOnFailure: true },
  )
}, 600_000)
