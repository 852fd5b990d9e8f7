import { readFileSync } from 'node:fs'
import { parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as dynamodb from '@aws-sdk/client-dynamodb'
import * as eventbridge from '@aws-sdk/client-eventbridge'
import * as scheduler from '@aws-sdk/client-scheduler'
import * as sfn from '@aws-sdk/client-sfn'
import { build, type Plugin } from 'esbuild'
import { entryOf, type FunctionName } from '../../infra/constructs/declarations.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The services that functions call, by the prefix of their actions. */
const services = { dynamodb, events: eventbridge, scheduler, states: sfn }

/** Commands that IAM calls otherwise. Who makes a schedule hands a role over with it. */
const otherwise: Readonly<Record<string, readonly string[]>> = {
  BatchExecuteStatement: ['dynamodb:PartiQLInsert', 'dynamodb:PartiQLUpdate'],
  CreateSchedule: ['scheduler:CreateSchedule', 'iam:PassRole'],
  CreateStateMachine: ['states:CreateStateMachine', 'states:TagResource', 'iam:PassRole'],
}

/** What is asked of services without their client, by what no other question holds. A name that a list tells is read. */
const plain: Readonly<Record<string, readonly string[]>> = {
  'TrentService.Sign': ['kms:Sign'],
  'TrentService.GetPublicKey': ['kms:GetPublicKey'],
  '"SendCommand"': ['ssm:SendCommand'],
  '"ListCommands"': ['ssm:ListCommands'],
  '"GetCommandInvocation"': ['ssm:GetCommandInvocation'],
  'GraniteServiceVersion20100801.GetMetricData': ['cloudwatch:GetMetricData'],
  'AmazonSQS.GetQueueAttributes': ['sqs:GetQueueAttributes'],
  'secretsmanager.GetSecretValue': ['secretsmanager:GetSecretValue'],
  'v2/email/outbound-emails': ['ses:SendEmail'],
  'list-type=2': ['s3:ListBucket', 's3:GetObject'],
  'x-amz-checksum-sha256': ['s3:PutObject'],
}

/** Returns the actions of all commands that a bundle holds, and of its questions without any, as IAM calls them. */
export function actionsIn(bundle: string): ReadonlySet<string> {
  const asked = Object.entries(plain).flatMap(([sign, actions]) => (bundle.includes(sign) ? actions : []))
  const held = new Set([...bundle.matchAll(/"(\w+)Command"/g)].map(([, name = '']) => name))
  const commanded = Object.entries(services).flatMap(([prefix, client]) =>
    [...held]
      // Every client finds out where to send to, which needs no right.
      .filter((name) => `${name}Command` in client && name !== 'DescribeEndpoints')
      .flatMap((name) => otherwise[name] ?? [`${prefix}:${name}`]),
  )
  return new Set([...commanded, ...asked])
}

/** Returns the actions of what each connection opens: it is bundled alone, so that only its own commands are left. */
export async function actionsOf(
  connections: readonly string[],
): Promise<Readonly<Record<string, ReadonlySet<string>>>> {
  const alone: Plugin = {
    name: 'one connection alone',
    setup(builder) {
      builder.onResolve({ filter: /^alone:/ }, ({ path }) => ({ path, namespace: 'alone' }))
      builder.onLoad({ filter: /.*/, namespace: 'alone' }, ({ path }) => ({
        contents: `export { ${path.replace('alone:', '')} } from './functions/connections.ts'`,
        resolveDir: root,
      }))
    },
  }
  const actions = async (name: string) => {
    const { outputFiles, metafile } = await build({
      absWorkingDir: root,
      entryPoints: [{ in: `alone:${name}`, out: name }],
      plugins: [alone],
      outdir: root,
      ...{ write: false, metafile: true, bundle: true, format: 'esm', platform: 'node', target: 'node24' },
      // What is loaded when it is asked for is a part of its own: it would be bundled whole otherwise.
      ...{ splitting: true, chunkNames: 'part-[hash]' },
      ...{ mainFields: ['module', 'main'], minify: true, keepNames: true, logLevel: 'error' },
    })
    const parts = new Set([`${name}.js`])
    for (const part of parts) for (const { path } of metafile.outputs[part]?.imports ?? []) parts.add(path)
    const loaded = outputFiles.filter(({ path }) => parts.has(parse(path).base))
    return actionsIn(loaded.map(({ text }) => text).join('\n'))
  }
  const pairs = connections.map(async (name) => [name, await actions(name)] as const)
  return Object.fromEntries(await Promise.all(pairs))
}

/** Returns the names of what a function connects to, from its entry file. */
export function connectionsOf(name: FunctionName): readonly string[] {
  const source = readFileSync(`${root}${entryOf(name)}`, 'utf8')
  const wanted = /\bconnect\(\{([^}]*)\}\)/.exec(source)?.[1]
  if (wanted === undefined)
    throw new Error(`The entry file of ${name} does not connect in a form that this knows.`)
  return wanted.split(',').flatMap((one) => one.trim() || [])
}
