/** What the gateway sends back, before it is written to the socket. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
  readonly body: Buffer | string
}

/** An answer of the gateway itself. */
export function gatewayAnswer(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ message }),
  }
}

/** What the gateway answers when a function fails or answers nonsense. */
export const internalServerError = gatewayAnswer(500, 'Internal Server Error')

/**
 * Turns a function's result into an answer: an object with a status code is mapped, anything else is a JSON body
 * with status 200. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function answerOf(result: unknown): Answer {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    const body = typeof result === 'string' ? result : JSON.stringify(result ?? null)
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }
  const {
    statusCode,
    headers = {},
    cookies = [],
    body = '',
    isBase64Encoded = false,
  } = result as MappedResult
  const status = Number(statusCode)
  const mapped = answerHeaders(headers)
  const valid =
    Number.isInteger(status) &&
    status >= 200 &&
    status <= 599 &&
    typeof body === 'string' &&
    Array.isArray(cookies)
  if (!valid || mapped === undefined) return internalServerError
  return {
    status,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...mapped },
    cookies: cookies.map(String),
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  }
}

/** The fields of a result with a status code. All of them come from a function and are checked. */
interface MappedResult {
  readonly statusCode: unknown
  readonly headers?: unknown
  readonly cookies?: unknown
  readonly body?: unknown
  readonly isBase64Encoded?: unknown
}

// The gateway writes the framing of a message itself.
const framing = ['connection', 'content-length', 'keep-alive', 'transfer-encoding']

function answerHeaders(headers: unknown): Record<string, string> | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const mapped: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\r\n\0]/.test(String(value))) return undefined
    if (!framing.includes(name.toLowerCase())) mapped[name.toLowerCase()] = String(value)
  }
  return mapped
}
