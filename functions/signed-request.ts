import { createHash, createHmac } from 'node:crypto'

/** Who asks, as the AWS SDK has found out. */
export interface Caller {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export type Service = 'kms' | 'monitoring' | 's3' | 'secretsmanager' | 'ses' | 'sqs' | 'ssm'
export type Method = 'GET' | 'POST' | 'PUT'

/** A request to a service of AWS that is not signed yet. */
export interface PlainRequest {
  readonly service: Service
  readonly method: Method
  readonly url: URL
  /** By their names in lower case; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text, 'utf8').digest()

/** Everything but letters, digits and - . _ ~ is encoded; encodeURIComponent leaves five more. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
}

/**
 * Returns the headers with which a request is sent, signed by Signature Version 4 (AWS, "Create a signed AWS API request"). `at` is an ISO
 * instant; AWS takes one that is off by up to five minutes.
 */
export function signRequest(
  { service, method, url, headers, body }: PlainRequest,
  { accessKeyId, secretAccessKey, sessionToken }: Caller,
  region: string,
  at: string,
): Record<string, string> {
  const instant = at.replace(/[-:]|\.\d+/g, '')
  const day = instant.slice(0, 8)
  const sent: Record<string, string> = {
    ...headers,
    host: url.host,
    'x-amz-content-sha256': sha256(body),
    'x-amz-date': instant,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  }
  const names = Object.keys(sent).sort()
  const path = url.pathname.split('/').map((part) => encoded(decodeURIComponent(part)))
  const canonical = [
    method,
    path.join('/'),
    canonicalQuery(url.searchParams),
    ...names.map((name) => `${name}:${sent[name]?.trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${instant}\n${scope}\n${sha256(canonical)}`).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...sent, authorization }
}
