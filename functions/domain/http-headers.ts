/** How many headers a call has at most. */
const headersAtMost = 50

/** RFC 9110, 5.6.2 and 5.5: a name is a token, a value has no control characters. */
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/i
const headerValue = /^[\x20-\x7e\t]*$/

/** Headers that say how a request is sent, which whoever sends it decides. */
const own = [
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Returns what is wrong with the headers of a call, each with the name as it is given; it shows no value. */
export function faultsInHeaders(
  headers: Readonly<Record<string, string>>,
): readonly { readonly name: string; readonly why: string }[] {
  const names = Object.keys(headers)
  const faults: { name: string; why: string }[] = []
  if (names.length > headersAtMost)
    faults.push({ name: '', why: `There are at most ${headersAtMost} headers.` })
  const seen = new Set<string>()
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (!headerName.test(name)) faults.push({ name, why: 'A header has a name that HTTP does not allow.' })
    else if (own.includes(lower) || lower.startsWith('proxy-'))
      faults.push({ name, why: `The header ${lower} is set by the sender.` })
    else if (!headerValue.test(value))
      faults.push({ name, why: `The header ${lower} has a value that HTTP does not allow.` })
    if (seen.has(lower)) faults.push({ name, why: 'A header is there twice.' })
    seen.add(lower)
  }
  return faults
}
