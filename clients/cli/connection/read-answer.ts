import { exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** In bytes. A gateway answers 10 MB at most (AWS). */
const largestAnswer = 10 * 1024 * 1024

/** An answer as it was read. */
interface Read {
  readonly status: number
  readonly body: unknown
  readonly commit: string | null
  /** Of an answer in parts: how the next is asked for; null: there is none. */
  readonly next: string | null
  /** In milliseconds. */
  readonly retryAfter: number
}

/**
 * Reads an answer: JSON, Markdown as text, or a zip file. Throws a Failure where it is a redirect, larger than any answer of the API, or
 * neither; an error of the connection where it breaks off.
 */
export async function readAnswer(response: Response, url: string): Promise<Read> {
  const { status, headers } = response
  if (status >= 300 && status < 400) {
    await response.body?.cancel()
    throw new Failure(
      exitCodes.unknown,
      `${url} sends elsewhere (${status}, ${headers.get('location') ?? 'nowhere'}). Nothing was sent there.`,
      'Next: if that is where the API is, name it by --url.',
    )
  }
  const bytes = await bytesOf(response, url)
  // A file is handed on as it is, a byte a character.
  const isFile = headers.get('content-type') === 'application/zip'
  const body = isFile ? bytes.toString('latin1') : parsed(bytes.toString('utf8'), response, url)
  const seconds = Number(headers.get('retry-after') ?? '1')
  const retryAfter = 1000 * (Number.isFinite(seconds) && seconds > 0 ? seconds : 1)
  const [, next = null] = /[?&]part=([\w-]+)>; rel="next"/.exec(headers.get('link') ?? '') ?? []
  return { status, body, commit: headers.get('drydock-commit'), next, retryAfter }
}

async function bytesOf({ body }: Response, url: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop cancels the rest.
  for await (const part of body ?? []) {
    bytes += part.byteLength
    if (bytes > largestAnswer)
      throw new Failure(
        exitCodes.unknown,
        `${url} answered more than ${largestAnswer} bytes: that is no answer of Drydock.`,
      )
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function parsed(text: string, { status, headers }: Response, url: string): unknown {
  if (text === '') return null
  const type = headers.get('content-type') ?? ''
  if (status < 400 && type.startsWith('text/markdown')) return text
  try {
    return JSON.parse(text)
  } catch {
    // What stands in front of the API answers errors in words of its own.
    if (status >= 400) return { message: text.slice(0, 200) }
    throw new Failure(
      exitCodes.unknown,
      `${url} answered no JSON (${type === '' ? 'without a type' : type}).`,
      'Next: see whether that is the address of the API (--url or DRYDOCK_URL): drydock server',
    )
  }
}
