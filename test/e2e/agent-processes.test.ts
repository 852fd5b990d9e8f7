import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { verifyWhole } from '../../clients/verify/verify.ts'
import { type Json, openPlace, releaseOf, serving } from '../clients/agent/place.ts'
import { agentProgram, agentRelease, openWatched } from '../clients/agent/watched.ts'
import { newSigner, signatureOf } from '../domain/trust/signing.ts'
import { newOpenPgpSigner, openPgpSignatureOf } from '../openpgp/signer.ts'
import { register } from './agent.ts'
import { person } from './client.ts'
import { eventually } from './patience.ts'
import { ended, type Logs } from './upgrades.ts'

const main = join(import.meta.dirname, '../../clients/agent/drydock-agent.ts')

/** Runs a command of the agent's to its end; returns what it said. Rejects where it ends with anything but 0. */
async function agent(command: string, file: string, environment: object = {}): Promise<string> {
  const env = { ...process.env, ...environment }
  const { stdout } = await promisify(execFile)(process.execPath, [main, command, '--config', file], { env })
  return stdout
}

describe('agents as processes', () => {
  it('enrol, verify what is signed, install it or take it back, and say so', async () => {
    const [operator, admin] = await Promise.all([
      person('operator-1', 'operator'),
      person('admin-1', 'admin'),
    ])
    const component = `service-${randomUUID().slice(0, 8)}`
    const signer = newSigner()
    const { publicKey } = signer
    const key = { publicKey, label: 'a signer', components: [component] }
    expect((await admin.post('/api/v1/keys', key)).status).toBe(201)
    const second = await newOpenPgpSigner()
    const certificate = { publicKey: second.certificate, label: 'another', components: [component] }
    expect((await admin.post('/api/v1/keys', certificate)).status).toBe(201)
    const { manifest, artifact } = releaseOf('1.1.0', { component })
    const signatures = [signatureOf(signer, manifest), await openPgpSignatureOf(second, manifest)]
    await operator.write('/api/v1/releases', { manifest, signatures })

    const mirror = await serving((_, response) => response.end(artifact))
    const { assignmentKey: pinned } = await operator.read<{
      readonly assignmentKey: { readonly publicKey: string }
    }>('/api/v1/trust')
    /** Whom each believes: about releases, and about what is assigned to it. */
    const believed: Readonly<Record<string, Json>> = {
      well: { keys: [publicKey] },
      both: { keys: [publicKey, second.certificate], threshold: 2 },
      strict: { keys: [second.certificate, (await newOpenPgpSigner()).certificate], threshold: 2 },
      ill: { keys: [publicKey], assignmentKey: pinned.publicKey },
      wary: { keys: [newSigner().publicKey] },
      assigned: { keys: [publicKey], assignmentKey: pinned.publicKey },
      elsewhere: { keys: [publicKey], assignmentKey: newSigner().publicKey },
    }
    const names = Object.keys(believed)
    const registered = await register(
      operator,
      component,
      names.map((name) => `${component}-${name}`),
    )
    const places = registered.map(({ id }) => {
      const trust = believed[id.slice(component.length + 1)] ?? {}
      return openPlace({ url: operator.url, mirror, signer }, { component, trust })
    })
    for (const [index, { id, enrolmentToken }] of registered.entries()) {
      const said = await agent('enrol', places[index]?.file ?? '', {
        DRYDOCK_ENROLMENT_TOKEN: enrolmentToken,
      })
      expect(said).toContain(id)
    }
    places[names.indexOf('ill')]?.spoil('apply', '1.1.0')
    await eventually(
      () => operator.read<{ readonly count: number }>(`/api/v1/targets?component=${component}`),
      ({ count }) => expect(count).toBe(names.length),
    )
    const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
      ...{ component, version: '1.1.0', strategy: 'all', parallel: names.length },
      failureThreshold: { percent: 100 },
    })
    await eventually(
      async () => {
        for (const { file } of places) await agent('once', file)
        return operator.read<Logs>(`/api/upgrades/${body.upgradeId}/logs`)
      },
      ({ logs }) => expect(logs.filter(({ status }) => status !== 'pending')).toHaveLength(names.length),
    )
    const { logs } = await eventually(
      () => operator.read<Logs>(`/api/upgrades/${body.upgradeId}/logs`),
      (found) => expect(found.logs.every(({ status }) => status !== 'in_progress')).toBe(true),
    )
    const found = Object.fromEntries(
      logs.map(({ customer_id, status, error }) => [
        customer_id.slice(component.length + 1),
        [status, error],
      ]),
    )
    expect(found).toEqual({
      well: ['completed', null],
      both: ['completed', null],
      strict: ['rejected', 'SIGNATURE_INVALID'],
      ill: ['rolled_back', 'APPLY_FAILED'],
      wary: ['rejected', 'SIGNATURE_INVALID'],
      assigned: ['completed', null],
      elsewhere: ['rejected', 'ASSIGNMENT_INVALID'],
    })
    expect(places.map((place) => place.runs())).toEqual(['1.1.0', '1.1.0', null, null, null, '1.1.0', null])
    await ended(operator, body.upgradeId, {})
    // The heads of the day are not written yet: who signed the release is proven all the same.
    const pack = await operator.get<string>(`/api/upgrades/${body.upgradeId}/evidence`)
    const verdict = await verifyWhole([{ name: 'pack.zip', read: () => Buffer.from(pack.body, 'latin1') }])
    expect(verdict.findings).toEqual([])
    expect(verdict.proven).toContainEqual(
      expect.stringContaining('signed by 2 keys that counted when it began'),
    )
  })

  it('update themselves as a second component of their target, and come back', async () => {
    const [operator, admin] = await Promise.all([
      person('operator-1', 'operator'),
      person('admin-1', 'admin'),
    ])
    const name = randomUUID().slice(0, 8)
    const [component, itself] = [`service-${name}`, `agent-${name}`]
    const signer = newSigner()
    const { publicKey } = signer
    const key = { publicKey, label: 'a signer', components: [component, itself] }
    expect((await admin.post('/api/v1/keys', key)).status).toBe(201)
    const releases = [
      agentRelease('1.1.0', agentProgram('// 1.1.0'), { component: itself }),
      agentRelease('1.2.0', 'process.exit(0)', { component: itself }),
      releaseOf('1.1.0', { component }),
    ]
    for (const { manifest } of releases)
      await operator.write('/api/v1/releases', { manifest, signatures: [signatureOf(signer, manifest)] })
    const artifacts = new Map(
      releases.map(({ artifact }) => [createHash('sha256').update(artifact).digest('hex'), artifact]),
    )
    const mirror = await serving(({ url }, response) => response.end(artifacts.get(url?.slice(1) ?? '')))
    const { assignmentKey } = await operator.read<{
      readonly assignmentKey: { readonly publicKey: string }
    }>('/api/v1/trust')
    const [registered] = await register(operator, component, [`${component}-1`])
    const machine = openWatched(
      { url: operator.url, mirror, signer },
      {
        component,
        checkInterval: 1 / 60,
        agent: { component: itself, version: '1.0.0', proveWithin: 10 },
        trust: { keys: [publicKey], assignmentKey: assignmentKey.publicKey },
      },
    )
    await agent('enrol', machine.file, { DRYDOCK_ENROLMENT_TOKEN: registered?.enrolmentToken })
    machine.keep()
    const counted = (of: string) =>
      eventually(
        () => operator.read<{ readonly count: number }>(`/api/v1/targets?component=${of}`),
        ({ count }) => expect(count).toBe(1),
      )
    // It has said itself what it is.
    await counted(itself)
    const deployed = async (of: string, version: string, expected: object) => {
      const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
        ...{ component: of, version, strategy: 'all', failureThreshold: { percent: 100 } },
      })
      await ended(operator, body.upgradeId, expected)
      const { logs } = await operator.read<Logs>(`/api/upgrades/${body.upgradeId}/logs`)
      return logs.map(({ status, error }) => [status, error])
    }
    expect(await deployed(itself, '1.1.0', { completed: 1 })).toEqual([['completed', null]])
    expect(machine.inForce()).toBe('1.1.0')
    expect(await deployed(itself, '1.2.0', { failed: 1 })).toEqual([['rolled_back', 'AGENT_ENDED']])
    expect(machine.inForce()).toBe('1.1.0')
    expect(await deployed(component, '1.1.0', { completed: 1 })).toEqual([['completed', null]])
    expect([machine.runs(), machine.inForce()]).toEqual(['1.1.0', '1.1.0'])
  })
})
