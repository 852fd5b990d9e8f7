/** Returns an address; undefined: it is none. */
export function addressOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

/** May secrets be sent to an address? Only over TLS, or without leaving this machine. */
export function isPrivate(url: URL): boolean {
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
}
