import * as z from 'zod'
import { licenceId, licenceTerms } from './licence.ts'
import { procedureReference, stepHolds } from './procedure.ts'
import { defineEvents, type EventsOf } from './registry.ts'
import { measured } from './tally.ts'
import { cloneSigns, instant, name, person, priority, upgradeKinds, words } from './words.ts'

/** Dense number of the events that feed the target's own view row: all but `AttemptAssigned` and `AttemptAccepted`. */
const revision = z.int().positive()

/** Which admission of which upgrade an attempt answers: `member` is the target's place in the plan, `n` counts its admissions. */
const admission = { upgrade: name, member: z.int().min(0), n: z.int().positive() }

/** Dense number of the events of one attempt: they feed that attempt's view row. */
const sequence = z.int().positive()

/** The number that its agent gave the report by which a target said so, where it numbers its reports. */
const reported = z.exactOptional(z.int().min(0))

/** How far the procedure of an attempt is: there, or on the way back, and at the how-manieth step of that way. */
export const directions = ['there', 'back'] as const
export type Direction = (typeof directions)[number]

const stepId = z.string().max(64)
/** Steps of a target are held, and are so no more: by this number these changes are counted, over all of its attempts. */
const holding = z.int().positive()

const stepOf = {
  attempt: z.uuid(),
  ...admission,
  direction: z.enum(directions),
  place: z.int().min(0),
  step: stepId,
}

/** What a step saved for those after it: small, and never a secret. */
const savedValue = z.union([z.string().max(1024), z.number(), z.boolean(), z.null()])
export type SavedValue = z.output<typeof savedValue>
const saved = z.record(z.string(), savedValue)
export type SavedValues = z.output<typeof saved>

/** Why a step is done once more. */
const triedAgainAs = ['failed', 'not-done', 'repeatable', 'person'] as const

/** How an attempt can end (design: #ends-of-attempts). `skipped`, `deferred` and `withdrawn` return the slot without a touch of the target. */
export const outcomes = [
  'succeeded',
  'failed',
  'timed_out',
  'lost',
  'rejected',
  'cancelled',
  'rolled_back',
  'rollback_failed',
  'unreachable',
  'skipped',
  'deferred',
  'withdrawn',
] as const
export type AttemptOutcome = (typeof outcomes)[number]

/** What a target may say of an attempt that had succeeded. */
export const regressions = ['failed', 'rolled_back', 'rollback_failed'] as const
export type RegressedOutcome = (typeof regressions)[number]

/** What is where a target runs: `{"database": "PostgreSQL 15.4"}`. */
const targetEnvironment = z.record(name, z.string().max(128))

/** What a target is, apart from what happens to it. */
export const targetFacts = z.object({
  type: name,
  region: name.nullable(),
  tags: z.record(name, z.string().max(256)),
  critical: z.boolean(),
  namespace: name.nullable(),
  gateway: name.nullable(),
  /** What is there, by what releases ask for; left out: nobody has said anything. */
  environment: z.exactOptional(targetEnvironment),
})
export type TargetFacts = z.output<typeof targetFacts>

/** What a target has its own way within a profile; null: as the profile says. */
export const profileOverride = z.object({
  maintenance_window_hours: z.int().min(1).max(24).nullable(),
  rollback_on_failure: z.boolean().nullable(),
})
export type ProfileOverride = z.output<typeof profileOverride>

/** A licence as its target keeps it: which one, and what it entitled to when that was looked up last. */
export const heldLicence = licenceTerms.extend({ id: licenceId })
export type HeldLicence = z.output<typeof heldLicence>

/** When a target said something, by its own clock; left out: it did not say. */
const saidAt = z.exactOptional(instant)

