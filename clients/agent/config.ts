import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { isArmored, readCertificate } from './openpgp.ts'

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
const timeOfDay = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of day as 02:00')
const zone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0
  } catch {
    return false
  }
}, 'a time zone as Europe/Berlin')
const seconds = z.number().positive().max(86_400)
/** A program and its arguments: it is started as it stands here, without a shell. */
const program = z.array(z.string().max(4096)).min(1).max(64)

/** How updates are done: the configuration of update clients (M4), with its defaults. */
const updateConfig = {
  enabled: z.boolean().default(true),
  channel: z.string().min(1).max(64).default('stable'),
  checkInterval: z
    .number()
    .positive()
    .max(10_080)
    .default(360)
    .describe('In minutes; the control plane may ask for another pace.'),
  autoInstall: z.boolean().default(false).describe('Else an update waits for drydock-agent install.'),
  maintenanceWindow: z
    .strictObject({
      enabled: z.boolean().default(true),
      days: z.array(z.enum(days)).min(1).max(7).default(['saturday', 'sunday']),
      startTime: timeOfDay.default('02:00'),
      endTime: timeOfDay.default('06:00').describe('On the next day, where it is not later than the start.'),
      timezone: zone.default('UTC'),
    })
    .prefault({}),
  notifications: z
    .strictObject({
      email: z.array(z.string().max(320)).max(100).default([]),
      slack: z.string().max(2048).default(''),
      teams: z.string().max(2048).default(''),
    })
    .prefault({})
    .describe('Kept as they are: whom to tell is known by the control plane.'),
  rollback: z
    .strictObject({
      automatic: z.boolean().default(true),
      healthCheckTimeout: seconds.default(300).describe('In seconds.'),
      keepVersions: z.int().min(1).max(100).default(3),
    })
    .prefault({}),
}

const configuration = z.strictObject({
  ...updateConfig,
  component: z.string().min(1).max(128).describe('What runs here, as it was registered.'),
  version: z.string().min(1).max(128).describe('What runs before the agent has installed anything.'),
  directory: z
    .string()
    .min(1)
    .describe(
      'Its own: the journal, what it downloads, a folder a version, and current, a link to one of them.',
    ),
  server: z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    credential: z
      .string()
      .min(1)
      .describe('A file with the credential that came with enrolment; written by drydock-agent enrol.'),
    licence: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A file with the key of a licence, where releases need one; it is presented with each check.',
      ),
    ca: z.string().optional().describe('A file with the authorities that are believed, and no others.'),
    certificate: z
      .string()
      .optional()
      .describe('A file with its own certificate, where the control plane asks for one.'),
    key: z.string().optional(),
  }),
  trust: z.strictObject({
    keys: z
      .array(
        z
          .string()
          .max(16_384)
          .refine(
            (text) => isArmored(text) || isKey(text),
            'a public key of Ed25519, or a certificate of OpenPGP',
          ),
      )
      .min(1)
      .max(32)
      .describe(
        'Public keys (Ed25519) as PEM or base64 of their DER, or of OpenPGP, armored: whose word about a release counts here.',
      ),
    threshold: z.int().min(1).max(32).default(1),
    assignmentKey: z
      .string()
      .max(4096)
      .refine(isKey, 'a public key of Ed25519')
      .optional()
      .describe(
        'The public key of the control plane (GET /api/v1/trust): nothing is installed but what it has assigned to this target, now. Left out: no assignment is asked for.',
      ),
    channels: z
      .array(z.string().min(1).max(64))
      .min(1)
      .optional()
      .describe('The channels of which a release may be; left out: the one that is followed.'),
    leastCounter: z
      .int()
      .min(0)
      .default(0)
      .describe('No release of a lower counter is installed, also before the agent has installed any.'),
  }),
  environment: z
    .record(z.string().max(128), z.string().max(256))
    .default({})
    .describe('What is here, for compatibility of a release: {"database": "PostgreSQL 15.4"}.'),
  agent: z
    .strictObject({
      component: z.string().min(1).max(128).describe('Releases of the agent itself are of this component.'),
      version: z.string().min(1).max(128).describe('What the agent is before it has installed any.'),
      leastCounter: z.int().min(0).default(0).describe('As trust.leastCounter, for releases of the agent.'),
      proveWithin: seconds
        .min(5)
        .default(120)
        .describe(
          'In seconds: so long may a new agent take until it has proven itself. Read by the watchdog too.',
        ),
    })
    .optional()
    .describe('Left out: the agent does not update itself.'),
  parts: z
    .record(
      z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
      z.strictObject({
        unpack: z
          .boolean()
          .default(false)
          .describe('The artifact is a tar archive; else it is put into the folder of its version as it is.'),
        apply: program
          .optional()
          .describe('After the service was stopped and before it is started: a migration, for example.'),
        revert: program.optional().describe('Takes that back.'),
      }),
    )
    .describe('Which parts of a release are installed here, in this order.'),
  programs: z
    .strictObject({
      backup: program.optional(),
      stop: program.optional(),
      start: program.optional(),
      restore: program.optional(),
    })
    .prefault({}),
  programTimeout: seconds.default(600),
  commands: z
    .record(
      z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
      z.strictObject({
        run: program,
        check: program.optional().describe('Ends with 0 where it was done, for one that was cut off.'),
      }),
    )
    .default({})
    .describe('What procedures may have run here, and nothing else.'),
  health: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(128),
        url: z.url({ protocol: /^https?$/ }),
        status: z.int().min(100).max(599).default(200),
      }),
    )
    .max(32)
    .default([])
    .describe('All have to answer so before an update counts as done.'),
  download: z
    .strictObject({
      mirror: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Artifacts are asked for here, by their SHA-256, and not where the manifest says.'),
      bytesPerSecond: z.int().min(1024).optional(),
      mostBytes: z.int().min(1).default(10_000_000_000).describe('A release that is longer is refused.'),
    })
    .prefault({}),
})

