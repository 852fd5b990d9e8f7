import { lookup } from 'node:dns/promises'
import { type Destination, isHostName, type OutboundHosts } from './outbound-hosts.ts'
import { familyOf, isSpecial } from './special-addresses.ts'

/** Why a call is not let go. `request`: the guard would, but no such request is sent. */
export type RefusalCode =
  | 'url'
  | 'userinfo'
  | 'scheme'
  | 'host'
  | 'host-form'
  | 'port'
  | 'address'
  | 'request'

/** A call that is not let go: nothing of it was sent. `why` is for whoever wrote it, and holds nothing of the URL but its host. */
export interface Refusal {
  readonly kind: 'refused'
  readonly code: RefusalCode
  readonly why: string
}

/** Where a call may go. The addresses are those that were looked at: whoever connects, connects to one of them and asks no names again. */
export interface Way extends Destination {
  readonly kind: 'open'
  readonly url: URL
  /** At least one, those of IPv4 first. */
  readonly addresses: readonly string[]
}

/** What the guard says to a URL. `unresolved`: its host leads to no address now. */
export type Verdict = Way | Refusal | { readonly kind: 'unresolved'; readonly why: string }

/** Returns all addresses that a name leads to; rejects when it leads to none. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** Every call that leaves this system is asked for here, and nowhere else. */
export interface Guard {
  admit(url: string): Promise<Verdict>
}

const longestUrl = 2048
const authority = /^https?:\/\/([^/?#]*)/i
const hostAndPort = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/

const resolveAll: Resolve = async (host) => {
  const found = await lookup(host, { all: true, order: 'ipv4first' })
  return found.map(({ address }) => address)
}

function refusal(code: RefusalCode, why: string): Refusal {
  return { kind: 'refused', code, why }
}

/**
 * Opens the guard of a deployment's outbound calls (S20). A URL passes when its scheme, host and port are on the list, its host is written in the one
 * plain form, and each of the addresses that it leads to is of the public internet or named by the list.
 */
export function openGuard(hosts: OutboundHosts, resolve: Resolve = resolveAll): Guard {
  return {
    async admit(text) {
      const listed = readListed(hosts, text)
      if ('kind' in listed) return listed
      const { url, destination } = listed
      const { host } = destination
      let addresses: readonly string[]
      try {
        addresses = familyOf(host) ? [host] : await resolve(host)
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
        return { kind: 'unresolved', why: `The name ${host} leads to no address${code}.` }
      }
      if (addresses.length === 0) return { kind: 'unresolved', why: `The name ${host} leads to no address.` }
      // All of them: who answers with one that is fine and one that is not means the other.
      const closed = addresses.find((address) => isSpecial(address) && !hosts.vouches(address, destination))
      if (closed !== undefined)
        return refusal(
          'address',
          `${host} leads to ${closed}, which is not of the public internet: OutboundHosts would have to name it as a CIDR${onOneMachine(destination)}.`,
        )
      return { kind: 'open', ...destination, url, addresses }
    },
  }
}

/** Returns how a service of one's own is let be called where all of this runs on one machine; empty where a host is no such service. */
function onOneMachine({ scheme, host, port }: Destination): string {
  const family = familyOf(host)
  const isOwn = family ? isSpecial(host) : host === 'localhost'
  if (!isOwn) return ''
  const plain = family === 'ipv6' ? `[${host}]` : host
  const addresses = family ? '' : ',127.0.0.1,::1'
  return ` (on one machine: npm start -- --outbound ${scheme}://${plain}:${port}${addresses})`
}

/** Returns why a URL is not let go, whatever its host leads to; undefined: that alone decides. */
export function refusalOf(hosts: OutboundHosts, url: string): Refusal | undefined {
  const listed = readListed(hosts, url)
  return 'kind' in listed ? listed : undefined
}

/** Reads a URL whose scheme, host and port are on the list. */
function readListed(hosts: OutboundHosts, text: string): ReturnType<typeof readUrl> {
  const read = readUrl(text)
  if ('kind' in read) return read
  const { scheme, host, port } = read.destination
  const fit = hosts.fit(read.destination)
  if (fit === 'host')
    return refusal(
      'host',
      `${host} is not among the OutboundHosts of this deployment${onOneMachine(read.destination)}.`,
    )
  if (fit === 'scheme') return refusal('scheme', `${host} may not be called by ${scheme}.`)
  if (fit === 'port') return refusal('port', `${host} may not be called at port ${port}.`)
  return read
}

/** Reads a URL by stricter rules than Node's, which takes many ways to write one host. */
function readUrl(text: string): Refusal | { readonly url: URL; readonly destination: Destination } {
  if (text.length > longestUrl) return refusal('url', `A URL has at most ${longestUrl} characters.`)
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\'))
    return refusal('url', 'A URL is of visible ASCII characters, without a backslash.')
  const [, between] = authority.exec(text) ?? []
  if (between === undefined) return refusal('scheme', 'A URL begins with https:// or http://.')
  if (between.includes('@'))
    return refusal('userinfo', 'A URL names no user and no password: send them as a header.')
  const [, written] = hostAndPort.exec(between) ?? []
  const url = URL.parse(text)
  if (written === undefined || url === null) return refusal('url', 'It is no URL.')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (written.toLowerCase() !== url.hostname || !(familyOf(host) || isHostName(host)))
    return refusal(
      'host-form',
      'A host is written plainly: a name in ASCII without a dot at its end, or an address in its usual form.',
    )
  const scheme = url.protocol === 'http:' ? 'http' : 'https'
  const port = url.port === '' ? { http: 80, https: 443 }[scheme] : Number(url.port)
  return { url, destination: { scheme, host, port } }
}
