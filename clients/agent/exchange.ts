import { type IncomingMessage, request as overHttp } from 'node:http'
import { request as overHttps, type RequestOptions } from 'node:https'
import { type Config, readNamed } from './config.ts'

/** Nobody answered, or not to its end: whether anything happened there is not known. */
export class NoAnswer extends Error {}

/** So long may the other side say nothing, in milliseconds. */
const silentFor = 30_000

export interface Asked {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
}

/** Opens an exchange by HTTP; over TLS it is 1.3, with the authorities that are given and no others, where some are. */
export type Ask = (url: URL, asked?: Asked) => Promise<IncomingMessage>

const put = 'put it there'

/** Returns what asks. Rejects with {@link NoAnswer}, also where the other side says nothing for `silent` milliseconds; redirects are answers like others. Throws BadConfig where a file cannot be read. */
export function asking(
  { ca, certificate, key }: Pick<Config['server'], 'ca' | 'certificate' | 'key'>,
  silent = silentFor,
): Ask {
  const tls: RequestOptions = {
    minVersion: 'TLSv1.3',
    ...(ca !== undefined && { ca: readNamed('server.ca', ca, put) }),
    ...(certificate !== undefined &&
      key !== undefined && {
        cert: readNamed('server.certificate', certificate, put),
        key: readNamed('server.key', key, put),
      }),
  }
  return (url, { method = 'GET', headers = {}, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const failed = (error: Error) =>
        reject(new NoAnswer(`${url.host} did not answer: ${error.message}`, { cause: error }))
      const options: RequestOptions = {
        ...tls,
        method,
        headers,
        timeout: silent,
        ...(signal && { signal }),
      }
      const asked =
        url.protocol === 'https:' ? overHttps(url, options) : overHttp(url, { ...options, agent: undefined })
      let answer: IncomingMessage | undefined
      asked.on('timeout', () => {
        // What is here and is not read yet was said: whoever takes their time with it is on this side.
        if (answer && answer.readableLength > 0) asked.setTimeout(silent)
        else asked.destroy(new Error(`nothing was said for ${silent / 1000} s`))
      })
      asked.on('error', failed)
      asked.on('response', (came) => {
        answer = came
        resolve(came)
      })
      asked.end(body)
    })
}

/** Returns an answer's text. Rejects with {@link NoAnswer} where it breaks off, or is longer than `most` bytes. */
export async function textOf(answer: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > most) throw new Error(`its answer has more than ${most} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    answer.destroy()
    throw new NoAnswer((error as Error).message, { cause: error })
  }
  return Buffer.concat(chunks).toString('utf8')
}
