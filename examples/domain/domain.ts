import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, caller } from '../../infra/local/demo/api.ts'
import { emptyForDemo } from '../../infra/local/demo/directory.ts'
import { refuseTakenPort, tokenFor } from '../../infra/local/demo/runtime.ts'
import { startKillable } from '../killable.ts'
import { serve } from '../server.ts'
import { judge, say } from '../told.ts'
import { begun, isWithin, states } from './expected.ts'
import { Manager } from './manager.ts'
import { type Options, readOptions } from './options.ts'

const password = 'correct-horse-battery-staple'
const [before, after] = ['5.2.0', '5.2.1']
const target = 'domain-1'
const path = (what: string) => `/api/v1/targets/${target}/${what}`
/** In milliseconds: by then the story has ended, or will not. */
const longest = 120_000

interface Status {
  readonly state: string
  readonly details: string | null
}

function managerFor({ fault, speed }: Options): Manager {
  const started = performance.now()
  return new Manager({
    now: () => (performance.now() - started) * speed,
    domain: { id: target, version: before },
    ...{ releases: [before, after], password, alerts: 1, failingDownloads: 1 },
    ...{ failingPrecheck: fault === 'precheck', failingUpgrade: fault === 'upgrade' },
    takes: { download: 25_000, precheck: 25_000, upgrade: 60_000 },
    // It says an hour, so that calls are refused in between.
    tokensHoldFor: 40_000,
    trouble: { 4: 'reset-before', 6: 'too-many', 8: 'reset-after', 11: 'too-many', 14: 'reset-before' },
  })
}

function storeSecret(data: string): void {
  const script = new URL('../../infra/local/secret.ts', import.meta.url).pathname
  const input = JSON.stringify({ password })
  execFileSync(process.execPath, [script, '--data', data, '--name', 'drydock/domain-manager'], { input })
}

/** Registers the releases and the domain, and stores the procedure that its tag names. */
async function register(operator: Call, { fault }: Options, manager: string): Promise<void> {
  const digest = (sign: string) => `sha256:${sign.repeat(64)}`
  const known = fault === 'no-updates' ? [before] : [before, after]
  for (const [place, version] of known.entries())
    await operator('POST', '/api/v1/releases', { component: 'vcf', version, digest: digest(`${place}`) })
  const document = readFileSync(new URL('procedures/domain-upgrade.yaml', import.meta.url), 'utf8')
  await operator('PUT', '/api/v1/procedures/domain-upgrade', document)
  const tags = { manager, domain: target, procedure: 'domain-upgrade' }
  await operator('POST', '/api/v1/targets', { id: target, type: 'domain', components: { vcf: before }, tags })
}

/** Looks at the upgrade until it is over, and acknowledges its alerts as a second person. Returns the states that were seen. */
async function watch(operator: Call, second: Call, ends: number): Promise<string[]> {
  const seen: string[] = []
  for (;;) {
    const status = await operator<Status>('GET', path('upgrade-status')).catch(() => undefined)
    if (status && status.state !== seen.at(-1)) {
      seen.push(status.state)
      say(`  ${status.state}${status.details === null ? '' : `: ${status.details}`}`)
      if (status.state === 'waiting_for_acknowledgment') {
        const told = await second<{ message: string }>('POST', path('acknowledge-alerts'), {
          comment: 'seen',
        })
        say(`operator-2  ${told.message}`)
      }
    }
    if (/completed|failed/.test(seen.at(-1) ?? '')) return seen
    if (performance.now() > ends)
      throw new Error(`It is still ${seen.at(-1)}: see runtime.log in the data directory.`)
    await sleep(50)
  }
}

/** Shows a domain that is upgraded by its manager. Returns whether it went as told. */
export async function domain(): Promise<boolean> {
  const options = readOptions()
  const { fault, data, port } = options
  await refuseTakenPort(port)
  emptyForDemo(data)
  storeSecret(data)
  const manager = managerFor(options)
  const server = await serve(manager, (method, called) => {
    // The worst moment: the manager has begun the upgrade, and nobody has heard that it has.
    if (fault === 'killed' && method === 'POST' && called.endsWith('/upgrades'))
      drydock.kill('Drydock is killed while the manager starts the upgrade, and started again …')
  })
  const drydock = await startKillable({ ...options, outbound: server.url })
  const operator = caller(drydock.url, tokenFor(data, 'operator-1', 'operator'))
  const second = caller(drydock.url, tokenFor(data, 'operator-2', 'operator'))
  try {
    await register(operator, options, server.url)
    const idle = await operator<Status>('GET', path('upgrade-status'))
    say(`  ${idle.state}`)
    const started = await operator<{ message: string; upgradeId?: string }>('POST', path('start-upgrade'))
    say(`operator-1  ${started.message}`)
    const again = await operator<{ message: string; upgradeId?: string }>('POST', path('start-upgrade'))
    const ends = performance.now() + longest
    const seen = fault === 'no-updates' ? [] : await watch(operator, second, ends)
    await drydock.again()
    const logs = await textOf(drydock.url, data)
    say(`\n${logs}`)
    const told = [...logs.matchAll(/Status: \*\*(\w+)\*\*/g)].map(([, state = '']) => state)
    const { components } = await operator<{ components: { vcf?: string } }>(
      'GET',
      `/api/v1/targets/${target}`,
    )
    const upgraded = fault === 'none' || fault === 'killed'
    const message =
      fault === 'no-updates' ? 'No updates available for this domain' : 'Starting upgrade process...'
    const { token, tooMany, reset } = manager.troubled
    const idleLogs = '## No Messages\nNo upgrade activity at this time.'
    return judge({
      'it waited for its initiation': idle.state === 'waiting_for_initiation',
      [`it said "${message}", and the same upgrade to whoever asked again`]:
        started.message === message && again.upgradeId === started.upgradeId,
      [`it went through ${states[fault].join(', ') || 'nothing'}`]:
        JSON.stringify(told) === JSON.stringify(states[fault]),
      'and whoever looked saw nothing else': isWithin(
        seen.filter((state) => state !== 'waiting_for_initiation'),
        states[fault],
      ),
      [`the manager began ${begun[fault].join(', ') || 'nothing'}, each once`]:
        JSON.stringify(manager.begun) === JSON.stringify(begun[fault]),
      'the inventory says what the domain runs':
        components.vcf === manager.version && manager.version === (upgraded ? after : before),
      ...(fault === 'no-updates'
        ? { 'there are no messages': logs === idleLogs }
        : {
            'the manager refused tokens, turned calls away and cut them off':
              token > 0 && tooMany > 1 && reset > 1,
          }),
      ...(fault === 'killed' && { 'Drydock was killed once': drydock.wasKilled }),
    })
  } finally {
    await drydock.stop()
    server.close()
  }
}

async function textOf(url: string, data: string): Promise<string> {
  const authorization = `Bearer ${tokenFor(data, 'viewer-1', 'viewer')}`
  return (await fetch(`${url}${path('upgrade-logs')}`, { headers: { authorization } })).text()
}
