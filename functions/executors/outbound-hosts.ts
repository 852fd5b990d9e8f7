import { BlockList } from 'node:net'
import { familyOf, isMachineService } from './special-addresses.ts'

/** Where a call goes, as its URL says. */
export interface Destination {
  readonly scheme: 'http' | 'https'
  /** In lower case; an address of IPv6 without its brackets. */
  readonly host: string
  readonly port: number
}

/** How far an entry of the list fits a destination: the first part that does not, or all. */
type Fit = 'host' | 'scheme' | 'port' | 'all'

interface Entry {
  readonly scheme: 'http' | 'https'
  /** Was the scheme written down? */
  readonly named: boolean
  readonly port: number | undefined
  names(host: string): boolean
  /** Undefined where the entry is of names. */
  readonly holds: ((address: string) => boolean) | undefined
}

/** What a deployment lets its functions call. */
export interface OutboundHosts {
  /** Returns which part of a destination the list does not have; `all` where it has it. */
  fit(destination: Destination): Fit
  /** Does the list name an address to which the host of a destination leads? */
  vouches(address: string, destination: Destination): boolean
}

const longest = 4096
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const hostName = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`)
const written =
  /^(?:(?<scheme>https?):\/\/)?(?:\[(?<six>[0-9a-f:.]+)\]|(?<host>[^[\]/:]+)|(?<bare>[0-9a-f:.]+))(?:\/(?<bits>\d{1,3}))?(?::(?<port>\d{1,5}))?$/

const order: readonly Fit[] = ['host', 'scheme', 'port', 'all']
const ports = { http: 80, https: 443 }

/** Is it a host name in the one form in which hosts are compared: letters, digits and hyphens, in lower case, not ending with a dot? */
export function isHostName(text: string): boolean {
  return hostName.test(text)
}

/**
 * Reads the setting: entries between commas, each a host (`api.example.com`), all below one (`*.example.com`), an address or a CIDR, with
 * `:port` where it is not the scheme's own, and `http://` in front where it may be called in the clear. A CIDR with a port of IPv6 is
 * written `[fd00::]/8:8443`. An empty text lets nothing be called. Throws an error that names the entry which it cannot read.
 */
export function readOutboundHosts(text: string): OutboundHosts {
  if (text.length > longest) throw new Error(`OutboundHosts has more than ${longest} characters.`)
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(readEntry)
  return {
    fit(destination) {
      const fits = entries.map((entry) => fitOf(entry, destination))
      return order.findLast((fit) => fits.includes(fit)) ?? 'host'
    },
    vouches(address, { scheme, port }) {
      return entries.some(
        (entry) =>
          // The port and scheme of a CIDR count where they are written; else those of the name do.
          (!entry.named || entry.scheme === scheme) &&
          (entry.port === undefined || entry.port === port) &&
          entry.holds?.(address),
      )
    },
  }
}

function fitOf(entry: Entry, { scheme, host, port }: Destination): Fit {
  if (!entry.names(host)) return 'host'
  if (entry.scheme !== scheme) return 'scheme'
  return (entry.port ?? ports[scheme]) === port ? 'all' : 'port'
}

function readEntry(entry: string): Entry {
  const wrong = (why: string) =>
    new Error(`OutboundHosts cannot be read at ${JSON.stringify(entry)}: ${why}.`)
  const { scheme, six, host, bare, bits, port } = written.exec(entry)?.groups ?? {}
  const name = six ?? host ?? bare
  if (name === undefined)
    throw wrong('an entry is a host, *.suffix, an address or a CIDR, in lower case, and then :port')
  if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))
    throw wrong('a port is from 1 to 65535')
  const shared = {
    scheme: scheme === 'http' ? 'http' : 'https',
    named: scheme !== undefined,
    port: port === undefined ? undefined : Number(port),
  } as const
  const family = familyOf(name)
  if (family !== undefined) {
    const most = family === 'ipv4' ? 32 : 128
    const length = Number(bits ?? most)
    if (length > most) throw wrong(`a CIDR of it has at most ${most} bits`)
    const range = new BlockList()
    range.addSubnet(name, length, family)
    const holds = (address: string) => {
      const own = familyOf(address)
      if (own === undefined || !range.check(address, own)) return false
      return length === most || !isMachineService(address)
    }
    return { ...shared, names: holds, holds }
  }
  if (bits !== undefined) throw wrong('only an address has a length behind a slash')
  const below = name.startsWith('*.') ? name.slice(1) : undefined
  // One that ends with a number is read as an address of IPv4 wherever URLs are read.
  if (!isHostName(below?.slice(1) ?? name) || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(name))
    throw wrong('it is no host name; of other scripts it is written as xn--…')
  return {
    ...shared,
    names: below === undefined ? (one) => one === name : (one) => isHostName(one) && one.endsWith(below),
    holds: undefined,
  }
}
