import { BlockList, isIP } from 'node:net'

/** `ipv4` or `ipv6`, as Node calls the families of addresses; undefined: the text is no address, or has a zone. */
export function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (address.includes('%')) return undefined
  return ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(address)]
}

function listOf(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** Ranges that are not of the public internet. Source: IANA IPv4 Special-Purpose Address Registry, and RFC 5771, 1112, 919. */
const special4 = listOf('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])

/**
 * All that IANA has given out as global unicast. Outside of it are loopback, unique local, link-local and multicast addresses, and those that
 * carry one of IPv4 (mapped, compatible, NAT64).
 */
const global6 = listOf('ipv6', ['2000::/3'])

/** Inside of that: protocol assignments with Teredo, documentation, 6to4, AS112. Source: IANA IPv6 Special-Purpose Address Registry. */
const special6 = listOf('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'])

/** Is an address one of those that no name of the public internet leads to? What is no address is special too. */
export function isSpecial(address: string): boolean {
  const family = familyOf(address)
  if (family === 'ipv4') return special4.check(address, family) || isMachineService(address)
  if (family === 'ipv6')
    return !global6.check(address, family) || special6.check(address, family) || isMachineService(address)
  return true
}

function addressesOf(family: 'ipv4' | 'ipv6', addresses: readonly string[]): BlockList {
  const list = new BlockList()
  for (const address of addresses) list.addAddress(address, family)
  return list
}

/** By their documentation: AWS (instances, containers, pods, names, time), Oracle, Azure, Alibaba. The first is Google's too. */
const services4 = addressesOf('ipv4', [
  '169.254.169.254',
  '169.254.169.253',
  '169.254.169.123',
  '169.254.170.2',
  '169.254.170.23',
  '192.0.0.192',
  '168.63.129.16',
  '100.100.100.200',
])

const services6 = addressesOf('ipv6', [
  'fd00:ec2::254',
  'fd00:ec2::253',
  'fd00:ec2::123',
  'fd00:ec2::23',
  'fd20:ce::254',
])

/**
 * Is an address one at which a cloud gives a machine its credentials and the like? They lie in ranges that a deployment may well name for
 * other reasons, so that only their own name means them.
 */
export function isMachineService(address: string): boolean {
  const family = familyOf(address)
  // Node finds an address of IPv4 in the list also where it is written as one of IPv6 (mapped).
  return family !== undefined && (services4.check(address, family) || services6.check(address, family))
}