export const targetEvents = defineEvents({
  TargetRegistered: {
    schema: z.object({
      facts: targetFacts,
      components: z.record(name, name),
      enrolment: z.object({ hash: name, expiresAt: instant }).nullable(),
      revision,
    }),
  },
  TargetPatched: { schema: z.object({ facts: targetFacts.partial(), revision }) },
  /** `component` null pins every component; `version` null pins to whatever runs now. */
  TargetPinned: { schema: z.object({ component: name.nullable(), reason: words, revision }) },
  TargetUnpinned: { schema: z.object({ revision }) },
  TargetRetired: { schema: z.object({ reason: words, revision }) },
  EnrolmentIssued: { schema: z.object({ hash: name, expiresAt: instant, revision }) },
  AgentEnrolled: { schema: z.object({ keyHash: name, revision }) },
  /** Two machines seem to speak with its credential; at most once a day. */
  TargetCloned: { schema: z.object({ sign: z.enum(cloneSigns), revision }) },
  /** The inventory alone: a success that came too late, or a component that nobody had registered. */
  VersionReported: { schema: z.object({ component: name, version: name, saidAt, revision }) },
  /** The inventory alone: a target says, with no attempt under way on the component, that it runs something else than was known. */
  DriftFound: {
    schema: z.object({
      component: name,
      from: name,
      to: name,
      heard: z.enum(['check', 'report']),
      saidAt,
      revision,
    }),
  },
  /** A profile upgrades the target from then on, whatever its filters say; a later one for the same profile takes its place. */
  ProfileJoined: {
    schema: z.object({
      profile: name,
      priority,
      override: profileOverride,
      revision,
    }),
  },
  ProfileLeft: { schema: z.object({ profile: name, revision }) },
  /** What is there, as its agent says. */
  EnvironmentReported: { schema: z.object({ environment: targetEnvironment, revision }) },
  /** The licence that it has from now on, with what that entitles to by then; null: none. An operator says so, or its agent has presented the key. */
  LicenceHeld: { schema: z.object({ licence: heldLicence.nullable(), revision }) },
  AttemptAssigned: {
    schema: z.object({
      attempt: z.uuid(),
      ...admission,
      kind: z.enum(upgradeKinds),
      component: name,
      from: name,
      to: name,
      digest: z.string().max(128).nullable(),
      /** Not accepted by then: unreachable; withdrawn, where the end of an opening ends this time. */
      acceptBy: instant,
      closing: z.exactOptional(z.literal(true)),
      /** While one of these is closed it must not be begun; left out: none binds it. */
      calendars: z.exactOptional(z.array(name)),
      /** The release needs a licence: whoever has none by then is not handed it. */
      licensed: z.exactOptional(z.literal(true)),
      /** It may be begun although everything is stopped. */
      breaksGlass: z.exactOptional(z.literal(true)),
      /** How long it may take from acceptance on, in seconds. */
      seconds: z.int().positive(),
      /** Left out: its agent does what is to be done. */
      procedure: z.exactOptional(procedureReference),
      /** Of the first execution that drives the procedure: they are counted over all attempts of the target. */
      generation: z.exactOptional(z.int().positive()),
      sequence,
    }),
  },
  AttemptAccepted: {
    schema: z.object({ attempt: z.uuid(), ...admission, deadline: instant, sequence, reported }),
  },
  /** An execution drives the procedure of the attempt from now on, and no other does; it begins nothing before `notBefore`. */
  ExecutionStarting: {
    schema: z.object({
      attempt: z.uuid(),
      ...admission,
      generation: z.int().positive(),
      reason: words,
      notBefore: instant,
      sequence,
    }),
  },
  ExecutionEnded: {
    schema: z.object({
      attempt: z.uuid(),
      ...admission,
      generation: z.int().positive(),
      status: z.string(),
      cause: words.nullable(),
      sequence,
    }),
  },
  /** Written before anything is called: who finds it, and no end after it, cannot know whether the step was done. */
  StepStarted: {
    schema: z.object({
      ...stepOf,
      name: z.string(),
      try: z.int().positive(),
      again: z.enum(triedAgainAs).nullable(),
      /** All tries have to be over by then. */
      deadline: instant,
      sequence,
    }),
  },
  /** A try is known to have failed; the next is not before `next`. */
  StepTried: {
    schema: z.object({ ...stepOf, code: z.string(), output: z.string().max(1024), next: instant, sequence }),
  },
  StepEnded: {
    schema: z.object({
      ...stepOf,
      outcome: z.enum(['done', 'skipped', 'failed']),
      code: z.string().nullable(),
      output: z.string().max(4096).nullable(),
      saved,
      /** Who said so, where a person did. */
      by: z.exactOptional(person),
      /** Where it was held until then. */
      holding: z.exactOptional(holding),
      sequence,
    }),
  },
  /** The step waits: for a person, to acknowledge it or since nobody can know whether it was done; or for a callback. `ask`: for what, in words. */
  StepHeld: {
    schema: z.object({
      ...stepOf,
      name: z.string(),
      component: name,
      version: name,
      why: z.enum(stepHolds),
      ask: words,
      holding,
      sequence,
    }),
  },
  /** A person has looked whether it was done: it shall be done (again). That it was done, or has failed, ends the step. */
  StepReleased: { schema: z.object({ ...stepOf, by: person, reason: words, holding, sequence }) },
  /** From now on these steps are undone, in this order. `saved`: by an earlier attempt, which is taken back. */
  WayBackBegan: {
    schema: z.object({
      attempt: z.uuid(),
      ...admission,
      steps: z.array(stepId),
      code: z.string().nullable(),
      output: z.string().max(4096).nullable(),
      saved: z.exactOptional(z.record(z.string(), saved)),
      sequence,
    }),
  },
  AttemptEnded: {
    schema: z.object({
      attempt: z.uuid(),
      ...admission,
      kind: z.enum(upgradeKinds),
      component: name,
      from: name,
      to: name,
      outcome: z.enum(outcomes),
      /** A stable word for the reason: `already_at_version`, `HEALTH_CHECK_FAILED`, … */
      code: z.string().max(128).nullable(),
      retryable: z.boolean(),
      /** The version that the component runs now, where the target said so. */
      version: name.nullable(),
      output: z.string().max(4096).nullable(),
      saidAt,
      sequence,
      revision,
      reported,
      /** Of a deferral: the upgrade whose attempt was under way. */
      busyWith: z.exactOptional(name),
      /** Where a step of it was held. */
      holding: z.exactOptional(holding),
      /** What is counted of it; left out: it counts as none, or is older than the counting. */
      measured: z.exactOptional(measured),
    }),
  },
  /** What had succeeded has failed after all, as its target says: its success counts no more. The end of the attempt stays what it was. */
  AttemptRegressed: {
    schema: z.object({
      attempt: z.uuid(),
      ...admission,
      component: name,
      outcome: z.enum(regressions),
      code: z.string().max(128).nullable(),
      /** The version that it is held to run now: what it said, else the one before the attempt, as after any failure. */
      version: name,
      output: z.string().max(4096).nullable(),
      sequence,
      revision,
      reported,
      saidAt,
    }),
  },
  /** What had regressed is well again, as its target says. */
  AttemptRecovered: {
    schema: z.object({
      attempt: z.uuid(),
      ...admission,
      component: name,
      version: name,
      output: z.string().max(4096).nullable(),
      sequence,
      revision,
      reported,
      saidAt,
    }),
  },
})

export type TargetEvent = EventsOf<typeof targetEvents>

/** What the steps of a procedure tell, and that they are being undone. */
export const stepEventTypes = [
  ...(['StepStarted', 'StepTried', 'StepHeld', 'StepReleased', 'StepEnded'] as const),
  'WayBackBegan',
] as const

export type StepEventType = (typeof stepEventTypes)[number]
export type StepEvent = Extract<TargetEvent, { type: StepEventType }>
