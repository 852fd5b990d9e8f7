import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ask } from './exchange.ts'
import { NoAnswer } from './exchange.ts'
import type { Part } from './trusted.ts'

/** What came is not what was signed, though it was asked for anew. */
export class WrongArtifact extends Error {}

/** Nobody says where an artifact lies. */
export class NowhereToLook extends Error {}

const mostRedirects = 3
/** In bytes a second, from its second minute on: who drips holds nobody. */
const leastPace = 512

async function lengthOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 0
      throw error
    },
  )
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Asks for an artifact from one of its bytes on; follows where the other side sends it, never back to what is not encrypted. */
async function answerFrom(ask: Ask, url: URL, from: number, redirects = 0): ReturnType<Ask> {
  const answer = await ask(url, from === 0 ? {} : { headers: { range: `bytes=${from}-` } })
  const { statusCode = 0, headers } = answer
  if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return answer
  answer.destroy()
  const next = URL.canParse(headers.location, url.href) ? new URL(headers.location, url) : undefined
  if (
    !next ||
    redirects >= mostRedirects ||
    (next.protocol !== 'https:' && next.protocol !== url.protocol) ||
    !/^https?:$/.test(next.protocol)
  )
    throw new NoAnswer(`${url.host} leads elsewhere: ${headers.location.slice(0, 128)}`)
  return answerFrom(ask, next, from, redirects + 1)
}

/** Lets through so many bytes a second, and fails as soon as there are more than there may be. */
async function* bounded(answer: AsyncIterable<Buffer>, most: number, bytesPerSecond: number | undefined) {
  const began = performance.now()
  let length = 0
  for await (const chunk of answer) {
    length += chunk.length
    const seconds = (performance.now() - began) / 1000
    if (seconds > 60 && length / seconds < leastPace)
      throw new NoAnswer(`it came slower than ${leastPace} bytes a second`)
    if (length > most) throw new WrongArtifact(`It is longer than the ${most} bytes that were signed.`)
    yield chunk
    if (bytesPerSecond !== undefined) {
      const due = began + (length / bytesPerSecond) * 1000
      if (due > performance.now()) await pause(due - performance.now())
    }
  }
}

async function goOn(
  ask: Ask,
  url: URL,
  { length }: Part,
  file: string,
  bytesPerSecond: number | undefined,
): Promise<void> {
  const have = await lengthOf(file)
  if (have === length) return
  const from = have < length ? have : 0
  const answer = await answerFrom(ask, url, from)
  const { statusCode } = answer
  if (statusCode !== 200 && statusCode !== 206) {
    answer.destroy()
    throw new NoAnswer(`${url.host} answered ${statusCode} when it was asked for ${url.pathname}`)
  }
  // Who does not go on where it was asked to begins anew.
  const starts = Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1])
  const resumed = statusCode === 206 && starts === from
  if (statusCode === 206 && !resumed) {
    answer.destroy()
    throw new NoAnswer(`${url.host} answered with another part than it was asked for`)
  }
  const body = bounded(answer as AsyncIterable<Buffer>, resumed ? length - from : length, bytesPerSecond)
  await pipeline(body, createWriteStream(file, { flags: resumed ? 'a' : 'w', mode: 0o600 })).catch(
    (error: NodeJS.ErrnoException) => {
      // Of the other side, or of the way to it: what is here stays, and is gone on with.
      if (
        error instanceof WrongArtifact ||
        error instanceof NoAnswer ||
        error.syscall === 'write' ||
        error.syscall === 'open'
      )
        throw error
      throw new NoAnswer(`${url.host} broke off: ${error.message}`, { cause: error })
    },
  )
}

/**
 * Brings an artifact to a file, which is there only once its length and SHA-256 are those that were signed; goes on where it was cut off. Rejects with
 * {@link NoAnswer}: try again later; {@link WrongArtifact}: it is not what was signed, not even from its beginning; or what the disk says.
 */
export async function download(
  ask: Ask,
  url: URL,
  part: Part,
  file: string,
  bytesPerSecond: number | undefined,
): Promise<void> {
  if ((await lengthOf(file)) === part.length && (await sumOf(file)) === part.sha256) return
  const draft = `${file}.part`
  const resumed = (await lengthOf(draft)) > 0
  try {
    await goOn(ask, url, part, draft, bytesPerSecond)
    const length = await lengthOf(draft)
    if (length < part.length)
      throw new NoAnswer(`${url.host} broke off after ${length} of ${part.length} bytes`)
    if ((await sumOf(draft)) !== part.sha256)
      throw new WrongArtifact(`The SHA-256 of ${url.pathname} is not the one that was signed.`)
  } catch (error) {
    if (!(error instanceof WrongArtifact)) throw error
    await rm(draft, { force: true })
    // What was there from before may have been of something else.
    if (resumed) return download(ask, url, part, file, bytesPerSecond)
    throw error
  }
  await rename(draft, file)
}
