import * as z from 'zod'
import { procedureDocument, stepHolds } from '../events/procedure.ts'
import type { Contract } from './contract.ts'
import {
  byId,
  identifier,
  listOf,
  noQuery,
  paging,
  versionName,
  wholeNumber,
  within,
  words,
} from './fields.ts'

/** Part of the name of a state machine, of which Step Functions takes 80 characters. */
const procedureName = z.string().regex(/^[a-z][a-z0-9-]{0,23}$/, '1 to 24 of a-z 0-9 - with a letter first')

/** Which procedure an upgrade runs by: its last revision, or one that is named. */
export const procedureChoice = z.strictObject({
  name: procedureName,
  revision: z.int().positive().nullable().default(null),
})

const byName = z.strictObject({ name: procedureName })
const largestDocument = 64 * 1024
/** Of what is said of the end of a step, in bytes. */
const largestToldData = 16 * 1024

/** How whoever does a step says that it has ended: the receiver of a message, or an agent. */
export const toldEnd = {
  status: z.enum(['done', 'failed']),
  message: words(512).nullable().default(null).describe('What people are told.'),
  data: z
    .record(z.string().max(128), z.json())
    .refine(...within(largestToldData))
    .default({})
    .describe(`What the step may save, as answer.body: at most ${largestToldData} bytes of JSON.`),
}

const revised = z.object({
  name: z.string(),
  revision: z.int(),
  hash: z.string().describe('Of the document: what a plan binds.'),
  stateMachine: z
    .string()
    .describe('Its name in the console of Step Functions, after that of the stack and a hyphen.'),
  seconds: z.int().describe('How long it may take on one target at most, the way back included.'),
  steps: z.int(),
})

const summary = z.object({
  name: z.string(),
  revision: z.int(),
  hash: z.string(),
  description: z.string(),
  steps: z.int(),
  by: z.string(),
  at: z.string(),
})

const shownCall = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
})

const shownRelease = z.object({
  cluster: z.string().describe('Where its kubeconfig is kept.'),
  namespace: z.string(),
  release: z.string(),
  chart: z.string().nullable().describe('Null: it is taken back to what was in force before.'),
  values: z.looseObject({}),
})

const shownCommand = z.object({
  instance: z.string(),
  document: z.string(),
  version: z.string(),
  parameters: z.record(z.string(), z.array(z.string())),
})

const triedStep = z.object({
  step: z.string(),
  name: z.string(),
  direction: z.enum(['there', 'back']),
  kind: z.string(),
  when: z.string().nullable(),
  calls: z.array(shownCall),
  release: shownRelease.nullable().describe('What helm would be told, where it does the step.'),
  command: shownCommand.nullable().describe('What Run Command would be told, where it does the step.'),
  agent: z
    .object({ command: z.string(), arguments: z.record(z.string(), z.string()) })
    .nullable()
    .describe('What the agent would be told to run; null: it does not do the step.'),
  note: z.string().nullable().describe('What cannot be known before it runs.'),
})

const stepStatuses = ['waiting', 'running', 'held', 'done', 'skipped', 'failed', 'unknown'] as const

const shownStep = z.object({
  step: z.string(),
  name: z.string(),
  direction: z.enum(['there', 'back']),
  status: z.enum(stepStatuses),
  tries: z.int(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  deadline: z.string().nullable(),
  code: z.string().nullable(),
  output: z.string().nullable(),
  why: z
    .enum(stepHolds)
    .nullable()
    .describe(
      'What it waits for, where it is held: the word of a person that it may go on, or that it was done, the callback of who has its message, or the agent that has its command.',
    ),
  ask: z
    .string()
    .nullable()
    .describe('The same in words: what a person is asked, or by when is called back.'),
  by: z.string().nullable().describe('Who said how it ended, where a person did.'),
})

const byStep = byId.extend({ step: identifier })
const attempt = z.uuid()
const settled = {
  description: 'The word is in the log; the execution goes on by it.',
  schema: z.object({ targetId: z.string(), attempt: z.string(), step: z.string(), message: z.string() }),
}
const stepProblems = ['target-not-found', 'step-not-held', 'conflict'] as const

export const procedureContracts = {
  storeProcedure: {
    summary: 'Store a procedure, or its next revision; the same document again changes nothing',
    params: byName,
    query: noQuery,
    body: procedureDocument,
    document: true,
    largestBody: largestDocument,
    answers: { 200: { description: 'It is stored; its state machine follows.', schema: revised } },
    problems: ['validation-failed', 'too-many-revisions'],
  },
  listProcedures: {
    summary: 'List procedures by name',
    query: z.strictObject(paging),
    answers: { 200: { description: 'One page.', schema: listOf('procedures', summary) } },
  },
  getProcedure: {
    summary: 'Read a procedure: its last revision, or one that is named',
    params: byName,
    query: z.strictObject({ revision: wholeNumber(1, 100_000).optional() }),
    answers: {
      200: {
        description: 'The procedure.',
        schema: revised.extend({
          document: z.looseObject({}),
          revisions: z.array(
            z.object({ revision: z.int(), hash: z.string(), at: z.string(), machine: z.boolean() }),
          ),
        }),
      },
    },
    problems: ['procedure-not-found'],
  },
  tryProcedure: {
    summary: 'Show every call that a procedure would make for one target, and make none',
    params: byName,
    query: noQuery,
    body: z.strictObject({
      targetId: identifier,
      component: identifier,
      version: versionName,
      revision: z.int().positive().nullable().default(null),
    }),
    answers: {
      200: {
        description: 'Secrets are hidden; what earlier steps would save is named in its place.',
        schema: z.object({
          procedure: z.string(),
          revision: z.int(),
          targetId: z.string(),
          steps: z.array(triedStep),
        }),
      },
    },
    problems: ['procedure-not-found', 'target-not-found'],
  },
  getSteps: {
    summary: 'Read how far the procedure of an attempt is: of the attempt under way, or of one that is named',
    tagged: true,
    params: byId,
    query: z.strictObject({ attempt: attempt.optional() }),
    answers: {
      200: {
        description: 'Every step that has begun, in the order of its way, and those that come.',
        schema: z.object({
          targetId: z.string(),
          attempt: z.string().nullable().describe('Null: no procedure has driven an attempt on it yet.'),
          upgradeId: z.string().nullable(),
          procedure: z.string().nullable(),
          revision: z.int().nullable(),
          outcome: z.string().nullable(),
          steps: z.array(shownStep),
        }),
      },
    },
    problems: ['target-not-found', 'no-procedure'],
  },
  acknowledgeStep: {
    summary: 'Say that a step which waits for a person may go on',
    params: byStep,
    query: noQuery,
    body: z.strictObject({ attempt, comment: words(512).default('acknowledged') }),
    answers: { 200: settled },
    problems: stepProblems,
  },
  settleStep: {
    summary: 'Say what became of a step of which nobody knows whether it was done',
    params: byStep,
    query: noQuery,
    body: z.strictObject({
      attempt,
      as: z
        .enum(['done', 'failed', 'again'])
        .describe(
          'It was done; it failed, and what the procedure says of a failure follows; or it is done again.',
        ),
      reason: words(512),
    }),
    answers: { 200: settled },
    problems: stepProblems,
  },
  answerCallback: {
    summary: 'Say how the step ended whose message said to call back, by the token that was in it',
    query: noQuery,
    body: z.strictObject(toldEnd),
    answers: { 200: settled },
    problems: ['callback-over'],
  },
} as const satisfies Record<string, Contract>
