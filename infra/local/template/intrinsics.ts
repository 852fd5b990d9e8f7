import { isRecord, type Place, TemplateError, within } from './shapes.ts'

/** What references in a template resolve to. */
export interface Scope {
  /** The value of `Ref` for a parameter, a pseudo-parameter or a resource; undefined when nothing has that name. */
  ref(name: string, place: Place): unknown
  /** The value of `Fn::GetAtt`; throws when the resource or its attribute is not known. */
  attribute(logicalId: string, attribute: string, place: Place): unknown
  /** Whether a condition of the template holds. */
  condition(name: string, place: Place): boolean
}

/** Stands for `AWS::NoValue`: the property or list item that holds it is left out. */
const noValue = Symbol('AWS::NoValue')

/** Returns the value with every intrinsic function replaced; throws for one that is not implemented. */
export function resolve(value: unknown, scope: Scope, place: Place): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item: unknown, index) => resolve(item, scope, within(place, String(index))))
      .filter((item) => item !== noValue)
  }
  if (!isRecord(value)) return value
  const entries = Object.entries(value)
  const only = entries.length === 1 ? entries[0] : undefined
  if (only !== undefined && isIntrinsic(only[0])) return call(only[0], only[1], scope, place)
  const resolved: Record<string, unknown> = {}
  for (const [name, inner] of entries) {
    if (isIntrinsic(name))
      throw new TemplateError(
        within(place, name),
        'is an intrinsic function beside other keys, which CloudFormation refuses',
      )
    const result = resolve(inner, scope, within(place, name))
    if (result !== noValue) resolved[name] = result
  }
  return resolved
}

/** Names the resources and parameters that a value refers to, the ones inside `Fn::Sub` texts included. */
export function referencesOf(value: unknown): Set<string> {
  const found = new Set<string>()
  const visit = (inner: unknown): void => {
    if (Array.isArray(inner)) inner.forEach(visit)
    if (!isRecord(inner)) return
    for (const [name, argument] of Object.entries(inner)) {
      if (name === 'Ref' && typeof argument === 'string') found.add(argument)
      else if (name === 'Fn::GetAtt') found.add(attributeReference(argument)[0])
      else if (name === 'Fn::Sub') {
        const text = Array.isArray(argument) ? argument[0] : argument
        for (const match of String(text).matchAll(placeholder)) {
          const key = match[1] ?? ''
          if (!key.startsWith('!')) found.add(key.split('.')[0] ?? key)
        }
        visit(argument)
      } else visit(argument)
    }
  }
  visit(value)
  return found
}

const placeholder = /\$\{([^}]+)\}/g
const isIntrinsic = (name: string) => name === 'Ref' || name.startsWith('Fn::')

function call(name: string, argument: unknown, scope: Scope, place: Place): unknown {
  const at = within(place, name)
  switch (name) {
    case 'Ref':
      if (argument === 'AWS::NoValue') return noValue
      return scope.ref(text(argument, at), at)
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = attributeReference(argument)
      return scope.attribute(logicalId, attribute, at)
    }
    case 'Fn::Join': {
      const [delimiter, parts] = pair(argument, at)
      const resolved = resolve(parts, scope, at)
      if (!Array.isArray(resolved)) throw new TemplateError(at, 'needs a list of parts')
      return resolved.map((part: unknown) => text(part, at)).join(text(delimiter, at))
    }
    case 'Fn::Sub':
      return substitute(argument, scope, at)
    case 'Fn::If': {
      if (!Array.isArray(argument) || argument.length !== 3)
        throw new TemplateError(at, 'needs a condition and two values')
      return resolve(argument[scope.condition(text(argument[0], at), at) ? 1 : 2], scope, at)
    }
    default:
      throw new TemplateError(
        at,
        'is an intrinsic function that one machine does not know: implement it in infra/local/template/intrinsics.ts',
      )
  }
}

function substitute(argument: unknown, scope: Scope, place: Place): string {
  const [template, variables] = Array.isArray(argument) ? pair(argument, place) : [argument, {}]
  if (!isRecord(variables)) throw new TemplateError(place, 'needs an object of variables')
  return text(template, place).replaceAll(placeholder, (_, key: string) => {
    if (key.startsWith('!')) return `\${${key.slice(1)}}`
    if (Object.hasOwn(variables, key)) return text(resolve(variables[key], scope, place), place)
    const [logicalId = key, ...attribute] = key.split('.')
    return text(
      attribute.length > 0 ? scope.attribute(logicalId, attribute.join('.'), place) : scope.ref(key, place),
      place,
    )
  })
}

function attributeReference(argument: unknown): [string, string] {
  const parts = typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? argument : []
  return [String(parts[0]), parts.slice(1).join('.')]
}

function pair(argument: unknown, place: Place): [unknown, unknown] {
  if (!Array.isArray(argument) || argument.length !== 2)
    throw new TemplateError(place, 'needs exactly two arguments')
  return [argument[0], argument[1]]
}

function text(value: unknown, place: Place): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TemplateError(place, `needs a text, not ${JSON.stringify(value) ?? typeof value}`)
}
