import './node-version.cjs'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readCommandLine } from '../command-line.ts'
import { keepToOwner, makeDataDirectory } from './data-directory.ts'
import { checkSpace, isFullDisk } from './disk.ts'
import { programHere } from './dynamodb/program.ts'
import { type RuntimeOptions, startRuntime } from './runtime.ts'
import { synthesize } from './synthesis.ts'
import { urlOption } from './url-option.ts'

const usage = `npm start -- [options]

Runs Drydock on this machine, on the data of the last time.

  --port N    port of the API (3100)
  --data DIR  where it keeps its data (.drydock)
  --speed N   how fast its clock runs (1)
  --outbound LIST  which other systems may be called, with commas between, as the parameter
              OutboundHosts of a deployment (none): http://127.0.0.1:8080
  --unsigned-releases allowed|refused  whether releases may be rolled out that nobody has signed, as the
              parameter UnsignedReleases of a deployment (refused)
  --agents-tls DIR  agents ask by https at the next port alone, each with a certificate of its own; in DIR lie
              certificate.pem and key.pem of localhost, and authorities.pem, whose certificates they have`

/** In milliseconds: Ctrl+C reaches all programs of a terminal, and npm hands it on to what it runs once more. */
const sameWishWithin = 500

interface Options {
  readonly port: number
  readonly data: string
  readonly speed: number
  readonly outbound: string
  readonly unsignedReleases: string
  readonly agents: RuntimeOptions['agents']
}

function readOptions(): Options {
  const { values } = readCommandLine(usage, {
    options: {
      port: { type: 'string', default: '3100' },
      data: { type: 'string', default: '.drydock' },
      speed: { type: 'string', default: '1' },
      outbound: { type: 'string', default: '' },
      'unsigned-releases': { type: 'string', default: 'refused' },
      'agents-tls': { type: 'string' },
    },
  })
  const port = Number(values.port)
  const speed = Number(values.speed)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port must be between 0 and 65535, not ${values.port}.\n\n${usage}`)
  if (!Number.isFinite(speed) || speed <= 0)
    throw new Error(`--speed must be a number above 0, not ${values.speed}.\n\n${usage}`)
  const unsignedReleases = values['unsigned-releases']
  if (unsignedReleases !== 'allowed' && unsignedReleases !== 'refused')
    throw new Error(`--unsigned-releases must be allowed or refused, not ${unsignedReleases}.\n\n${usage}`)
  const folder = values['agents-tls']
  const agents = folder === undefined ? undefined : agentsBy(resolve(folder), port)
  return { port, data: resolve(values.data), speed, outbound: values.outbound, unsignedReleases, agents }
}

/** Returns how agents ask by mutual TLS, with the files in a folder. Throws where one of them is not there. */
function agentsBy(folder: string, port: number): RuntimeOptions['agents'] {
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name), 'utf8')
    } catch (error) {
      throw new Error(`--agents-tls: ${(error as Error).message}.\n\n${usage}`)
    }
  }
  const files = {
    certificate: read('certificate.pem'),
    key: read('key.pem'),
    authorities: read('authorities.pem'),
  }
  return { domain: 'localhost', files, port: port === 0 ? 0 : port + 1 }
}

/** Synthesizes the template when it has changed, runs it, and says how to use it. */
async function main(): Promise<void> {
  const options = readOptions()
  keepToOwner()
  makeDataDirectory(options.data)
  // What would end the start later is said before the synthesis, which takes seconds and writes to the disk.
  checkSpace(options.data)
  if (process.env.AWS_ENDPOINT_URL_DYNAMODB === undefined) programHere()
  const template = await synthesize(options.data)
  const runtime = await startRuntime({
    template,
    ...options,
    parameters: { OutboundHosts: options.outbound, UnsignedReleases: options.unsignedReleases },
    log: (line) => console.error(line),
    exhausted: fail,
  })

  let asked: number | undefined
  const stop = (signal: NodeJS.Signals) => {
    const now = performance.now()
    if (asked !== undefined) {
      // Somebody who asks twice wants it now; what is acknowledged is durable anyway.
      if (now - asked > sameWishWithin) process.exit(1)
      return
    }
    asked = now
    console.log(`${signal}: stopping, what is under way finishes first. Once more ends it at once.`)
    runtime.stop().then(() => {
      console.log('Stopped.')
      process.exit(0)
    }, fail)
  }
  // Who has closed the terminal, or the pipe, that this writes to has not asked for an end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  process.on('unhandledRejection', (error) => {
    if (isFullDisk(error)) fail(error)
    else console.error('A promise was rejected, and nobody asked for it:', error)
  })
  process.on('uncaughtException', (error) => {
    if (isFullDisk(error)) fail(error)
    console.error(error)
    process.exit(1)
  })
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)

  console.log(`Drydock answers on ${runtime.url}`)
  if (runtime.agentsUrl !== undefined)
    console.log(`Agents ask at ${runtime.agentsUrl}, with a certificate of their own`)
  console.log(`The console is at ${runtime.url}/console`)
  console.log(`Every call is described at ${runtime.url}/openapi.json`)
  console.log(
    `Data is in ${options.data}${options.speed === 1 ? '' : `, the clock runs ${options.speed} times as fast as the wall`}.`,
  )
  console.log('A first command, in another terminal; --help lists the others:')
  console.log(`  npm run --silent drydock -- targets list --data ${options.data}${urlOption(runtime.url)}`)
  console.log('A token for the API:')
  console.log(`  npm run --silent token -- --data ${options.data} --user operator-1 --role operator`)
}

/** Says what to do and ends at once: what is acknowledged is durable, and what is under way comes again at the next start. */
function fail(error: unknown): never {
  console.error(explain(error))
  process.exit(1)
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  if (isFullDisk(error))
    return `The disk is full (${error.message}). Nothing acknowledged is lost: free some space and start again on the same data.`
  if (['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'EEXIST', 'ENOTDIR'].includes(code)) {
    return `The data directory cannot be used (${error.message}): choose another one with --data DIR.`
  }
  return error.message
}

main().catch(fail)
