import { createHash, sign } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { canonicalJson } from '../../../events/canonical.ts'
import { newSigner, type Signer, signatureOf } from '../../domain/trust/signing.ts'

export type Json = Readonly<Record<string, unknown>>

/** Opens a server of this test's; returns where it answers. */
export async function serving(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => unknown,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => answer(request, response, body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A release as it is published: its manifest, and the artifact of its one part. */
export interface Published {
  readonly manifest: Json
  readonly artifact: Buffer
}

/** Returns a release of the part `backend`, whose artifact says which version it is. */
export function releaseOf(
  version: string,
  changes: Json = {},
  content: string | Buffer = `${version}\n`,
): Published {
  const artifact = Buffer.from(content)
  const sha256 = createHash('sha256').update(artifact).digest('hex')
  const counter = Number(version.replaceAll(/\D/g, ''))
  const manifest = {
    ...{ component: 'service', version, channel: 'stable', counter },
    ...{ releaseDate: '2026-01-01T00:00:00Z', expires: '2999-01-01T00:00:00Z' },
    components: { backend: { sha256, length: artifact.length, required: true } },
    ...changes,
  }
  return { manifest, artifact }
}

/** What a control plane was told, and what it offers. */
export interface Plane {
  readonly url: string
  /** Where artifacts are had, by their SHA-256. */
  readonly mirror: string
  readonly reports: Json[]
  /** How commands ended, as it was said. */
  readonly commands: Json[]
  /** Has a command run, until it is said how it ended. */
  command(id: string, command: string, more?: Json): void
  /** How often an artifact was asked for, from which byte. */
  readonly ranges: number[]
  /** Says how often a check was answered by nothing but that the last answer holds. */
  unchanged(): number
  /** Offers a release; what it is signed by, and what is said of it, may be something else. */
  offer(
    release: Published,
    more?: { readonly signatures?: readonly object[]; readonly offer?: Json; readonly attempt?: string },
  ): void
  /** Takes back what is offered. */
  withdraw(): void
  /** Makes that nobody answers, that a report is refused, that artifacts break off after so many bytes or are others, or that answers are lost. */
  trouble: {
    away?: boolean
    refuse?: string
    /** What is answered where it is said how something ended, which is not taken then. */
    answer?: { readonly status: number; readonly body: Json }
    breakOffAfter?: number
    date?: number
    instead?: Buffer
    loseAnswer?: boolean
    /** When it is to be asked again, in seconds; undefined: in one. */
    nextCheck?: number
    /** Why nothing is offered. */
    reason?: string
    /** What is assigned in place of what is offered; undefined: nothing is. */
    assign?: (stated: Json) => Json | undefined
  }
  readonly signer: Signer
  /** Whose assignments what is offered comes with, where a nonce is sent. */
  readonly assigner: Signer
  /** The keys of licences that were presented with checks, in their order; null: none was. */
  readonly licences: (string | null)[]
  /** The nonces that were sent, in their order. */
  readonly nonces: string[]
}

/** The target of every place. */
export const targetHere = 'target-1'
const credential = `drydock-agent.${targetHere}.secret`

/** Returns an assignment as a control plane signs it. */
export function assignmentBy({ keyId, privateKey }: Signer, stated: Json) {
  const statement = canonicalJson(stated)
  return { statement, keyId, signature: sign(null, Buffer.from(statement), privateKey).toString('base64') }
}

/** Opens a control plane that says what a test wants, with the artifacts of what it offers. */
export async function openPlane(): Promise<Plane> {
  const [signer, assigner] = [newSigner(), newSigner()]
  const nonces: string[] = []
  const licences: (string | null)[] = []
  const artifacts = new Map<string, Buffer>()
  let offered: { check: Json; manifest: Json } | undefined
  const reports: Json[] = []
  const commands: Json[] = []
  let asked: Json | undefined
  const ranges: number[] = []
  let unchanged = 0
  const trouble: Plane['trouble'] = {}
  const url = await serving((request, response, body) => {
    const say = (status: number, value: unknown) => {
      if (trouble.date !== undefined) response.setHeader('date', new Date(trouble.date).toUTCString())
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    if (trouble.away) return request.socket.destroy()
    if (request.headers.authorization !== `Bearer ${credential}`)
      return say(401, { code: 'unauthenticated', detail: 'Who?' })
    if (request.url === '/api/v1/updates/check') {
      const licence = request.headers['x-license-key']
      licences.push(typeof licence === 'string' ? licence : null)
      const { reason } = trouble
      const nothing: Json = {
        updateAvailable: false,
        ...(asked && { command: asked }),
        ...(reason && { reason }),
      }
      const { check } = offered ?? { check: nothing }
      const accepted = reports.some(
        ({ attempt, status }) => attempt === check.attempt && status === 'in-progress',
      )
      const answer = { ...check, accepted }
      const etag = `"${createHash('sha256').update(JSON.stringify(answer)).digest('hex')}"`
      response.setHeader('etag', etag)
      const { nextCheck = 1 } = trouble
      response.setHeader('drydock-next-check', `${nextCheck}`)
      const nonce = request.headers['x-assignment-nonce']
      if (typeof nonce === 'string') nonces.push(nonce)
      const { attempt, kind, component, version, digest } = check
      const [notBefore, notAfter] = [0, 900_000].map((after) => new Date(Date.now() + after).toISOString())
      const stated = {
        ...{ target: targetHere, attempt, kind, component, version, digest },
        notBefore,
        notAfter,
        nonce,
      }
      const assign = trouble.assign ?? ((usual: Json) => assignmentBy(assigner, usual))
      const assignment = check.updateAvailable && nonce ? assign(stated) : undefined
      if (request.headers['if-none-match'] !== etag)
        return say(200, { ...answer, nextCheckSeconds: nextCheck, ...(assignment && { assignment }) })
      unchanged += 1
      return response.writeHead(304).end()
    }
    if (request.url === '/api/v1/updates/manifest')
      return offered ? say(200, offered.manifest) : say(404, { code: 'nothing-offered', detail: 'No.' })
    const report: Json = JSON.parse(body)
    if (request.url === '/api/v1/updates/commands') {
      if (trouble.answer) return say(trouble.answer.status, trouble.answer.body)
      commands.push(report)
      if (trouble.loseAnswer) return request.socket.destroy()
      asked = undefined
      return say(200, { id: report.id })
    }
    if (trouble.answer && report.status !== 'in-progress')
      return say(trouble.answer.status, trouble.answer.body)
    if (trouble.refuse === report.status) return say(409, { code: 'attempt-over', detail: 'It is over.' })
    reports.push(report)
    // What has ended is not offered again.
    if (report.status !== 'in-progress') offered = undefined
    return say(200, { result: 'recorded' })
  })
  const mirror = await serving((request, response) => {
    const artifact = trouble.instead ?? artifacts.get(request.url?.slice(1) ?? '')
    if (!artifact) return response.writeHead(404).end()
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    ranges.push(from)
    const headers = {
      'content-length': artifact.length - from,
      ...(from > 0 && { 'content-range': `bytes ${from}-${artifact.length - 1}/${artifact.length}` }),
    }
    response.writeHead(from > 0 ? 206 : 200, headers)
    const { breakOffAfter } = trouble
    if (breakOffAfter === undefined) return response.end(artifact.subarray(from))
    response.write(artifact.subarray(from, from + breakOffAfter), () =>
      setTimeout(() => response.destroy(), 50),
    )
  })
  return {
    ...{ url, mirror, reports, commands, ranges, trouble, signer, assigner, licences, nonces },
    unchanged: () => unchanged,
    command(id, command, more = {}) {
      asked = { id, command, arguments: {}, repeatable: false, ...more }
    },
    withdraw() {
      offered = undefined
    },
    offer(
      { manifest, artifact },
      {
        signatures = [signatureOf(signer, manifest)],
        offer = {},
        attempt = `attempt-${manifest.version}`,
      } = {},
    ) {
      const text = canonicalJson(manifest)
      const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
      artifacts.set(createHash('sha256').update(artifact).digest('hex'), artifact)
      const { component, version } = manifest
      const check = {
        updateAvailable: true,
        attempt,
        component,
        version,
        from: '1.0.0',
        kind: 'deploy',
        digest,
        ...offer,
      }
      offered = { check, manifest: { attempt, component, version, digest, manifest: text, signatures } }
    },
  }
}

/** A place where an agent works: its directory, and a service that is what the link to the present version says. */
export interface Place {
  readonly directory: string
  readonly config: Json & { readonly directory: string }
  /** Where the configuration is. */
  readonly file: string
  /** Which programs have been run, each with the version that it was run for. */
  programs(): readonly string[]
  /** Returns what the service is: the artifact that is in force, null before there is one. */
  runs(): string | null
  /** Makes a program fail for a version. */
  spoil(program: string, version: string): void
}

/** Opens a place for an agent of a control plane; `changes` are made to its configuration. */
export function openPlace(
  { url, mirror, signer }: Pick<Plane, 'url' | 'mirror' | 'signer'>,
  changes: Json = {},
): Place {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-agent-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [directory, log] = [join(folder, 'agent'), join(folder, 'programs.log')]
  mkdirSync(directory)
  writeFileSync(join(folder, 'credential'), `${credential}\n`)
  // One program for all: it notes that it was run, and fails where it was spoilt.
  const script = 'echo "$1 $DRYDOCK_VERSION $DRYDOCK_PART" >> "$0" && ! test -e "$0.$1-$DRYDOCK_VERSION"'
  const program = (name: string) => ['/bin/sh', '-c', script, log, name]
  const config = {
    ...{
      component: 'service',
      version: '1.0.0',
      directory,
      autoInstall: true,
      maintenanceWindow: { enabled: false },
    },
    server: { url, credential: join(folder, 'credential') },
    trust: { keys: [signer.publicKey] },
    download: { mirror },
    parts: { backend: { apply: program('apply'), revert: program('revert') } },
    programs: {
      backup: program('backup'),
      stop: program('stop'),
      start: program('start'),
      restore: program('restore'),
    },
    ...changes,
  }
  const file = join(folder, 'agent.json')
  writeFileSync(file, JSON.stringify(config))
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : null)
  return {
    ...{ directory, config, file },
    programs: () =>
      (read(log) ?? '')
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    runs: () => read(join(directory, 'current/backend'))?.trim() ?? null,
    spoil: (name, version) => writeFileSync(`${log}.${name}-${version}`, ''),
  }
}
