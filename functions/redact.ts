const redacted = '[redacted]'

/** Secrets that are told by their own form. Each begins with letters that it cannot hold again, so none is looked for twice in one place. */
const forms: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${redacted}`],
  [/\bdrydock-(agent|callback|enrol)\.[A-Za-z0-9._:-]+/g, redacted],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, redacted],
  [/(:\/\/[^\s/:@]+:)[^\s/@]+@/g, `$1${redacted}@`],
]

/** What a JSON Web Token stands in, without a break: from the header on, which always begins so. */
const tokens = /(?<![A-Za-z0-9_])eyJ[A-Za-z0-9_.-]*/g

/** Names of files in a dotted path are shorter. */
const shortestToken = 24

/** A signed token has three parts; whatever follows without a break goes with it. */
function withoutToken(text: string): string {
  return text.length > shortestToken && text.split('.', 3).length === 3 ? redacted : text
}

const named = /(?:password|passwd|secret|token|api[_-]?key|license[_-]?key)(?![\w-])/gi
const assigned = /"?\s*[:=]\s*/y
const quoted = /"[^"]*"/y
const bare = /[^\s,;}&]+/y

/** Leaves out what is assigned to a name that ends like that of a secret. Goes over the text once: a pattern with all of it would not. */
function withoutNamed(text: string): string {
  let shown = ''
  let kept = 0
  named.lastIndex = 0
  for (let name = named.exec(text); name; name = named.exec(text)) {
    assigned.lastIndex = named.lastIndex
    if (!assigned.test(text)) continue
    const start = assigned.lastIndex
    quoted.lastIndex = start
    bare.lastIndex = start
    if (!quoted.test(text) && !bare.test(text)) continue
    const end = Math.max(quoted.lastIndex, bare.lastIndex)
    shown += text.slice(kept, start) + redacted
    kept = end
    named.lastIndex = end
  }
  return shown + text.slice(kept)
}

/** Shorter values stand in too many words to be taken out. */
const shortestSecret = 4

/** Returns what takes these secrets out of a text. */
export function withoutSecrets(secrets: Iterable<string>): (text: string) => string {
  // The longest first: one may hold another.
  const taken = [...secrets]
    .filter((secret) => secret.length >= shortestSecret)
    .sort((one, other) => other.length - one.length)
  return (text) => taken.reduce((left, secret) => left.replaceAll(secret, redacted), text)
}

/** Returns a text without what looks like a secret, in time that grows as the text does. */
export function redact(text: string): string {
  const shown = forms.reduce((left, [form, instead]) => left.replace(form, instead), text)
  return withoutNamed(shown.replace(tokens, withoutToken))
}
