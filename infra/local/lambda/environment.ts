import { anyAddress } from '../template/types/api.ts'

/** What one function wants in its environment. */
export interface Wanted {
  readonly functionName: string
  readonly variables: Readonly<Record<string, string>>
}

/** Returns the variables of a function with the address of the HTTP API where the template has it. */
export function withAddress(
  variables: Wanted['variables'],
  address: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll(anyAddress, address)]),
  )
}

/**
 * Returns the whole environment of a function: what it wants, and what the runtime gives to each. Throws when it wants a name that belongs to
 * the runtime.
 */
export function environmentOf(
  { functionName, variables }: Wanted,
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const taken = Object.keys(variables).find((name) => Object.hasOwn(own, name))
  if (taken !== undefined)
    throw new Error(
      `The function ${functionName} sets ${taken}, which belongs to the runtime: leave it out of its environment.`,
    )
  return { ...own, ...variables }
}
