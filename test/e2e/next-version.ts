import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { copyOf } from '../bugs/tree.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** The state that only the machine of the next version has: every execution comes through it before its end. */
export const newState = 'Tell the next version'

const machine = 'statemachines/upgrade.asl.json'

/** What the next version changes, each as a developer would: a text of the present source, and what is there instead. */
const changes: readonly (readonly [file: string, present: string | RegExp, next: string])[] = [
  [
    'events/upgrade.ts',
    'ContinueGiven: { schema: z.object({ wave: index, by: person }) },',
    `ContinueGiven: {
      schema: z.object({ wave: index, by: person, through: z.string().nullable() }),
      upcasters: [(data: object) => ({ ...data, through: null })],
    },`,
  ],
  [
    'functions/domain/upgrade/control.ts',
    "type: 'ContinueGiven', data: { wave: state.wave.number, by: command.by }",
    "type: 'ContinueGiven', data: { wave: state.wave.number, by: command.by, through: 'the API' }",
  ],
  ['functions/domain/upgrade/aggregate.ts', /stateSchema: (\d+)/, 'stateSchema: 1$1'],
  [machine, /("move = 'ended'|move = 'ended' %\}",\s+"Next": )"Ended"/, `$1"${newState}"`],
  [machine, '"Ended": {', `"${newState}": { "Type": "Pass", "Next": "Ended" },\n    "Ended": {`],
]

/** A version of Drydock that could be the next one, with its template. */
export interface NextVersion {
  /** The directory of its source. */
  readonly directory: string
  /** The directory with its synthesized template. */
  readonly template: string
  remove(): Promise<void>
}

/**
 * Makes the next version from the present source: an event has a second shape with an upcaster and is written so, the snapshots of
 * upgrades have another schema number, and the state machine has a state more. Throws when the source has nothing to change.
 */
export async function makeNextVersion(): Promise<NextVersion> {
  const { directory, remove } = await copyOf(root)
  for (const [name, present, next] of changes) {
    const file = join(directory, name)
    const text = await readFile(file, 'utf8')
    const changed = text.replace(present, next)
    if (changed === text) throw new Error(`${name} has no ${present} that the next version could change.`)
    await writeFile(file, changed)
  }
  const template = join(directory, 'cdk.out')
  await run(process.execPath, ['infra/app.ts'], {
    cwd: directory,
    env: { ...process.env, CDK_OUTDIR: template },
  })
  return { directory, template, remove }
}

interface Template {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties?: { Code?: unknown } }>
}

const templateFile = 'Drydock.template.json'
const templateIn = async (directory: string): Promise<Template> =>
  JSON.parse(await readFile(join(directory, templateFile), 'utf8')) as Template // written by the CDK

/** Makes a directory of a template from others: it has all of their assets, and whatever else the last has. */
async function made(sources: readonly string[], template: Template): Promise<string> {
  const directory = join(await mkdtemp(join(tmpdir(), 'drydock-half-')), 'cdk.out')
  await mkdir(directory)
  for (const source of sources)
    for (const name of await readdir(source))
      if (name.startsWith('asset.'))
        await symlink(join(source, name), join(directory, name)).catch((error: NodeJS.ErrnoException) => {
          // What did not change has the same name in both.
          if (error.code !== 'EEXIST') throw error
        })
  await cp(join(sources.at(-1) ?? '', 'manifest.json'), join(directory, 'manifest.json'))
  await writeFile(join(directory, templateFile), JSON.stringify(template))
  return directory
}

/** Returns a template like the second, in which the functions whose logical ids match still have their code of the first. */
export async function halfDeployed(first: string, second: string, old: RegExp): Promise<string> {
  const [before, after] = [await templateIn(first), await templateIn(second)]
  let kept = 0
  for (const [id, { Type, Properties }] of Object.entries(after.Resources)) {
    if (Type !== 'AWS::Lambda::Function' || !old.test(id) || Properties === undefined) continue
    Properties.Code = before.Resources[id]?.Properties?.Code
    kept += 1
  }
  if (kept === 0) throw new Error(`No function of the template is called ${old}.`)
  return made([first, second], after)
}

/** Returns a template in which the policies whose logical ids match grant nothing. */
export async function withoutRights(template: string, lost: RegExp): Promise<string> {
  const changed = await templateIn(template)
  const policies = Object.entries(changed.Resources).filter(
    ([id, { Type }]) => Type === 'AWS::IAM::Policy' && lost.test(id),
  )
  if (policies.length === 0) throw new Error(`No policy of the template is called ${lost}.`)
  for (const [id] of policies) delete changed.Resources[id]
  return made([template], changed)
}
