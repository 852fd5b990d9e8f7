import { X509Certificate } from 'node:crypto'
import { agentActor } from '../domain/actor.ts'

/** What the gateway says of how a request came: by which name, and with which certificate of the caller, which it has verified. */
export interface Came {
  readonly domainName?: string
  readonly authentication?: { readonly clientCert?: { readonly clientCertPem?: string } } | null
}

/** What the common name of a certificate begins with that is for one target alone: it names that target as the log does. */
const forOne = agentActor('')

/** Returns the common names of a certificate; undefined: it cannot be read. */
function commonNamesOf(pem: string): readonly string[] | undefined {
  try {
    const { CN: names = [] } = new X509Certificate(pem).toLegacyObject().subject
    return [names].flat()
  } catch {
    return undefined
  }
}

/**
 * Returns why an agent of a target is not let in by the way that its request came; undefined: it is. Where the deployment names a domain for agents, they
 * are let in by that alone, with a certificate of their own; one that is for one target (`CN=target:<id>`) lets in no other.
 */
export function whyNotThisWay(
  { domainName, authentication }: Came,
  agentDomain: string,
  target: string,
): string | undefined {
  if (agentDomain === '') return undefined
  const here = 'Agents are let in with a certificate of their own, by the domain that is for them.'
  if (domainName?.toLowerCase() !== agentDomain.toLowerCase()) return here
  const names = commonNamesOf(authentication?.clientCert?.clientCertPem ?? '')
  if (names === undefined) return here
  const named = names.filter((name) => name.toLowerCase().startsWith(forOne))
  return named.every((name) => name === agentActor(target))
    ? undefined
    : 'The certificate is for another target.'
}
