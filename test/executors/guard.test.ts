import { describe, expect, test } from 'vitest'
import { openGuard, type Resolve } from '../../functions/executors/guard.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'
import { hostileAnswers, hostileUrls } from './hostile-addresses.ts'

const fine = '93.184.215.14'
const asked: string[] = []
const admit = (hosts: string, url: string, resolve: Resolve = async () => [fine]) =>
  openGuard(readOutboundHosts(hosts), async (host) => {
    asked.push(host)
    return resolve(host)
  }).admit(url)

/** Names what a deployment may: hosts, and whole private ranges. What is tried below is refused all the same. */
const generous =
  'api.example.com, *.hooks.example.com, 127.0.0.0/8, 10.0.0.0/8, 169.254.0.0/16, ::1, fd00::/8, https://api.example.com:8443'

const rows = (table: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(table).flatMap(([what, all]) => all.map((one) => [what, one] as const))

describe('S20: the guard of outbound calls', () => {
  const answers = rows(hostileAnswers)
  const urls = rows(hostileUrls)

  test('is tried with hundreds of addresses, none of them twice', () => {
    const all = [...answers, ...urls].map(([, one]) => one)
    expect(new Set(all).size).toBe(all.length)
    expect(answers.length).toBeGreaterThanOrEqual(150)
    expect(urls.length).toBeGreaterThanOrEqual(150)
  })

  test.each(answers)('lets no name lead to an address that is %s: %j', async (_, address) => {
    const only = await admit('api.example.com', 'https://api.example.com/', async () => [address])
    expect(only).toMatchObject({ kind: 'refused', code: 'address' })
    // Nor beside one that is fine, wherever it stands.
    for (const all of [
      [fine, address],
      [address, fine],
    ])
      expect(await admit('api.example.com', 'https://api.example.com/', async () => all)).toMatchObject({
        code: 'address',
      })
  })

  test.each([
    ['http://127.0.0.1:8080/hook', 'npm start -- --outbound http://127.0.0.1:8080'],
    ['http://[fd00::7]:8080/hook', 'npm start -- --outbound http://[fd00::7]:8080'],
    ['http://localhost:9000/', 'npm start -- --outbound http://localhost:9000,127.0.0.1,::1'],
  ])('says of %s how one machine lets it be called, and that is so', async (url, command) => {
    const resolve = async () => ['127.0.0.1', '::1']
    const refused = await admit('', url, resolve)
    expect(refused).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining(`(on one machine: ${command})`),
    })
    const hosts = command.split('--outbound ')[1] ?? ''
    expect(await admit(hosts, url, resolve)).toMatchObject({ kind: 'open' })
  })

  test.each(urls)('refuses %s: %j', async (_, url) => {
    asked.length = 0
    expect(await admit(generous, url)).toMatchObject({ kind: 'refused' })
    // Not even its name is looked up: a lookup is a message to whoever answers for the name.
    expect(asked).toEqual([])
  })

  test.each([
    ['https://api.example.com/', 'api.example.com', 443],
    ['https://api.example.com:443/path?query=a%2fb#part', 'api.example.com', 443],
    ['https://API.Example.COM/', 'api.example.com', 443],
    ['HTTPS://api.example.com', 'api.example.com', 443],
    ['https://api.example.com:8443/', 'api.example.com', 8443],
    ['https://one.hooks.example.com/', 'one.hooks.example.com', 443],
    ['https://a.b.hooks.example.com/@here', 'a.b.hooks.example.com', 443],
    ['https://127.0.0.1/', '127.0.0.1', 443],
    ['https://10.20.30.40/', '10.20.30.40', 443],
    ['https://[::1]/', '::1', 443],
    ['https://[fd12::1]/', 'fd12::1', 443],
  ])('lets %s go', async (url, host, port) => {
    expect(await admit(generous, url)).toMatchObject({ kind: 'open', scheme: 'https', host, port })
  })

  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '11.0.0.1',
  ])('lets a name lead to %s, and to the like of IPv6', async (address) => {
    const way = await admit('api.example.com', 'https://api.example.com/', async () => [
      address,
      '2606:4700::1111',
    ])
    expect(way).toMatchObject({ kind: 'open', addresses: [address, '2606:4700::1111'] })
  })

  test('lets nothing go by an empty list', async () => {
    for (const empty of ['', ' ', ',', ' , '])
      for (const url of [
        'https://api.example.com/',
        'https://8.8.8.8/',
        'https://127.0.0.1/',
        'http://localhost/',
      ])
        expect(await admit(empty, url)).toMatchObject({ kind: 'refused', code: 'host' })
  })

  test('says in a word what is wrong, and shows of a URL its host alone', async () => {
    const secret = 'hunter2-hunter2'
    const codes = await Promise.all(
      [
        `https://api.example.org/${secret}`,
        `http://api.example.com/?key=${secret}`,
        `https://api.example.com:444/#${secret}`,
        `https://user:${secret}@api.example.com/`,
        `https://api.example.com./${secret}`,
        `ftp://api.example.com/${secret}`,
        `https://api.example.com/ ${secret}`,
        `https://api.example.com/${secret}${'x'.repeat(2048)}`,
      ].map((url) => admit(generous, url)),
    )
    expect(codes.map((verdict) => 'code' in verdict && verdict.code)).toEqual([
      ...['host', 'scheme', 'port', 'userinfo', 'host-form', 'scheme', 'url', 'url'],
    ])
    expect(JSON.stringify(codes)).not.toContain(secret)
  })
})

