import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { person } from './words.ts'

/** Names a step within its procedure, and what it saves: what expressions call it by. */
const stepId = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, '1 to 40 of a-z 0-9 _ with a letter first')

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const named = /^[^\u0000-\u0020\u007f-\u009f"'{}<>%:\\][^\u0000-\u001f\u007f-\u009f"'{}<>%:\\]{0,55}$/

/** What people read in the execution graph; Step Functions takes 80 characters of a state's name, of which a way back needs some. */
const stepName = z
  .string()
  .regex(named, '1 to 56 characters, none of " \' { } < > % : or a backslash')
  .refine((given) => given.isWellFormed(), 'text without halves of surrogate pairs')

export const expression = z.string().min(1).max(512)
/** Text with `{{ expression }}` in it. */
const template = (longest: number) => z.string().min(1).max(longest)
const seconds = (smallest: number, largest: number) => z.int().min(smallest).max(largest)
const day = 86_400

/** By what name a secret is known to Secrets Manager, and which field of its JSON is meant. */
const secretReference = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,200}(#[A-Za-z0-9_.-]{1,64})?$/, 'the name of a secret, and perhaps #field')

export const request = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  url: template(1024),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header'), template(1024))
    .default({}),
  /** JSON whose texts are templates, or one template. */
  body: z
    .union([template(16_384), z.record(z.string().max(128), z.json()), z.array(z.json()).max(1000)])
    .nullable()
    .default(null),
  /** How long one call may take. */
  seconds: seconds(1, 30).default(15),
  /** Certificates in PEM, by reference to secrets: who may have signed the server's, and who calls. */
  tls: z
    .strictObject({
      ca: secretReference.nullable().default(null),
      certificate: secretReference.nullable().default(null),
      key: secretReference.nullable().default(null),
    })
    .nullable()
    .default(null),
  /** Which of the procedure's credentials it is sent with. */
  credentials: stepId.nullable().default(null),
})

/** What an answer must be, for the call to count as done. */
const expectation = z.strictObject({
  status: z.array(z.int().min(100).max(599)).min(1).max(20).nullable().default(null),
  where: expression.nullable().default(null),
})

const every = seconds(1, 3600).default(5)

/** What one step does. */
const does = {
  /** One call. */
  http: z.strictObject({ request, expect: expectation.prefault({}) }),
  /** A call again and again until its answer is what is waited for; the time of the step is the deadline. */
  poll: z.strictObject({
    request,
    expect: expectation.prefault({}),
    until: expression,
    /** Of an answer after which there is nothing left to wait for: the step has failed. */
    failWhen: expression.nullable().default(null),
    everySeconds: every,
  }),
  /** Nothing, for so long. */
  wait: z.strictObject({ seconds: seconds(1, 7 * day) }),
  /** All of these have to answer well in one round, within the time of the step. */
  health: z.strictObject({
    checks: z
      .array(z.strictObject({ name: stepName, request, expect: expectation.prefault({}) }))
      .min(1)
      .max(20),
    everySeconds: every,
  }),
  /** A person says that it may go on. */
  acknowledge: z.strictObject({ ask: z.string().min(1).max(512) }),
  /** A release is taken to a chart, or, as the inverse of a step that did so, back to what was before it. */
  helm: z.strictObject({
    cluster: z.strictObject({
      /** A reference to the secret that holds it, whose name may be made of values. */
      kubeconfig: template(512),
    }),
    namespace: template(256),
    release: template(256),
    chart: z
      .strictObject({
        /** `https://` of a repository, or `oci://` of the place where the chart lies. */
        repository: template(1024),
        name: template(128),
        version: template(128).default('{{ attempt.to }}'),
      })
      .optional(),
    /** JSON whose texts are templates, which may hold secrets. */
    values: z.record(z.string().max(128), z.json()).default({}),
    rollback: z.literal(true).optional(),
    /** How long helm waits until all is ready, and once more where it takes it back. */
    seconds: seconds(1, 240).default(40),
  }),
  /** A document of Systems Manager runs on one managed node, by Run Command. */
  ssm: z.strictObject({
    /** The id of the node: `i-…` or `mi-…`. */
    instance: template(256),
    document: z.string().regex(/^[a-zA-Z0-9_.:/-]{3,128}$/, 'the name or the ARN of a document'),
    documentVersion: z
      .string()
      .regex(/^(\$LATEST|\$DEFAULT|[1-9][0-9]{0,8})$/, 'a number, $DEFAULT or $LATEST')
      .default('$DEFAULT'),
    parameters: z
      .record(
        z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'the name of a parameter'),
        z.union([template(4096), z.array(template(4096)).min(1).max(100)]),
      )
      .default({}),
    /** The step of the document whose output is kept; left out where it has one. */
    outputOf: z
      .string()
      .regex(/^[A-Za-z0-9_:.-]{1,128}$/, 'the name of a step of the document')
      .optional(),
    everySeconds: seconds(1, 3600).default(10),
  }),
  /** A message is brought to a receiver, signed as Standard Webhooks has it. */
  webhook: z.strictObject({
    url: template(1024),
    /** What it is signed with; two while receivers exchange one for the other. */
    secret: z.union([secretReference, z.array(secretReference).min(1).max(2)]),
    /** JSON whose texts are templates: what the message says of its own. */
    body: z.union([z.record(z.string().max(128), z.json()), z.array(z.json()).max(1000)]).default({}),
    /** Is the step over when the receiver calls back? Left out: yes. `false`: when it has taken the message. */
    callback: z.boolean().default(true),
    /** How long one delivery may take. */
    seconds: seconds(1, 30).default(15),
  }),
  /** The agent of the target runs one of the commands that its own file names, and says how it ended. */
  agent: z.strictObject({
    command: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'the name of a command, of A-Z a-z 0-9 . _ -'),
    arguments: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'a name of a-z 0-9 _'), template(1024))
      .refine((given) => Object.keys(given).length <= 20, { error: 'at most 20 arguments' })
      .default({}),
  }),
}