/** What an agent is told by its file. Paths are absolute. */
export type Config = z.output<typeof configuration>

/** Reads a public key of Ed25519: PEM, or base64 of its DER. Throws a TypeError where it is none. */
export function keyIn(text: string): KeyObject {
  const key = text.includes('-----BEGIN')
    ? createPublicKey(text)
    : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('It is not one of Ed25519.')
  return key
}

function isKey(text: string): boolean {
  try {
    return keyIn(text).type === 'public'
  } catch {
    return false
  }
}

/** Tells what is wrong with a configuration, and where in it. */
export class BadConfig extends Error {}

/** Returns what a file of the configuration holds, without blanks around it. Throws {@link BadConfig} where it cannot be read, with what to do where there is none. */
export function readNamed(field: string, file: string, next: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new BadConfig(
      code === 'ENOENT'
        ? `${field}: there is no ${file}: ${next}.`
        : `${field}: ${file} cannot be read: ${message}`,
    )
  }
}

/** Hosts to which a credential may go without encryption: nothing leaves the machine. */
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Returns the configuration in a JSON value, with its defaults; paths in it are taken from `folder`. Throws {@link BadConfig}. */
export function configIn(value: unknown, folder: string): Config {
  const parsed = configuration.safeParse(value)
  if (!parsed.success) {
    const words = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
    )
    throw new BadConfig(words.join('\n'))
  }
  const { directory, server, ...rest } = parsed.data
  const { protocol, hostname } = new URL(server.url)
  if (protocol !== 'https:' && !loopback.has(hostname))
    throw new BadConfig('server.url: the credential goes there, so it has to begin with https://')
  if ((server.certificate === undefined) !== (server.key === undefined))
    throw new BadConfig('server.key: a certificate and its key are given together')
  if (rest.trust.threshold > new Set(rest.trust.keys).size)
    throw new BadConfig('trust.threshold: there are fewer keys than have to sign')
  if (rest.agent?.component === rest.component)
    throw new BadConfig('agent.component: it is not the one of what runs here')
  const at = (path: string) => resolve(folder, path)
  const { credential, licence, ca, certificate, key } = server
  return {
    ...rest,
    directory: at(directory),
    server: {
      ...{ url: server.url, credential: at(credential) },
      ...(licence !== undefined && { licence: at(licence) }),
      ...(ca !== undefined && { ca: at(ca) }),
      ...(certificate !== undefined && key !== undefined && { certificate: at(certificate), key: at(key) }),
    },
  }
}

/** Reads the configuration in a file. Throws {@link BadConfig} where it cannot be understood. */
export async function readConfig(file: string): Promise<Config> {
  const text = readNamed('--config', file, 'docs/agent.md shows what one looks like')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new BadConfig(`${file} is not JSON: ${(error as Error).message}`)
  }
  const config = configIn(value, dirname(resolve(file)))
  for (const [place, key] of config.trust.keys.entries()) {
    if (!isArmored(key)) continue
    await readCertificate(key).catch((error: Error) => {
      throw new BadConfig(`trust.keys.${place}: a certificate of OpenPGP: ${error.message}`)
    })
  }
  return config
}
