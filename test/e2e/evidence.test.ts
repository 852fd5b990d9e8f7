import { execFile } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { newOpenPgpSigner, openPgpSignatureOf } from '../openpgp/signer.ts'
import { type Agent, enrol, register } from './agent.ts'
import type { Answer } from './client.ts'
import { MovedMachine } from './moved-machine.ts'
import { eventually } from './patience.ts'

const ids = Array.from({ length: 6 }, (_, number) => `evidence-${number}`)

let machine: MovedMachine
beforeAll(async () => {
  machine = await MovedMachine.start('2031-05-05T09:00:00.000Z')
})
afterAll(() => machine?.stop())

/** Runs the command as somebody would who was given the files. */
function verify(files: readonly string[]): Promise<{ readonly status: number; readonly words: string }> {
  const command = fileURLToPath(new URL('../../clients/verify/drydock-verify.ts', import.meta.url))
  const [key = ''] = globSync(join(machine.data, 'keys', 'HeadsKey*.public.pem'))
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...files, '--key', key], (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, words: stdout + stderr }),
    )
  })
}

/** Fetches a pack, part by part, and returns its files. */
async function fetched(id: string, name: string): Promise<string[]> {
  const viewer = machine.person('auditor-1', 'viewer')
  const files: string[] = []
  for (let path: string | undefined = `/api/upgrades/${id}/evidence`; path; ) {
    const answer: Answer<string> = await viewer.get<string>(path)
    const { status, headers, body } = answer
    expect([status, headers.get('content-type')]).toEqual([200, 'application/zip'])
    const file = join(machine.data, `${name}-${files.length}.zip`)
    writeFileSync(file, Buffer.from(body, 'latin1'))
    files.push(file)
    path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
  }
  return files
}

/** Upgrades a few targets to a signed release, with an approval. */
async function upgraded(): Promise<string> {
  const operator = machine.person('operator-1', 'operator')
  const signer = newSigner()
  const { publicKey } = signer
  await machine.person('admin-1', 'admin').write('/api/v1/keys', { publicKey, label: 'a signer' })
  const second = await newOpenPgpSigner()
  await machine
    .person('admin-1', 'admin')
    .write('/api/v1/keys', { publicKey: second.certificate, label: 'another' })
  const manifest = manifestOf({
    component: 'evidence',
    minimumVersion: '1.0.0',
    expires: '2031-12-01T00:00:00Z',
  })
  const signatures = [signatureOf(signer, manifest), await openPgpSignatureOf(second, manifest)]
  await operator.write('/api/v1/releases', { manifest, signatures })
  const registered = await register(operator, 'evidence', ids)
  const agents: Agent[] = []
  for (const { id, enrolmentToken } of registered) agents.push(await enrol(id, enrolmentToken, machine.url))
  await eventually(
    () => operator.read<{ count: number }>('/api/v1/targets?component=evidence'),
    ({ count }) => expect(count).toBe(ids.length),
  )
  const deployment = { component: 'evidence', version: '2.4.1', strategy: 'all', approvals: { required: 1 } }
  const { upgradeId } = (await operator.write<{ upgradeId: string }>('/api/upgrades/deploy', deployment)).body
  const { plan } = await operator.read<{ plan: { planHash: string } }>(`/api/upgrades/${upgradeId}`)
  const approver = machine.person('approver-1', 'approver')
  await approver.write(`/api/upgrades/${upgradeId}/approve`, { planHash: plan.planHash })
  await Promise.all(agents.map((agent) => agent.upgrade()))
  await eventually(
    () => operator.read<{ status: string }>(`/api/upgrades/${upgradeId}`),
    ({ status }) => expect(status).toBe('completed'),
  )
  return upgradeId
}

test('a pack that was fetched over HTTP is verified by the command, and shows what was taken out of the log (S13)', async () => {
  await machine.pass(0)
  const id = await upgraded()
  const early = await verify(await fetched(id, 'early'))
  expect(early.status, early.words).toBe(3)
  expect(early.words).toContain('fetch the pack again a day or two after')

  await machine.pass(2 * 24 * 60)
  const files = await fetched(id, 'pack')
  const proven = await verify(files)
  expect(proven.status, proven.words).toBe(0)
  expect(proven.words).toMatch(/^PROVEN\n/)
  expect(proven.words).toContain('signed by 2 keys that counted when it began')
  expect(proven.words).toContain('6 ends that the upgrade counts are told by the targets themselves')

  const [file = ''] = files
  const bytes = readFileSync(file)
  const place = Math.floor(bytes.length / 3)
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)
  writeFileSync(`${file}.flipped`, bytes)
  const flipped = await verify([`${file}.flipped`, ...files.slice(1)])
  expect([1, 2]).toContain(flipped.status)

  await machine.removeCommit('target#evidence-3', 5)
  const cut = await verify(await fetched(id, 'cut'))
  expect(cut.status, cut.words).toBe(1)
  expect(cut.words).toContain('stream-truncated  target#evidence-3')
})
