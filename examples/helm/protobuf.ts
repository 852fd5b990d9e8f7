/** What of a secret helm sets. */
interface Secret {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly data: Readonly<Record<string, string>>
  readonly type: string
}

/** Before every object of Kubernetes in this form. */
const mark = Buffer.from('k8s\0')

/** Yields the fields of a message (protobuf.dev, "Encoding") that are of a length: texts, bytes and messages; others are passed over. */
function* fieldsOf(message: Buffer): Generator<[field: number, content: Buffer]> {
  let at = 0
  const number = (): number => {
    let value = 0
    for (let weight = 1; ; weight *= 128) {
      const byte = message[at++] ?? 0
      value += (byte & 127) * weight
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const key = number()
    const field = Math.floor(key / 8)
    switch (key % 8) {
      case 0:
        number()
        break
      case 2: {
        const length = number()
        yield [field, message.subarray(at, at + length)]
        at += length
        break
      }
      default:
        throw new RangeError(`Field ${field} is of a kind that is not read here.`)
    }
  }
}

function* entriesOf(message: Buffer, field: number): Generator<[name: string, content: Buffer]> {
  for (const [at, content] of fieldsOf(message))
    if (at === field) {
      const entry = new Map(fieldsOf(content))
      yield [entry.get(1)?.toString('utf8') ?? '', entry.get(2) ?? Buffer.alloc(0)]
    }
}

/** Reads the secret that a client has written in Kubernetes' own binary form; undefined: it is another. */
export function secretIn(body: Buffer): Secret | undefined {
  if (!body.subarray(0, mark.length).equals(mark)) return undefined
  const unknown = new Map(fieldsOf(body.subarray(mark.length)))
  const type = new Map(fieldsOf(unknown.get(1) ?? mark))
  const raw = unknown.get(2) ?? Buffer.alloc(0)
  if (type.get(2)?.toString() !== 'Secret') return undefined
  const secret = new Map(fieldsOf(raw))
  const metadata = secret.get(1) ?? Buffer.alloc(0)
  const labels = [...entriesOf(metadata, 11)].map(([name, value]) => [name, value.toString('utf8')])
  const data = [...entriesOf(raw, 2)].map(([name, value]) => [name, value.toString('base64')])
  return {
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: {
      name: new Map(fieldsOf(metadata)).get(1)?.toString('utf8') ?? '',
      labels: Object.fromEntries(labels),
    },
    data: Object.fromEntries(data),
    type: secret.get(3)?.toString('utf8') ?? '',
  }
}
