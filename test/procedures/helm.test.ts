import { describe, expect, it, test } from 'vitest'
import type { Helm, HelmEnd } from '../../functions/workflow/procedure/helm.ts'
import { openProcedures } from './world.ts'

const release = {
  cluster: { kubeconfig: 'drydock/{{ attempt.component }}-cluster' },
  namespace: 'customer-{{ target.id.startsWith("cust_") ? "one" : "none" }}',
  release: 'instance',
}
const upgrade = (more: object = {}) => ({
  ...{ id: 'instance', name: 'Upgrade the instance' },
  helm: {
    ...release,
    chart: { repository: 'https://charts.example', name: 'customer' },
    values: { password: "{{ secret('drydock/db#password') }}", size: '{{ 2 + 1 }}' },
  },
  ...more,
})
const broken = { id: 'after', name: 'After it', http: { request: { url: 'http://node.example/after' } } }

/** What the function dies of. */
const killed = () => Object.assign(new Error('killed'), { name: 'Lambda.Unknown' })

type Fault = 'killed-before' | 'killed-after' | 'unknown' | 'not-sent' | 'failed' | 'unreadable'

/** A cluster that counts what is done to it, and knows by its key what was. */
function openCluster(...faults: Fault[]) {
  const cluster = {
    revision: 1,
    upgraded: 0,
    takenBack: [] as object[],
    calls: [] as object[],
    made: new Map<string, { before: number; revision: number }>(),
    readable: true,
  }
  const helm: Helm = {
    async upgrade(call) {
      cluster.calls.push(call)
      const found = cluster.made.get(call.key)
      if (found) return { kind: 'done', ...found }
      const fault = faults.shift()
      if (fault === 'killed-before') throw killed()
      if (fault === 'not-sent') return { kind: 'not-sent', why: 'unreachable' }
      if (fault === 'failed') return { kind: 'failed', code: 'HELM_TAKEN_BACK', why: 'not ready', before: 1 }
      if (fault === 'unreadable') cluster.readable = false
      const made = { before: cluster.revision, revision: ++cluster.revision }
      cluster.made.set(call.key, made)
      cluster.upgraded++
      if (fault === 'killed-after') throw killed()
      if (fault === 'unknown' || fault === 'unreadable') return { kind: 'unknown', why: 'cut off' }
      return { kind: 'done', ...made }
    },
    async takeBack({ of }): Promise<HelmEnd> {
      cluster.takenBack.push(of)
      return { kind: 'done', before: of.before ?? 1, revision: ++cluster.revision }
    },
    async look({ key }) {
      if (!cluster.readable) return { kind: 'unknown', why: 'unreachable' }
      const found = cluster.made.get(key)
      return found ? { kind: 'done', ...found } : { kind: 'not-done' }
    },
  }
  return { cluster, helm }
}

async function deployed(helm: Helm, isBroken: boolean, ...steps: object[]) {
  const all = openProcedures(({ url }) => ({
    ...{ kind: 'answered', status: isBroken && url.endsWith('/after') ? 404 : 200, headers: {}, body: '{}' },
  }))
  all.helm(helm)
  all.secrets.set('drydock/api-cluster', 'kubeconfig-of-the-cluster')
  all.secrets.set('drydock/db#password', 'correct-horse')
  await all.world.fleet(1)
  const stored = await all.store('node', { steps })
  if (stored.status !== 200) throw new Error(JSON.stringify(stored.body))
  const id = await all.deploy('node', { failureThreshold: { percent: 100 } })
  return { all, id }
}

