import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cluster, callCluster } from '../../examples/helm/nodes.ts'
import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import { freePort } from '../local/free-port.ts'

const usage = `npm run test:kubernetes -- [options]

Runs the tests and the example of helm against a real Kubernetes API: kube-apiserver, built once from the Go
module proxy (some minutes), and Debian's etcd-server. Needs Go 1.25 or later, and etcd in the PATH or apt-get.

  --cache DIR  where they are kept (below $XDG_CACHE_HOME, or ~/.cache)`

/** What helm of the layer is made for. */
const version = '1.35.4'
/** In milliseconds: it answers within seconds where it answers at all. */
const answersWithin = 60_000

function run(
  program: string,
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): void {
  const { status, error } = spawnSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (error) throw new Error(`${program} cannot be started (${error.message}).\n\n${usage}`)
  if (status !== 0) throw new Error(`${program} ${words[0]} ended with ${status}.`)
}

/** Returns the path of kube-apiserver, built where it is not kept yet. */
function apiServer(cache: string): string {
  const path = join(cache, 'kube-apiserver')
  if (existsSync(path)) return path
  console.log('Building kube-apiserver, once: that takes some minutes.')
  const env = { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' }
  const told = execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@v${version}`], {
    env,
    cwd: cache,
  })
  const { Dir: module } = JSON.parse(String(told)) as { Dir: string } // go's own answer
  const source = mkdtempSync(join(cache, 'source-'))
  cpSync(module, source, { recursive: true })
  run('chmod', ['-R', 'u+w', source])
  for (const own of ['go.work', 'go.work.sum', 'vendor'])
    rmSync(join(source, own), { recursive: true, force: true })
  // Its parts are modules of their own, which lie beside it only in its repository.
  const declared = readFileSync(join(source, 'go.mod'), 'utf8')
  const parts = declared.replace(
    /=> \.\/staging\/src\/(\S+)/g,
    (_, part) => `=> ${part} v${version.replace(/^1/, '0')}`,
  )
  writeFileSync(join(source, 'go.mod'), parts)
  run('go', ['build', '-o', path, './cmd/kube-apiserver'], { cwd: source, env })
  rmSync(source, { recursive: true })
  return path
}

/** Returns the path of etcd: that of the PATH, or Debian's, unpacked where nothing is installed. */
function etcd(cache: string): string {
  if (spawnSync('etcd', ['--version']).status === 0) return 'etcd'
  const path = join(cache, 'etcd', 'usr', 'bin', 'etcd')
  if (existsSync(path)) return path
  run('apt-get', ['download', 'etcd-server'], { cwd: cache })
  run('sh', ['-c', 'dpkg -x etcd-server_*.deb etcd'], { cwd: cache })
  return path
}

async function answering(cluster: Cluster): Promise<void> {
  const ends = performance.now() + answersWithin
  for (;;) {
    try {
      await callCluster(cluster, 'GET', '/api/v1/namespaces/default')
      return
    } catch (error) {
      if (performance.now() > ends) throw error
      await sleep(200)
    }
  }
}

async function main(): Promise<void> {
  const { values } = readCommandLine(usage, { options: { cache: { type: 'string' } } })
  const own = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    'drydock',
    `kubernetes-${version}`,
  )
  const cache = resolve(values.cache ?? own)
  mkdirSync(cache, { recursive: true })
  const [server, store] = [apiServer(cache), etcd(cache)]
  const directory = mkdtempSync(join(tmpdir(), 'kubernetes-'))
  const at = (name: string) => join(directory, name)
  const started: ChildProcess[] = []
  const start = (program: string, words: readonly string[], log: string) => {
    const output = openSync(at(log), 'a')
    started.push(spawn(program, words, { cwd: directory, stdio: ['ignore', output, output] }))
  }
  const token = randomUUID()
  writeFileSync(at('tokens.csv'), `${token},tester,tester,"system:masters"\n`, { mode: 0o600 })
  run('openssl', ['genrsa', '-out', at('accounts.key'), '2048'])
  const [clients, peers, port] = [await freePort(), await freePort(), await freePort()]
  try {
    const etcdUrl = `http://127.0.0.1:${clients}`
    start(
      store,
      [
        ...['--data-dir', at('etcd'), '--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
        ...['--listen-peer-urls', `http://127.0.0.1:${peers}`, '--unsafe-no-fsync'],
      ],
      'etcd.log',
    )
    start(
      server,
      [
        ...[
          `--etcd-servers=${etcdUrl}`,
          `--secure-port=${port}`,
          '--bind-address=127.0.0.1',
          `--cert-dir=${directory}`,
        ],
        ...[
          '--service-account-issuer=https://accounts.example',
          `--service-account-key-file=${at('accounts.key')}`,
        ],
        ...[
          `--service-account-signing-key-file=${at('accounts.key')}`,
          `--token-auth-file=${at('tokens.csv')}`,
        ],
        ...['--authorization-mode=RBAC', '--service-cluster-ip-range=10.0.0.0/24'],
        '--disable-admission-plugins=ServiceAccount',
      ],
      'apiserver.log',
    )
    while (!existsSync(at('apiserver.crt'))) await sleep(100)
    const address = `https://127.0.0.1:${port}`
    await answering({ server: address, token, authority: readFileSync(at('apiserver.crt'), 'utf8') })
    console.log(`Kubernetes ${version} answers on ${address}.`)
    const env = {
      ...process.env,
      ...{ KUBERNETES_SERVER: address, KUBERNETES_TOKEN: token, KUBERNETES_AUTHORITY: at('apiserver.crt') },
    }
    run('vitest', ['run', 'test/executors/helm.test.ts', 'test/examples/helm.test.ts'], { env })
  } finally {
    for (const child of started) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

main().catch(endCommand)
