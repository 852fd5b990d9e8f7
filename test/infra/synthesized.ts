import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drydock } from '../../infra/app.ts'
import { demoMark } from '../../infra/local/demo/directory.ts'
import { sourcesNow } from '../../infra/local/synthesis.ts'
import { keptFor } from './kept.ts'

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly Condition?: string
  readonly DependsOn?: string | readonly string[]
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Parameters: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Default?: string; readonly [constraint: string]: unknown }
    >
  >
  readonly Conditions: Readonly<Record<string, unknown>>
  readonly Outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly Rules?: Readonly<Record<string, Rule>>
}

/** What parameters are refused, before anything is made. */
export interface Rule {
  readonly RuleCondition?: unknown
  readonly Assertions: readonly { readonly Assert: unknown; readonly AssertDescription?: string }[]
}

type App = ReturnType<typeof drydock>

/** What the synthesis writes: the template, and the files that are deployed with it. */
export interface Assembly {
  readonly template: Template
  /** The templates of the stacks in the stack. */
  readonly nested: readonly Template[]
  /** Returns the path of what was published under an S3 key. */
  asset(key: string): string
  remove(): void
}

/** Synthesizes the app, changed first, into a directory. */
function synthesizeInto(outdir: string, change: (app: App) => void = () => {}, stack?: string): void {
  const app = drydock(outdir, stack)
  change(app)
  app.synth()
}

function assemblyIn(outdir: string, remove: () => void): Assembly {
  const files = readdirSync(outdir).filter((file) => file.endsWith('.template.json'))
  const isNested = (file: string) => file.endsWith('.nested.template.json')
  const [name = '', ...others] = files.filter((file) => !isNested(file))
  if (others.length > 0) throw new Error(`There are several templates in ${outdir}.`)
  // The tests read only what is stated here.
  const read = (file: string) => JSON.parse(readFileSync(join(outdir, file), 'utf8')) as Template
  const nested = files.filter(isNested).map(read)
  return {
    template: read(name),
    nested,
    asset: (key) => join(outdir, `asset.${key.replace(/\.zip$/, '')}`),
    remove,
  }
}

/**
 * Synthesizes the app, changed first if a change is given, in a directory of its own, which the caller removes. As it stands it is synthesized once for
 * all test files that read it.
 */
export function assembled(change?: (app: App) => void, stack?: string): Assembly {
  if (!change && stack === undefined) return assemblyIn(keptFor(synthesizeInto), () => {})
  const outdir = mkdtempSync(join(tmpdir(), 'drydock-synthesis-'))
  const remove = () => rmSync(outdir, { recursive: true })
  try {
    synthesizeInto(outdir, change, stack)
    return assemblyIn(outdir, remove)
  } catch (error) {
    remove()
    throw error
  }
}

/** Lays what is synthesized into a data directory, in which a runtime or a demo then starts at once. */
export function laySynthesized(data: string): void {
  mkdirSync(data, { recursive: true })
  cpSync(keptFor(synthesizeInto), join(data, 'cdk.out'), { recursive: true })
  writeFileSync(join(data, 'cdk.out.sources'), sourcesNow())
  writeFileSync(join(data, demoMark), '')
}

/** Synthesizes the app, changed first if a change is given, and returns its template. */
export function synthesized(change?: (app: App) => void, stack?: string): Template {
  const { template, remove } = assembled(change, stack)
  remove()
  return template
}

/** Returns the resources of one type with their logical ids. */
export function ofType(template: Template, type: string): readonly (readonly [string, Resource])[] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type)
}

/** Returns the name of a function, as the stack calls it, from the logical id of its Lambda. */
export function functionName(logicalId: string): string {
  const name = /^Functions([a-zA-Z]+?)Function[0-9A-F]{8}$/.exec(logicalId)?.[1]
  if (name === undefined) throw new Error(`${logicalId} is no function of the construct Functions.`)
  return name
}

/** Returns the logical id that a Ref or Fn::GetAtt names. */
export function referred(value: unknown): string {
  // Both forms are small objects with one key; anything else is refused below.
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: readonly string[] }
  const id = Ref ?? attribute?.[0]
  if (id === undefined) throw new Error(`${JSON.stringify(value)} refers to nothing.`)
  return id
}