describe('a step of helm', () => {
  test('takes the release to its chart, with values and secrets, once', async () => {
    const { cluster, helm } = openCluster()
    const { all, id } = await deployed(helm, false, upgrade(), broken)
    expect([await all.over(id), cluster.upgraded]).toEqual(['completed', 1])
    expect(cluster.calls).toEqual([
      {
        ...{ kubeconfig: 'kubeconfig-of-the-cluster', namespace: 'customer-one', release: 'instance' },
        ...{ seconds: 40, confidential: ['correct-horse'], key: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        chart: {
          ...{ repository: 'https://charts.example', name: 'customer', version: 'v1.2.0' },
          values: '{"password":"correct-horse","size":3}',
        },
      },
    ])
    expect(await all.audited()).toEqual([])
  })

  it.each(['killed-after', 'killed-before', 'unknown', 'not-sent'] as const)(
    'that was %s is found out by its history, and done once',
    async (fault) => {
      const { cluster, helm } = openCluster(fault)
      const { all, id } = await deployed(helm, false, upgrade(), broken)
      expect([await all.over(id), cluster.upgraded]).toEqual(['completed', 1])
      expect(await all.audited()).toEqual([])
    },
  )

  test('of which nobody tells the history waits for a person when its time is over', async () => {
    const { cluster, helm } = openCluster('unreadable')
    const { all } = await deployed(helm, false, upgrade(), broken)
    await all.until(async () => (await all.steps('cust_0001')).includes('instance held'))
    expect(cluster.upgraded).toBe(1)
  })

  test('that failed is taken back by its own key, and not tried again', async () => {
    const { cluster, helm } = openCluster('failed')
    const { all, id } = await deployed(helm, false, upgrade(), broken)
    expect(await all.over(id)).toBe('completed_with_exceptions')
    expect(await all.steps('cust_0001')).toEqual(['instance failed', '<instance done'])
    expect([cluster.calls.length, cluster.takenBack]).toEqual([1, [{ key: expect.any(String), before: 1 }]])
    expect(await all.audited()).toEqual([])
  })

  test('is taken back when a later step fails, to what was before it', async () => {
    const { cluster, helm } = openCluster()
    const { all, id } = await deployed(helm, true, upgrade(), broken)
    expect(await all.over(id)).toBe('completed_with_exceptions')
    const [key] = cluster.made.keys()
    expect(cluster.takenBack).toEqual([{ key, before: 1 }])
    expect(await all.audited()).toEqual([])
  })

  test('is taken back by a rollback of the upgrade, which knows what was before it', async () => {
    const { cluster, helm } = openCluster()
    const { all, id } = await deployed(helm, false, upgrade(), broken)
    await all.over(id)
    const { body } = await all.world.call('POST', `/api/upgrades/${id}/rollback`, {
      body: { reason: 'unwanted' },
    })
    await all.world.advance(body.rollbackUpgradeId ?? body.upgradeId)
    await all.over(body.rollbackUpgradeId ?? body.upgradeId)
    const [key] = cluster.made.keys()
    expect(cluster.takenBack).toEqual([{ key, before: 1 }])
    expect(await all.audited()).toEqual([])
  })

  it.each([
    ['namespace', { namespace: '--all' }],
    ['release', { release: '{{ target.id }}' }],
    ['kubeconfig', { cluster: { kubeconfig: '{{ target.id }} or else' } }],
  ])('whose %s is no such name never reaches helm', async (_, more) => {
    const { cluster, helm } = openCluster()
    const step = upgrade()
    const { all, id } = await deployed(
      helm,
      false,
      { ...step, helm: { ...step.helm, ...more }, inverse: 'none' },
      broken,
    )
    await all.over(id)
    expect([await all.steps('cust_0001'), cluster.calls]).toEqual([['instance failed'], []])
  })
})

describe('a document with helm', () => {
  const mistakes = async (step: object) => {
    const all = openProcedures(() => ({ kind: 'answered', status: 200, headers: {}, body: '' }))
    const { status, body } = await all.store('node', { steps: [step] })
    return [status, ...(body.errors ?? []).map(({ field }: { field: string }) => field)]
  }
  const { chart: _, ...bare } = upgrade().helm

  it.each([
    ['neither a chart nor a rollback', { ...upgrade(), helm: bare }, 'steps.0.helm'],
    [
      'a rollback that undoes nothing',
      { ...upgrade(), helm: { ...bare, rollback: true } },
      'steps.0.helm.rollback',
    ],
    ['too little time', { ...upgrade(), timeoutSeconds: 269 }, 'steps.0.timeoutSeconds'],
    [
      'a secret for a name',
      upgrade({ helm: { ...upgrade().helm, namespace: "{{ secret('a') }}" } }),
      'steps.0.helm.namespace',
    ],
    [
      'another step first',
      upgrade({ helm: { ...upgrade().helm, values: { a: '{{ steps.later.b }}' } } }),
      'steps.0.helm.values.a',
    ],
    [
      'a repository that is none',
      upgrade({ helm: { ...upgrade().helm, chart: { repository: 'file:///etc', name: 'a' } } }),
      'steps.0.helm.chart.repository',
    ],
  ])('that has %s is refused with its place', async (_name, step, field) => {
    expect(await mistakes(step)).toEqual([400, field])
  })

  test('has a state of its own in the machine, with time for the longest call, and one for its way back', async () => {
    const { helm } = openCluster()
    const { all } = await deployed(helm, false, upgrade(), broken)
    const tried = await all.world.call('POST', '/api/v1/procedures/node/try', {
      body: { targetId: 'cust_0001', component: 'api', version: 'v1.2.0' },
    })
    expect(tried.body.steps).toMatchObject([
      {
        ...{ step: 'instance', kind: 'helm', calls: [] },
        release: {
          ...{ cluster: '(secret drydock/api-cluster)', namespace: 'customer-one', release: 'instance' },
          chart: 'https://charts.example customer v1.2.0',
          values: { password: '(secret drydock/db#password)', size: 3 },
        },
      },
      { step: 'after', release: null },
      {
        step: 'instance',
        direction: 'back',
        name: 'Upgrade the instance: roll back',
        release: { chart: null },
      },
    ])
  })
})
