import { describe, expect, test } from 'vitest'
import { NoKubeconfig, readKubeconfig } from '../../functions/executors/helm/kubeconfig.ts'

const kubeconfig = (cluster: object, user: object, more: object = {}) =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
    contexts: [{ name: 'here', context: { cluster: 'one', user: 'somebody' } }],
    clusters: [{ name: 'one', cluster: { server: 'https://cluster.example', ...cluster } }],
    users: [{ name: 'somebody', user }],
    ...more,
  })

describe('a kubeconfig', () => {
  test('is taken as YAML, and only what leads to the cluster stays of it', async () => {
    const read = await readKubeconfig(`
apiVersion: v1
kind: Config
current-context: here
contexts:
- {name: other, context: {cluster: two, user: nobody}}
- {name: here, context: {cluster: one, user: somebody, namespace: elsewhere}}
clusters:
- {name: one, cluster: {server: "https://cluster.example:6443", certificate-authority-data: UEVN}}
- {name: two, cluster: {server: "https://other.example"}}
users:
- {name: somebody, user: {token: the-token}}
- {name: nobody, user: {exec: {command: /bin/sh}}}
`)
    expect(read.server).toBe('https://cluster.example:6443')
    expect(read.secrets).toEqual(['the-token'])
    const file = JSON.parse(read.file('http://helm:x@127.0.0.1:1'))
    expect(file.clusters).toEqual([
      {
        name: 'one',
        cluster: {
          ...{ server: 'https://cluster.example:6443', 'certificate-authority-data': 'UEVN' },
          'proxy-url': 'http://helm:x@127.0.0.1:1',
        },
      },
    ])
    expect(JSON.stringify(file)).not.toMatch(/other\.example|\/bin\/sh|elsewhere/)
  })

  test.each([
    ['a program that prints a token', {}, { exec: { command: '/bin/sh', args: ['-c', 'env'] } }, 'exec'],
    ['a plugin', {}, { 'auth-provider': { name: 'gcp' } }, 'auth-provider'],
    ['the path of a token', {}, { tokenFile: '/proc/self/environ' }, 'tokenFile'],
    ['the path of a key', {}, { 'client-key': '/etc/key' }, 'client-key'],
    ['the path of an authority', { 'certificate-authority': '/etc/ca' }, {}, 'certificate-authority'],
    ['a proxy of its own', { 'proxy-url': 'http://169.254.169.254' }, {}, 'proxy-url'],
    ['whoever answers', { 'insecure-skip-tls-verify': true }, {}, 'insecure-skip-tls-verify'],
    ['somebody else', {}, { as: 'system:admin', token: 'the-token' }, 'as'],
  ])('with %s is refused, and the member named', async (_, cluster, user, member) => {
    const refused = readKubeconfig(kubeconfig(cluster, user))
    await expect(refused).rejects.toThrow(NoKubeconfig)
    await expect(refused).rejects.toThrow(new RegExp(`cannot be used: ${member}\\.`))
    await expect(refused).rejects.not.toThrow(/the-token|bin\/sh|environ|169/)
  })

  test.each([
    ['nothing', ''],
    ['no document', '{{{'],
    ['a list', '[]'],
    ['a context that is not there', kubeconfig({}, {}, { 'current-context': 'there' })],
    ['a user that is not there', kubeconfig({}, {}, { users: [] })],
    ['more than there may be', `${kubeconfig({}, {})}${' '.repeat(70_000)}`],
    ['an alias', 'a: &a [1]\nclusters: *a\n'],
  ])('that is %s is none', async (_, text) => {
    await expect(readKubeconfig(text)).rejects.toThrow(NoKubeconfig)
  })
})
