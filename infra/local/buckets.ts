import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dataFile } from './data-files.ts'
import { ofType } from './template/read.ts'
import type { Resource } from './template/stack.ts'

/** What S3 answers, as far as it is asked here. */
export interface ObjectAnswer {
  readonly status: number
  readonly body: string
}

/** The buckets of a template: directories of the data directory, in which a name is given once. */
export interface Buckets {
  /** Answers a request to `/<bucket>/<key>`, or to `/<bucket>/` with a query: list, get, and put where nothing is. */
  request(
    method: string,
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
    body: string,
  ): ObjectAnswer
}

/** The names of objects are those that the template's functions give; no other can lead out of the directory. */
const objectName = /^[a-z]+\/[\w-]+\.json$/

/** Returns the directory in which the objects of a bucket lie. */
function bucketDirectory(data: string, bucket: string): string {
  return join(dataFile(data, 'buckets'), bucket)
}

function errorOf(status: number, code: string, message: string): ObjectAnswer {
  return { status, body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>` }
}

function namesIn(directory: string, prefix: string): string[] {
  try {
    const files = readdirSync(join(directory, dirname(`${prefix}.`)))
    return files
      .map((file) => `${prefix}${file}`)
      .filter((name) => objectName.test(name))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [] // file system errors carry a code
    throw error
  }
}

/** Writes an object whole or not at all, and never over another. */
function put(directory: string, name: string, body: string): ObjectAnswer {
  const file = join(directory, name)
  mkdirSync(dirname(file), { recursive: true })
  const draft = join(directory, `.${randomUUID()}`)
  writeFileSync(draft, body, { mode: 0o600, flush: true })
  try {
    linkSync(draft, file)
    return { status: 200, body: '' }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // file system errors carry a code
    return errorOf(412, 'PreconditionFailed', `${name} is there.`)
  } finally {
    rmSync(draft)
  }
}

/** Opens the buckets that a template declares. */
export function openBuckets(resources: readonly Resource[], data: string): Buckets {
  const known = new Set(ofType(resources, 'AWS::S3::Bucket').map(({ identity }) => identity.ref))
  return {
    request(method, path, query, headers, body) {
      const [, bucket = '', name = ''] = /^\/([^/]+)\/(.*)$/.exec(path) ?? []
      if (!known.has(bucket)) return errorOf(404, 'NoSuchBucket', `There is no bucket ${bucket}.`)
      const directory = bucketDirectory(data, bucket)
      if (method === 'GET' && name === '' && query['list-type'] === '2') {
        const names = namesIn(directory, query.prefix ?? '').slice(0, Number(query['max-keys'] ?? 1000))
        const contents = names.map((one) => `<Contents><Key>${one}</Key></Contents>`)
        return { status: 200, body: `<ListBucketResult>${contents.join('')}</ListBucketResult>` }
      }
      if (!objectName.test(name)) return errorOf(400, 'InvalidRequest', 'One machine knows no such object.')
      if (method === 'GET') {
        return namesIn(directory, `${dirname(name)}/`).includes(name)
          ? { status: 200, body: readFileSync(join(directory, name), 'utf8') }
          : errorOf(404, 'NoSuchKey', `There is no ${name}.`)
      }
      if (method !== 'PUT') return errorOf(405, 'MethodNotAllowed', `One machine does not ${method} objects.`)
      if (headers['if-none-match'] !== '*') return errorOf(403, 'AccessDenied', 'Only new objects are taken.')
      return put(directory, name, body)
    },
  }
}
