import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from './config.ts'
import { replace, syncDirectory } from './durable.ts'
import { NoAnswer } from './exchange.ts'
import { type Failure, type Journal, journalFile, type Stage, type Work } from './journal.ts'
import { agentFile, ownDirectory, type Trial } from './trial.ts'
import type { Versions } from './versions.ts'

/** The exit code of who got no answer. */
export const unanswered = 3

/** The next agent goes on with what is under way: this one has to end. */
export class HandedOver extends Error {}

/** An agent did not prove itself. */
export class CameBack extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.words)
    this.failure = failure
  }
}

/** So often is a release tried that was cut off, or when nobody answered. */
const mostTrials = 3
/** So many releases are known not to be tried again. */
const remembered = 100

/** Returns the configuration of an agent as it is for its own releases: one file, and nothing to be stopped; null: it does not update itself. */
export function ownConfig(config: Config): Config | null {
  const { agent, trust } = config
  if (!agent) return null
  return {
    ...config,
    ...{ component: agent.component, version: agent.version },
    trust: { ...trust, leastCounter: agent.leastCounter },
    parts: { [agentFile]: { unpack: false } },
    ...{ programs: {}, commands: {}, health: [] },
    rollback: { ...config.rollback, automatic: true },
  }
}

/** Returns the same journal, with what is installed of the agent itself in place of what is installed of the service. */
export function ownJournal(journal: Journal): Journal {
  return {
    get now() {
      const { installed, kept, counters } = journal.now.own
      return { ...journal.now, installed, kept, counters }
    },
    write({ installed, kept, counters, ...changes }) {
      const { own } = journal.now
      journal.write({
        ...changes,
        own: {
          ...(changes.own ?? own),
          ...(installed !== undefined && { installed }),
          ...(kept && { kept }),
          ...(counters && { counters }),
        },
      })
    },
  }
}

/** Where the journal is kept as it was before another agent could write it. */
const savedIn = (directory: string) => join(ownDirectory(directory), 'journal.before')

/** Puts the journal back that was there before an agent was tried, whatever that one has made of it; where it has been put back, nothing. */
export function restoreJournal(directory: string): void {
  const saved = savedIn(directory)
  if (!existsSync(saved)) return
  renameSync(saved, journalFile(directory))
  for (const changed of [directory, dirname(saved)]) syncDirectory(changed)
}

/** What an agent needs to be exchanged for another. */
export interface Exchanging {
  readonly directory: string
  /** All of it, not as {@link ownJournal} shows it. */
  readonly journal: Journal
  /** Its own. */
  readonly versions: Versions
  readonly trial: Trial
  /** Rejects with {@link NoAnswer} where nobody answers this agent either. */
  ask(): Promise<unknown>
}

/** How one ends by itself: with a code, or by a signal that says what it did wrong. Of others whoever sent them may have meant the machine. */
const endedByItself = /^ended-(?:\d+|SIG(?:ABRT|BUS|FPE|ILL|SEGV|SYS|TRAP))$/

/** Returns why an agent did not prove itself, and whether that was its own fault. */
async function whyBack({
  trial,
  ask,
}: Exchanging): Promise<Omit<Failure, 'retryable'> & { faulty: boolean }> {
  const standing = trial.standing()
  const why = standing.kind === 'back' ? standing.why : 'not-begun'
  const noted = trial.noted()
  const said = (code: string, words: string, faulty: boolean) => ({
    ...{ code, faulty },
    words: `${words} The agent before runs again.${noted && ` It said: ${noted}`}`,
  })
  if (why === 'silent') return said('AGENT_SILENT', 'It did not prove itself in time.', true)
  if (why === `ended-${unanswered}`) {
    const isAnswered = await ask().then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error
        return false
      },
    )
    const words = isAnswered ? ', which answers the one before.' : ', nor does the one before.'
    return said('AGENT_UNREACHABLE', `It did not get through to the control plane${words}`, isAnswered)
  }
  if (endedByItself.test(why))
    return said('AGENT_ENDED', `It ended (${why.slice(6)}) before it had proven itself.`, true)
  return said('AGENT_CUT_OFF', `Its trial was cut off (${why}).`, false)
}

/** Notes that a release was tried in vain, once an attempt; returns whether it may be tried again. */
function noteTried(journal: Journal, { digest, attempt }: Work, faulty: boolean): boolean {
  const { own } = journal.now
  const name = `${digest}`
  const tried = Object.hasOwn(own.tried, name) ? (own.tried[name] ?? []) : []
  const attempts = [...new Set([...tried, attempt])]
  const mayBeTried = !faulty && attempts.length < mostTrials && !own.givenUp.includes(name)
  const others = Object.entries(own.tried).filter(([other]) => other !== name)
  journal.write({
    own: mayBeTried
      ? { ...own, tried: Object.fromEntries([...others, [name, attempts] as const].slice(-remembered)) }
      : {
          ...own,
          tried: Object.fromEntries(others),
          givenUp: [...own.givenUp.filter((other) => other !== name), name].slice(-remembered),
        },
  })
  return mayBeTried
}

/**
 * Does what one stage is for where the agent itself is exchanged. The watchdog starts the new one, which puts itself in force once it has proven
 * itself; nothing has to be taken back where it has not. Rejects with {@link HandedOver}: this agent has to end; {@link CameBack}: the other did not prove itself.
 */
export async function exchangeItself(stage: Stage, work: Work, using: Exchanging): Promise<void> {
  const { directory, journal, versions, trial } = using
  const saved = savedIn(directory)
  const isInForce = versions.current() === work.version
  switch (stage) {
    case 'switching':
    case 'back-switching':
      // What is left of a trial, and the journal from before it, means this trial or none.
      trial.clear()
      return rmSync(saved, { force: true })
    case 'starting': {
      // One that waits though this agent was started could not be begun.
      if (isInForce || trial.standing().kind !== 'none') return
      replace(saved, readFileSync(journalFile(directory), 'utf8'))
      trial.ask(work.version)
      throw new HandedOver(`${work.version} is to be tried: this agent ends.`)
    }
    case 'checking': {
      if (isInForce) return
      const { faulty, ...failure } = await whyBack(using)
      throw new CameBack({ ...failure, retryable: noteTried(journal, work, faulty) })
    }
  }
}
