/** A target of a rule, as `AWS::Events::Rule` and PutTargets spell it. */
export interface RuleTarget {
  readonly Id: string
  readonly Arn: string
  readonly RoleArn?: string
  readonly Input?: string
  readonly InputPath?: string
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>
    readonly InputTemplate: string
  }
  readonly DeadLetterConfig?: { readonly Arn?: string }
  readonly RetryPolicy?: {
    readonly MaximumRetryAttempts?: number
    readonly MaximumEventAgeInSeconds?: number
  }
}

/** What the names that AWS reserves in a template stand for. */
export interface Reserved {
  readonly ruleArn: string
  readonly ruleName: string
  readonly ingestionTime: string
}

const reservedNames = [
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event.ingestion-time',
  'aws.events.event',
  'aws.events.event.json',
]

/** Throws an error that names what a target asks of EventBridge and would not get. */
export function checkTarget(target: RuleTarget): void {
  const shapes = [target.Input, target.InputPath, target.InputTransformer].filter(
    (shape) => shape !== undefined,
  )
  if (shapes.length > 1)
    throw new Error(`Target ${target.Id}: give one of Input, InputPath and InputTransformer`)
  if (target.Input !== undefined) parsed(target.Input, `Target ${target.Id}: Input is not JSON`)
  if (target.InputPath !== undefined) pathKeys(target.InputPath)
  const { InputPathsMap = {}, InputTemplate = '' } = target.InputTransformer ?? {}
  for (const path of Object.values(InputPathsMap)) pathKeys(path)
  for (const [, name = ''] of InputTemplate.matchAll(/<([^<>\s]+)>/g)) {
    if (!Object.hasOwn(InputPathsMap, name) && !reservedNames.includes(name))
      throw new Error(
        `Target ${target.Id}: InputTemplate uses <${name}>, which InputPathsMap does not define`,
      )
  }
}

/** What a target is sent for an event: the event itself, or the part or text that the target asks for. */
export function inputOf(target: RuleTarget, event: unknown, reserved: Reserved): unknown {
  if (target.Input !== undefined) return parsed(target.Input, 'Input is not JSON')
  if (target.InputPath !== undefined) return at(event, target.InputPath)
  if (target.InputTransformer === undefined) return event
  return transformed(target.InputTransformer, event, reserved)
}

function transformed(
  { InputPathsMap = {}, InputTemplate }: NonNullable<RuleTarget['InputTransformer']>,
  event: unknown,
  reserved: Reserved,
): unknown {
  const values = new Map<string, unknown>([
    ['aws.events.rule-arn', reserved.ruleArn],
    ['aws.events.rule-name', reserved.ruleName],
    ['aws.events.event.ingestion-time', reserved.ingestionTime],
    ['aws.events.event', { ...(event as object), detail: undefined }],
    ['aws.events.event.json', event],
    ...Object.entries(InputPathsMap).map(([name, path]) => [name, at(event, path)] as const),
  ])
  let quoted = false
  const text = InputTemplate.replace(/\\.|"|<([^<>\s]+)>/g, (part: string, name?: string) => {
    if (part === '"') quoted = !quoted
    if (name === undefined) return part
    const value = values.get(name)
    if (!quoted) return JSON.stringify(value ?? null)
    const plain = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
    return JSON.stringify(plain).slice(1, -1)
  })
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Follows a JSONPath of field names and indexes, the only kind that EventBridge allows here. */
function at(event: unknown, path: string): unknown {
  return pathKeys(path).reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<string, unknown>>)[key] // an own key of an object or a list
        : undefined,
    event,
  )
}

function pathKeys(path: string): string[] {
  if (!/^\$(?:\.[\w-]+|\['[^']+'\]|\[\d+\])*$/.test(path))
    throw new Error(`The path ${path} is not supported: use names and indexes, as in $.detail.items[0]`)
  return [...path.matchAll(/\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

function parsed(json: string, complaint: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new Error(`${complaint}: ${json}`, { cause })
  }
}
