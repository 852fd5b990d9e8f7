import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { caller } from '../../infra/local/demo/api.ts'
import { emptyForDemo } from '../../infra/local/demo/directory.ts'
import { refuseTakenPort, startRuntime, tokenFor } from '../../infra/local/demo/runtime.ts'
import { deploy, judge, say, watch } from '../told.ts'
import { type Machine, openMachine } from './machine.ts'
import { readOptions } from './options.ts'

const [first, second] = ['1.1.0', '1.2.0']
const day = 86_400_000
/** So far behind that of the API the ports of machines begin. */
const portsBehind = 100

const clientProgram = (path: string) => new URL(`../../clients/${path}`, import.meta.url).pathname

/** Serves artifacts by their SHA-256, as a mirror near the machines would. */
async function openMirror() {
  const artifacts = new Map<string, Buffer>()
  const server = createServer(({ url = '' }, response) => {
    const artifact = artifacts.get(url.slice(1))
    if (artifact) response.end(artifact)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    /** Keeps an artifact; returns what a manifest says of it. */
    keep(artifact: Buffer) {
      const sha256 = createHash('sha256').update(artifact).digest('hex')
      artifacts.set(sha256, artifact)
      return { sha256, length: artifact.length, required: true }
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Runs the command line as a person with roles; returns how it ended, and what it said. */
function drydock(url: string, data: string, words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [clientProgram('cli/drydock.ts'), ...words, '--url', url, '--data', data],
    { encoding: 'utf8' },
  )
  return { status, said: `${stdout}${stderr}` }
}

/** How many machines run which version. */
async function versionsOf(machines: readonly Machine[]): Promise<Readonly<Record<string, number>>> {
  const versions = await Promise.all(machines.map((machine) => machine.version()))
  return Object.fromEntries(
    [...Map.groupBy(versions, String)].map(([version, all]) => [version, all.length] as const),
  )
}

/** Shows machines in the field with agents of their own. Returns whether it went as told. */
export async function fleet(): Promise<boolean> {
  const options = readOptions()
  const { data, port, agents: size } = options
  await refuseTakenPort(port)
  emptyForDemo(data)
  const mirror = await openMirror()
  const own = join(data, 'machines')
  mkdirSync(own)
  say('Starting Drydock on this machine, as it is deployed to AWS. That takes some ten seconds.')
  const runtime = await startRuntime({ ...options, unsignedReleases: 'refused' }, () => undefined)
  process.once('exit', () => runtime.process.kill('SIGTERM'))
  const machines: Machine[] = []
  try {
    const operator = caller(runtime.url, tokenFor(data, 'operator-1', 'operator'))
    const admin = caller(runtime.url, tokenFor(data, 'admin-1', 'admin'))
    const signer = keyIn(own, 'release')
    await admin('POST', '/api/v1/keys', { publicKey: signer.publicKey, label: 'releases of the service' })
    say('admin-1     a key is registered that was made on the spot')
    const publish = (version: string, counter: number, key: string) => {
      const text = readFileSync(new URL('service.mjs', import.meta.url), 'utf8').replace('VERSION', version)
      const manifest = {
        ...{ component: 'service', version, channel: 'stable', counter },
        ...{ releaseDate: new Date().toISOString(), expires: new Date(Date.now() + 365 * day).toISOString() },
        components: { service: mirror.keep(Buffer.from(text)) },
      }
      const file = join(own, `manifest-${version}.json`)
      writeFileSync(file, JSON.stringify(manifest))
      return drydock(runtime.url, data, ['releases', 'publish', '--manifest', file, '--key', key])
    }
    const stranger = publish(first, 1, keyIn(own, 'stranger').file)
    say(`            ${first} signed by a stranger: ${stranger.said.split('\n')[0]}`)
    for (const [place, version] of [first, second].entries()) publish(version, place + 1, signer.file)
    const ids = Array.from({ length: size }, (_, place) => `machine-${place + 1}`)
    const targets = ids.map((id) => ({ id, components: { service: '1.0.0' } }))
    const registered = await operator<{ targets: { id: string; enrolmentToken: string }[] }>(
      ...(['POST', '/api/v1/targets', { targets, enrol: true }] as const),
    )
    const { assignmentKey } = await operator<{ assignmentKey: { publicKey: string } }>('GET', '/api/v1/trust')
    for (const [place, { id, enrolmentToken: token }] of registered.targets.entries())
      machines.push(
        openMachine(join(own, id), {
          ...{ id, token, port: port + portsBehind + place, url: runtime.url },
          ...{ key: signer.publicKey, assignmentKey: assignmentKey.publicKey, mirror: mirror.url },
        }),
      )
    for (const machine of machines) machine.start()
    say(`            ${size} machines have enrolled, and look for updates`)

    const one = await deploy(operator, {
      ...{ component: 'service', version: first },
      strategy: 'canary',
      canaryPercent: 20,
      autoContinue: true,
    })
    await sleep(1500)
    machines[0]?.kill()
    say(`            the agent of ${machines[0]?.id} is killed, and started again`)
    machines[0]?.start()
    const installed = await watch(operator, one)
    const installedAll = await versionsOf(machines)

    for (const machine of machines.slice(-3)) machine.sicken(second)
    const failureThreshold = { absolute: 0, action: 'pause' }
    const two = await deploy(operator, {
      ...{ component: 'service', version: second },
      strategy: 'batch',
      batchSize: Math.ceil(size / 2),
      parallel: size,
      failureThreshold,
    })
    const halted = await watch(operator, two)
    const afterHalt = await versionsOf(machines)
    const rolledBack = (
      await operator<{ logs: { status: string }[] }>('GET', `/api/upgrades/${two}/logs`)
    ).logs.filter(({ status }) => status === 'rolled_back').length
    const back = drydock(runtime.url, data, ['rollback', two, '--reason', 'it is ill on some', '--watch'])
    say(`operator-1  drydock rollback … --watch ended with ${back.status}`)
    const afterBack = await versionsOf(machines)

    const taken = drydock(runtime.url, data, ['evidence', one, '--out', join(own, 'evidence')])
    const pack = readdirSync(join(own, 'evidence')).map((name) => join(own, 'evidence', name))
    const verified = spawnSync(process.execPath, [clientProgram('verify/drydock-verify.ts'), ...pack], {
      encoding: 'utf8',
    })
    say('')
    say(verified.stdout.trim())
    const [part = ''] = pack
    const bytes = readFileSync(part)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1
    writeFileSync(join(own, 'flipped.zip'), bytes)
    const flipped = spawnSync(process.execPath, [
      clientProgram('verify/drydock-verify.ts'),
      join(own, 'flipped.zip'),
    ])
    const replayed = await operator<{ stops: { kind: string } | null; exposed: number }>(
      ...(['POST', `/api/upgrades/${two}/replay`, { gate: { successRatePercent: 100 } }] as const),
    )
    return judge({
      'what a stranger has signed is refused': stranger.status === 3 && stranger.said.includes('signature'),
      [`${size} machines run ${first}, one of them though its agent was killed`]:
        installed.completed === size && installedAll[first] === size,
      [`${second} is ill on some: the upgrade stands still, and these have come back by themselves`]:
        halted.status === 'paused' && rolledBack > 0 && (afterHalt[first] ?? 0) >= rolledBack,
      [`the others are taken back: ${size} machines run ${first}`]:
        back.status === 0 && afterBack[first] === size,
      'nothing in its evidence is wrong, as far as there is a signed head':
        taken.status === 0 && verified.status === 3,
      'one bit of it that is another is found': flipped.status === 1 || flipped.status === 2,
      'by a stricter gate it would have stopped as well': replayed.stops !== null,
    })
  } finally {
    for (const machine of machines) machine.stop()
    runtime.process.kill('SIGTERM')
    mirror.close()
  }
}

/** Makes a pair of keys; returns the public half, and the file of the other. */
function keyIn(directory: string, name: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const file = join(directory, `${name}.key.pem`)
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  return { file, publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString() }
}
