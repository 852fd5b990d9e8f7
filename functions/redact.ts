const redacted = '[redacted]'

/** Secrets that are told by their own form. Each begins with letters that it cannot hold again, so none is looked for twice in one place. */
const forms: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+(?:\\?[A-Za-z0-9._~+/=-]){8,}/gi, `$1 ${redacted}`],
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

const named = /(?:password|passwd|secret|token|api[_-]?key|licen[cs]e[_-]?key)(?![\w-])/gi
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

/** Lines of a key are told one by one; shorter ones stand in too many words. */
const shortestLine = 16

/** Yields how a secret may be written: as it is, a line of it alone, as a part of an address, in Base64. */
function* writingsOf(secret: string): Generator<string> {
  yield secret
  yield Buffer.from(secret).toString('base64').replace(/=+$/, '')
  if (secret.isWellFormed()) yield encodeURIComponent(secret)
  const lines = secret.split(/\r?\n/)
  if (lines.length > 1) yield* lines.filter((line) => line.length >= shortestLine)
}

/** A text as it reads, and where in what is written each of its characters begins; at last, where it ends. */
interface Reading {
  readonly text: string
  readonly starts: readonly number[]
}

function asWritten(text: string): Reading {
  return { text, starts: Array.from({ length: text.length + 1 }, (_, at) => at) }
}

const meanings: Readonly<Record<string, string>> = {
  ...{ '\\b': '\b', '\\f': '\f', '\\n': '\n', '\\r': '\r', '\\t': '\t' },
  ...{ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" },
}
/** What stands for one character in JSON, and in HTML. */
const escapes = [/\\(?:u[0-9a-f]{4}|["\\/bfnrt])/gi, /&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});/gi]

function meaningOf(written: string): string {
  const [, hexadecimal, decimal] = /^(?:\\u|&#x)([0-9a-f]+)|^&#(\d+)/i.exec(written) ?? []
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
  if (code <= 0x10ffff) return String.fromCodePoint(code)
  return meanings[written.toLowerCase()] ?? written.slice(1)
}

/** Reads once more what may be escaped. Undefined: nothing is. */
function unescaped({ text, starts }: Reading, form: RegExp): Reading | undefined {
  const found = [...text.matchAll(form)]
  if (found.length === 0) return undefined
  const parts: string[] = []
  const begins: (readonly number[])[] = []
  let from = 0
  for (const { 0: written, index } of found) {
    const meaning = meaningOf(written)
    parts.push(text.slice(from, index), meaning)
    begins.push(starts.slice(from, index), new Array<number>(meaning.length).fill(starts[index] ?? 0))
    from = index + written.length
  }
  return { text: parts.join('') + text.slice(from), starts: [...begins.flat(), ...starts.slice(from)] }
}

/** JSON in a text of JSON is escaped twice. */
const deepestReading = 2

/** Yields a text as it is written, and as it reads where it is part of JSON or HTML. */
function* readingsOf(reading: Reading, depth = 0): Generator<Reading> {
  yield reading
  if (depth === deepestReading) return
  for (const form of escapes) {
    const next = unescaped(reading, form)
    if (next) yield* readingsOf(next, depth + 1)
  }
}

/** Returns what takes these secrets out of a text, in whichever way they are written in it. */
export function withoutSecrets(secrets: Iterable<string>): (text: string) => string {
  const taken = [...secrets]
    .filter((secret) => secret.length >= shortestSecret)
    .flatMap((secret) => [...new Set(writingsOf(secret))])
  if (taken.length === 0) return (text) => text
  return (text) => {
    const hidden = new Uint8Array(text.length)
    for (const { text: read, starts } of readingsOf(asWritten(text)))
      for (const secret of taken)
        for (let at = read.indexOf(secret); at >= 0; at = read.indexOf(secret, at + 1))
          hidden.fill(1, starts[at], starts[at + secret.length])
    return withoutHidden(text, hidden)
  }
}

/** Returns a text with a word in the place of each part that is marked. */
function withoutHidden(text: string, hidden: Uint8Array): string {
  let shown = ''
  for (let from = 0; from < text.length; ) {
    const isHidden = hidden[from]
    const next = hidden.indexOf(isHidden ? 0 : 1, from)
    const end = next < 0 ? text.length : next
    shown += isHidden ? redacted : text.slice(from, end)
    from = end
  }
  return shown
}

/** Returns a text without what looks like a secret, in time that grows as the text does. */
export function redact(text: string): string {
  const shown = forms.reduce((left, [form, instead]) => left.replace(form, instead), text)
  return withoutNamed(shown.replace(tokens, withoutToken))
}
