import { day, hour, minute, second } from '../events/time.ts'

/** How long whoever decides goes on against other writers, in milliseconds, before it is asked again or somebody else is. */
export const patience = {
  /** A stop, a pause or an abort that a person asked for must not be lost to a busy upgrade (design: #contention). */
  person: 5 * second,
  /** What follows from a fact comes again when it gives up. */
  duty: 5 * second,
  /**
   * A decision that may admit rests on facts that were read before it: a stop binds within five seconds of its acknowledgement (design: #the-stop),
   * so after this long they are read anew.
   */
  facts: 3 * second,
  /** A call to another system that says nothing else, from its name to the last byte of its answer. */
  outbound: 15 * second,
} as const

/** How much is done side by side: each is a read and a conditional write of another stream. */
export const atOnce = {
  /** Targets that are assigned, asked, withdrawn or set free. */
  targets: 16,
  /** Parts of a plan that are stored. */
  chunks: 8,
  /** Targets that a person registers, or makes members. */
  requested: 32,
  /** Upgrades whose whole streams are read. */
  upgrades: 8,
  /** Upgrades that hear of a stop, or of the time: three reads at once each, and seldom a write. Ten thousand of them take seconds. */
  ticks: 32,
  /** Domains of one rollout that are looked at. */
  probes: 20,
  /** Streams whose commits are acted on, or projected. */
  streams: 16,
} as const

/** After so many targets the upgrade is read again, so that a pause stops the rest (I9). */
export const targetsPerLook = 100

/** An execution that was decided may be so long on its way to its start, in milliseconds: it is not missing yet. */
export const executionStarts = 5 * minute

/**
 * For so long the views may not show what has happened, in milliseconds: a record that the projector could not take for as long is given up, and the next
 * reconciliation makes good what it missed.
 */
export const viewsCatchUp = 6 * hour

/** A record may be so long on its way to the reactor, in milliseconds: what it is about is not missed yet. */
export const recordArrives = 5 * minute

/**
 * So long reconciliations look back for what the reactor has missed of a commit, in milliseconds: they run daily, and what is not in the log by
 * then is looked for no more. What the state of a stream itself shows to be missing is made good whenever it was missed.
 */
export const missedWithin = 7 * day

/** The state machine of a revision is kept so long after a later one came, in milliseconds: an attempt takes a week at most, and who needs it later makes it again. */
export const machineUnused = 30 * day
