import { pathToFileURL } from 'node:url'

/** A bundle, and the environment variables that the stack gives to its function. */
export interface Deployed {
  readonly bundle: string
  readonly variables: readonly string[]
}

/** What came of loading a bundle when it was told nothing, and when it was told all: the type of its handler, or the error. */
export interface Loaded {
  readonly untold: string
  readonly told: string
}

/** Loads every bundle that the standard input names, and prints what came of it. The environment is empty but for what is told. */
const deployed: Readonly<Record<string, Deployed>> = JSON.parse(await readInput())
const loaded: Record<string, Loaded> = {}
for (const [name, { bundle, variables }] of Object.entries(deployed)) {
  const address = pathToFileURL(bundle).href
  const untold = await load(address)
  for (const variable of variables) process.env[variable] = variable
  const told = await load(`${address}?told`)
  for (const variable of variables) delete process.env[variable]
  loaded[name] = { untold, told }
}
process.stdout.write(JSON.stringify(loaded))

function load(address: string): Promise<string> {
  return import(address).then(({ handler }) => typeof handler, String)
}

async function readInput(): Promise<string> {
  const parts = await Array.fromAsync(process.stdin)
  return parts.join('')
}
