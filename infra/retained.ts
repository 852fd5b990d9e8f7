import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { drydock } from './app.ts'
import { endCommand, readCommandLine } from './command-line.ts'

const usage = `npm run --silent retained [-- STACK]

Prints the part of the template that outlives its stack: of Drydock, or of the stack named.`

interface Kept {
  readonly DeletionPolicy?: string
}

/** A template, as far as it matters what of it outlives its stack. */
export interface Outlived<Resource extends Kept> {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Conditions?: Readonly<Record<string, unknown>>
  readonly Parameters?: Readonly<Record<string, unknown>>
}

/**
 * Returns the part of a template that stays when its stack is deleted: with it, what was left behind can be imported into a new stack,
 * which the whole template then completes. CloudFormation imports nothing beside what is imported.
 */
export function retainedOf<Resource extends Kept>({
  Resources,
  Conditions = {},
  Parameters = {},
}: Outlived<Resource>): Required<Outlived<Resource>> {
  const resources = picked(Resources, (_, { DeletionPolicy }) => DeletionPolicy === 'Retain')
  const conditions = picked(Conditions, (name) => names(resources, name))
  const parameters = picked(Parameters, (name) => names([resources, conditions], name))
  return { Resources: resources, Conditions: conditions, Parameters: parameters }
}

function picked<Value>(
  section: Readonly<Record<string, Value>>,
  wanted: (name: string, value: Value) => boolean,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(section).filter(([name, value]) => wanted(name, value)))
}

/** Says whether something names a condition or a parameter. A text of the same letters would only keep one too many. */
function names(value: unknown, name: string): boolean {
  return JSON.stringify(value).includes(JSON.stringify(name))
}

function main(): void {
  const { positionals } = readCommandLine(usage, { allowPositionals: true, options: {} })
  const outdir = mkdtempSync(join(tmpdir(), 'drydock-retained-'))
  const [stack] = drydock(outdir, positionals[0]).synth().stacks
  // The library types a template as any; what is read of it is stated above.
  const retained = retainedOf(stack?.template as Outlived<Kept>)
  process.stdout.write(`${JSON.stringify(retained, null, 2)}\n`)
  rmSync(outdir, { recursive: true })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    main()
  } catch (error) {
    endCommand(error)
  }
}
