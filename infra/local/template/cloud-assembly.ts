import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DamagedFile, readJson } from '../damage.ts'
import { isRecord } from './shapes.ts'

/** A synthesized stack: its template and where its assets lie. */
export interface CloudAssembly {
  readonly stackName: string
  readonly template: Template
  /** Returns the path of the directory or file that was published under an S3 key; throws when there is none. */
  asset(key: string): string
}

/** A CloudFormation template as JSON, its sections not yet checked. */
export interface Template {
  readonly Resources: Readonly<Record<string, ResourceTemplate>>
  readonly Parameters: Readonly<Record<string, ParameterTemplate>>
  readonly Conditions: Readonly<Record<string, unknown>>
  readonly Rules: Readonly<Record<string, RuleTemplate>>
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>
}

export interface ParameterTemplate {
  readonly Type: string
  readonly Default?: unknown
}

/** What parameters must satisfy before anything is made. */
export interface RuleTemplate {
  readonly RuleCondition?: unknown
  readonly Assertions: readonly { readonly Assert: unknown; readonly AssertDescription?: string }[]
}

export interface ResourceTemplate {
  readonly Type: string
  readonly Properties?: Readonly<Record<string, unknown>>
  readonly DependsOn?: string | readonly string[]
  readonly Condition?: string
}

const sections = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Resources',
  'Parameters',
  'Conditions',
  'Rules',
  'Outputs',
]

/** Reads what `cdk synth` wrote: the one stack of the manifest. Throws when the directory holds none, or several. */
export function readCloudAssembly(directory: string): CloudAssembly {
  const manifestFile = join(directory, 'manifest.json')
  if (!existsSync(manifestFile)) {
    throw new Error(
      `${directory} holds no synthesized template (no manifest.json): run npm run synth, or name a cdk.out directory.`,
    )
  }
  const manifest = readObject(manifestFile)
  const artifacts = isRecord(manifest.artifacts) ? Object.entries(manifest.artifacts) : []
  const stacks = artifacts.filter(
    ([, artifact]) => isRecord(artifact) && artifact.type === 'aws:cloudformation:stack',
  )
  const [stack, ...others] = stacks
  if (stack === undefined || others.length > 0) {
    throw new Error(`${manifestFile} lists ${stacks.length} stacks; one machine runs exactly one.`)
  }
  const [stackName, artifact] = stack
  const properties = isRecord(artifact) && isRecord(artifact.properties) ? artifact.properties : {}
  const templateFile = join(directory, String(properties.templateFile ?? `${stackName}.template.json`))
  if (!existsSync(templateFile)) throw new DamagedFile(templateFile, 'it is missing')
  return {
    stackName: String(properties.stackName ?? stackName),
    template: checkTemplate(readObject(templateFile), templateFile),
    asset(key) {
      const unpacked = join(directory, `asset.${key.replace(/\.zip$/, '')}`)
      // What was an archive before it became an asset stays one.
      for (const path of [unpacked, `${unpacked}.zip`]) if (existsSync(path)) return path
      throw new Error(`The asset ${key} is not in ${directory}: synthesize again with npm run synth.`)
    },
  }
}

function readObject(file: string): Record<string, unknown> {
  const value = readJson(file)
  if (isRecord(value)) return value
  throw new DamagedFile(file, 'it holds no JSON object')
}

function checkTemplate(template: Record<string, unknown>, file: string): Template {
  const unknown = Object.keys(template).find((section) => !sections.includes(section))
  if (unknown !== undefined)
    throw new Error(`${file} has a section ${unknown}, which one machine does not know.`)
  return {
    Parameters: {},
    Conditions: {},
    Rules: {},
    Outputs: {},
    Resources: {},
    ...template,
  }
}