export type StepKind = keyof typeof does

const optionalKinds = {
  http: does.http.optional(),
  poll: does.poll.optional(),
  wait: does.wait.optional(),
  health: does.health.optional(),
  acknowledge: does.acknowledge.optional(),
  helm: does.helm.optional(),
  ssm: does.ssm.optional(),
  webhook: does.webhook.optional(),
  agent: does.agent.optional(),
}

const action = {
  name: stepName,
  /** Is it done at all? Left out: yes. */
  when: expression.nullable().default(null),
  ...optionalKinds,
  /** What later steps may read, by the answer. */
  save: z.record(stepId, expression).default({}),
  /** From its first call to its end, all tries included. */
  timeoutSeconds: seconds(1, 7 * day).default(300),
  retries: z
    .strictObject({ attempts: z.int().min(0).max(10).default(3), delaySeconds: seconds(1, 3600).default(5) })
    .prefault({}),
  /** May it be done again where nobody knows whether it was done? */
  repeatable: z.boolean().default(false),
  /** How to find out whether it was done. */
  check: z.strictObject({ request, done: expression }).nullable().default(null),
}

/** How a step is undone. */
const inverse = z.strictObject(action)

/** What the upgrade of one target may be at, in the words of the seed. */
export const upgradeStates = [
  'waiting_for_initiation',
  'targeting_new_vcf_version',
  'downloading_bundle',
  'precheck_running',
  'precheck_failed',
  'upgrade_in_progress',
  'waiting_for_acknowledgment',
  'upgrade_completed',
  'upgrade_failed',
] as const
export type UpgradeState = (typeof upgradeStates)[number]

/** Those that a step may say it is at while it runs. */
const stepStates = [
  'targeting_new_vcf_version',
  'downloading_bundle',
  'precheck_running',
  'upgrade_in_progress',
  'waiting_for_acknowledgment',
] as const satisfies readonly UpgradeState[]

/** And where it has failed. */
const failedStates = ['precheck_failed', 'upgrade_failed'] as const satisfies readonly UpgradeState[]

const step = z.strictObject({
  id: stepId,
  ...action,
  /** What the upgrade is at while this step runs. Left out: what it was at before; of one that asks a person, that it waits. */
  state: z.enum(stepStates).nullable().default(null),
  /** What it is at when this step has failed and the upgrade does not go on. */
  failedState: z.enum(failedStates).default('upgrade_failed'),
  /** What follows when it fails. Of a backup it is never `continue`. */
  onFailure: z.enum(['way-back', 'stop', 'continue']).default('way-back'),
  backup: z.boolean().default(false),
  /** `none`: it needs no undoing. Left out of one of helm: what was in force before it is taken back to. */
  inverse: z.union([z.literal('none'), inverse]).optional(),
})

const credentials = z.strictObject({
  request: request.omit({ credentials: true }),
  /** Where in the answer the token is, and for how many seconds it is good. */
  token: expression,
  lifetimeSeconds: expression.nullable().default(null),
})

/** The steps by which one target is upgraded, as they are written down. */
export const procedureDocument = z.strictObject({
  description: z.string().max(512).default(''),
  credentials: z.record(stepId, credentials).default({}),
  steps: z.array(step).min(1).max(30),
  /** After the way back: steps that show that the target is well again. */
  verifyWayBack: z
    .array(z.strictObject({ id: stepId, ...action }))
    .max(10)
    .default([]),
  /** What the component runs at the end, by what steps have saved; left out: what it was to run. */
  version: expression.nullable().default(null),
})
export type ProcedureDocument = z.output<typeof procedureDocument>
export type ProcedureStep = ProcedureDocument['steps'][number]
export type StepAction = z.output<typeof inverse>
export type StepRequest = z.output<typeof request>
export type HelmRelease = z.output<typeof does.helm>
export type SsmCommand = z.output<typeof does.ssm>
export type StepWebhook = z.output<typeof does.webhook>
export type AgentCommand = z.output<typeof does.agent>
export type StepExpectation = z.output<typeof expectation>

/** What a step may wait for: the word of a person that it may go on, or that it was done; the callback of who got its message; the agent that has its command. */
export const stepHolds = ['acknowledgement', 'unknown', 'callback', 'agent'] as const
export type StepHold = (typeof stepHolds)[number]

/** The largest document in bytes of JSON: its event stays below 64 KB. */
export const largestProcedure = 56_000

/** Which revision of which procedure a plan binds. */
export const procedureReference = z.object({
  name: z.string(),
  revision: z.int().positive(),
  /** Of the document's content. */
  hash: z.string(),
})
export type ProcedureReference = z.output<typeof procedureReference>

const revision = z.int().positive()

export const procedureEvents = defineEvents({
  ProcedureRevised: {
    schema: z.object({
      name: z.string(),
      revision,
      hash: z.string(),
      document: procedureDocument,
      by: person,
    }),
  },
  /** The state machine of a revision is there. */
  MachineMade: { schema: z.object({ revision }) },
  /** Nobody has needed it for long; it is made again when somebody does. */
  MachineRemoved: { schema: z.object({ revision }) },
})

export type ProcedureEvent = EventsOf<typeof procedureEvents>