describe('an address that a CIDR of the list names', () => {
  const name = 'https://gw.example.com:8443/'
  const to = (address: string) => async () => [address]

  test.each([
    ['gw.example.com:8443, 10.0.0.0/8', '10.1.2.3'],
    ['gw.example.com:8443, 10.0.0.0/8:8443', '10.1.2.3'],
    ['gw.example.com:8443, 10.1.2.3', '10.1.2.3'],
    ['gw.example.com:8443, fd00::/8', 'fd12::1'],
    ['gw.example.com:8443, [fd00::]/8:8443', 'fd12::1'],
    ['gw.example.com:8443, 169.254.169.254/32', '169.254.169.254'],
    ['gw.example.com:8443, fd00:ec2::254', 'fd00:ec2::254'],
    ['gw.example.com:8443, 64:ff9b::/96', '64:ff9b::808:808'],
  ])('may be led to: %s', async (hosts, address) => {
    expect(await admit(hosts, name, to(address))).toMatchObject({ kind: 'open', addresses: [address] })
  })

  test.each([
    ['another range', 'gw.example.com:8443, 10.0.0.0/16', '10.1.2.3'],
    ['another port', 'gw.example.com:8443, 10.0.0.0/8:443', '10.1.2.3'],
    ['in the clear', 'gw.example.com:8443, http://10.0.0.0/8', '10.1.2.3'],
    ['a range around credentials of machines', 'gw.example.com:8443, 169.254.0.0/16', '169.254.169.254'],
    ['the same of IPv6', 'gw.example.com:8443, fd00::/8', 'fd00:ec2::254'],
    ['everything', 'gw.example.com:8443, 0.0.0.0/0, ::/0', '169.254.169.254'],
    ['with a zone', 'gw.example.com:8443, fe80::/10', 'fe80::1%eth0'],
  ])('is not by %s', async (_, hosts, address) => {
    expect(await admit(hosts, name, to(address))).toMatchObject({ kind: 'refused', code: 'address' })
  })

  test('lets no name go that is not on the list itself', async () => {
    expect(await admit('10.0.0.0/8', 'https://gw.example.com/', to('10.1.2.3'))).toMatchObject({
      code: 'host',
    })
  })

  test('may be called in the clear where the list says so, and then only so', async () => {
    const hosts = 'http://10.0.0.0/8:8082, http://lb.example.com'
    expect(await admit(hosts, 'http://10.1.2.3:8082/')).toMatchObject({
      kind: 'open',
      scheme: 'http',
      port: 8082,
    })
    expect(await admit(hosts, 'http://lb.example.com/')).toMatchObject({
      kind: 'open',
      scheme: 'http',
      port: 80,
    })
    expect(await admit(hosts, 'https://10.1.2.3:8082/')).toMatchObject({ code: 'scheme' })
    expect(await admit(hosts, 'https://lb.example.com/')).toMatchObject({ code: 'scheme' })
    expect(await admit(hosts, 'http://10.1.2.3/')).toMatchObject({ code: 'port' })
  })
})

describe('a name that leads nowhere', () => {
  test('is told apart from one that is refused', async () => {
    const gone = async () => {
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    }
    expect(await admit(generous, 'https://api.example.com/', gone)).toEqual({
      kind: 'unresolved',
      why: 'The name api.example.com leads to no address (ENOTFOUND).',
    })
    expect(await admit(generous, 'https://api.example.com/', async () => [])).toMatchObject({
      kind: 'unresolved',
    })
  })
})

describe('the list of a deployment', () => {
  test.each([
    ...[
      '*',
      '*.',
      '*.*.com',
      'a.*.com',
      '.example.com',
      'example.com.',
      'exa mple.com',
      'EXAMPLE.com',
      'bücher.example',
    ],
    ...['https://', 'ftp://example.com', 'https://example.com/path', 'user@example.com', 'example.com:0'],
    ...[
      'example.com:65536',
      'example.com:',
      'example.com:x',
      'example.com/8',
      '10.0.0.0/33',
      '::/129',
      '10.0.0/8',
    ],
    ...[
      '127.1',
      '0x7f000001',
      '2130706433',
      'fe80::1%eth0',
      '[10.0.0.0/8]',
      '[fd00::/8]:443',
      '*.example.com/8',
      'a..b',
    ],
  ])('is not read where an entry is %j, and the error names it', (entry) => {
    expect(() => readOutboundHosts(`api.example.com, ${entry}`)).toThrow(
      `OutboundHosts cannot be read at ${JSON.stringify(entry)}`,
    )
  })

  test('has an end', () => {
    expect(() => readOutboundHosts('a'.repeat(4097))).toThrow('more than 4096 characters')
  })
})
