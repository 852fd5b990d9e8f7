/** What one function wants in its environment. */
export interface Wanted {
  readonly functionName: string
  readonly variables: Readonly<Record<string, string>>
}

/**
 * Sets the environment of all functions, which share one process; returns a function that puts the former values back.
 * Throws when two functions want different values for one name, or one wants a name that belongs to the runtime.
 */
export function installEnvironment(
  wanted: readonly Wanted[],
  own: Readonly<Record<string, string>>,
): () => void {
  const owners = new Map<string, Wanted>()
  for (const one of wanted) {
    for (const [name, value] of Object.entries(one.variables)) {
      if (Object.hasOwn(own, name)) {
        throw new Error(
          `The function ${one.functionName} sets ${name}, which belongs to the runtime: leave it out of its environment.`,
        )
      }
      const other = owners.get(name)
      if (other !== undefined && other.variables[name] !== value) {
        throw new Error(
          `The functions ${other.functionName} and ${one.functionName} want different values for ${name} (${JSON.stringify(other.variables[name])} and ${JSON.stringify(value)}), but share one environment on one machine: give the variable two names.`,
        )
      }
      owners.set(name, one)
    }
  }
  const all: Record<string, string> = { ...own }
  for (const { variables } of wanted) Object.assign(all, variables)
  const former = Object.keys(all).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, all)
  return () => {
    for (const [name, value] of former) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
