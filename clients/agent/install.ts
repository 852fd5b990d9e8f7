import { join } from 'node:path'
import type { Config } from './config.ts'
import { download, NowhereToLook, WrongArtifact } from './download.ts'
import type { Ask } from './exchange.ts'
import { NoAnswer } from './exchange.ts'
import { whyNotHealthy } from './health.ts'
import { type Failure, highestOf, type Journal, type Message, type Stage, type Work } from './journal.ts'
import { CameBack, HandedOver } from './own.ts'
import { run } from './programs.ts'
import { type Manifest, partsOf, Refused } from './trusted.ts'
import type { Versions } from './versions.ts'

/** What carries out an update that was accepted. */
export interface Installing {
  readonly config: Config
  readonly journal: Journal
  readonly versions: Versions
  /** Asks for artifacts. */
  readonly ask: Ask
  /** Asks the service that runs here. */
  readonly askHere: Ask
  now(): number
  tell(words: string): void
  /** Does what the stages after preparing are for where it is the agent itself that is installed; undefined: it is the service. */
  readonly exchange: ((stage: Stage, work: Work) => Promise<void>) | undefined
  /** There is something that the control plane has not heard; nobody waits until it has. */
  reportSoon(): void
}

/** The stages from which on a failure has to be taken back. */
const touched: ReadonlySet<Stage> = new Set(['stopping', 'applying', 'switching', 'starting', 'checking'])

const after: Readonly<Record<Stage, Stage | 'done'>> = {
  preparing: 'backing-up',
  'backing-up': 'stopping',
  stopping: 'applying',
  applying: 'switching',
  switching: 'starting',
  starting: 'checking',
  checking: 'done',
  'back-stopping': 'back-reverting',
  'back-reverting': 'back-switching',
  'back-switching': 'back-restoring',
  'back-restoring': 'back-starting',
  'back-starting': 'back-checking',
  'back-checking': 'done',
}

const codes: Partial<Readonly<Record<Stage, string>>> = {
  preparing: 'DOWNLOAD_FAILED',
  'backing-up': 'BACKUP_FAILED',
  stopping: 'STOP_FAILED',
  applying: 'APPLY_FAILED',
  starting: 'START_FAILED',
  checking: 'HEALTH_CHECK_FAILED',
}

/** The service is not well. */
class NotHealthy extends Error {}

function failureOf(stage: Stage, error: unknown): Failure {
  const words = (error as Error).message.slice(0, 3000)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return { code: 'DISK_FULL', words, retryable: true }
  if (error instanceof CameBack) return error.failure
  if (error instanceof NowhereToLook) return { code: 'URL_MISSING', words, retryable: false }
  if (error instanceof WrongArtifact) return { code: 'DIGEST_MISMATCH', words, retryable: false }
  if (error instanceof Refused) return { code: error.refusal.code, words, retryable: false }
  return { code: codes[stage] ?? 'INSTALL_FAILED', words, retryable: false }
}

/** Does what one stage is for. What it does may be done again: an agent that was killed does not know whether it was. */
async function carryOut(
  stage: Stage,
  work: Work,
  manifest: Manifest | Refused,
  using: Installing,
): Promise<void> {
  const { config, versions, ask, askHere, exchange } = using
  if (exchange && stage !== 'preparing') return exchange(stage, work)
  const isUnread = manifest instanceof Refused
  if (isUnread && !stage.startsWith('back-')) throw manifest
  const { parts, programs, programTimeout, rollback, health } = config
  const { version, from, digest } = work
  const installed = isUnread ? [] : partsOf(manifest, parts)
  // What it had put here is not known: whatever may be taken back, is.
  const reverted = isUnread ? Object.entries(parts).map(([name, how]) => ({ name, how })) : installed
  const start = async (
    program: readonly string[] | undefined,
    more: Record<string, string> = {},
    outlives = false,
  ) => {
    if (!program) return
    const environment = {
      ...{ DRYDOCK_VERSION: version, DRYDOCK_FROM: from, DRYDOCK_ATTEMPT: work.attempt },
      ...{
        DRYDOCK_FOLDER: versions.folder(version),
        DRYDOCK_FROM_FOLDER: versions.folder(from),
        DRYDOCK_CURRENT: join(config.directory, 'current'),
        ...more,
      },
    }
    await run(program, { environment, directory: config.directory, seconds: programTimeout, outlives })
  }
  switch (stage) {
    case 'preparing': {
      if (versions.has(version, digest)) return
      const artifacts: { name: string; file: string; unpack: boolean }[] = []
      for (const { name, part, how } of installed) {
        const { mirror, bytesPerSecond } = config.download
        const place =
          mirror === undefined
            ? part.url
            : new URL(part.sha256, mirror.endsWith('/') ? mirror : `${mirror}/`).href
        if (place === undefined)
          throw new NowhereToLook(
            `The manifest does not say where ${name} lies, and download.mirror is not said here.`,
          )
        const file = join(versions.downloads, part.sha256)
        await download(ask, new URL(place), part, file, bytesPerSecond)
        artifacts.push({ name, file, unpack: how.unpack })
      }
      return versions.make(version, digest, artifacts)
    }
    case 'backing-up':
      return start(programs.backup)
    case 'stopping':
    case 'back-stopping':
      return start(programs.stop)
    case 'applying':
      for (const { name, how } of installed) await start(how.apply, { DRYDOCK_PART: name })
      return
    case 'switching':
      return versions.switchTo(version)
    case 'back-reverting':
      for (const { name, how } of reverted.toReversed()) await start(how.revert, { DRYDOCK_PART: name })
      return
    case 'back-switching':
      // What ran before the agent did has no folder of its own: then nothing of the agent's is in force.
      return versions.switchTo(versions.has(from) ? from : null)
    case 'back-restoring':
      return start(programs.restore)
    case 'starting':
    case 'back-starting':
      return start(programs.start, {}, true)
    case 'checking':
    case 'back-checking': {
      const ill = await whyNotHealthy(askHere, health, rollback.healthCheckTimeout)
      if (ill !== undefined) throw new NotHealthy(ill)
    }
  }
}

/** Returns the entries with a report more; of an attempt's progress only the last is kept. */
export function withReport(
  { unsent, sequence }: Pick<Journal['now'], 'unsent' | 'sequence'>,
  report: Omit<Message, 'sequence'>,
): Pick<Journal['now'], 'unsent' | 'sequence'> {
  const others = unsent.filter(
    ({ attempt, status }) => attempt !== report.attempt || status !== 'in-progress',
  )
  return { sequence: sequence + 1, unsent: [...others, { ...report, sequence: sequence + 1 }] }
}

/** What failed before anything was touched is no end that anybody has to take back. */
function failedAs(stage: Work['stage'], code: string): Message['status'] {
  if (stage === 'preparing' || stage === 'backing-up') return 'rejected'
  if (!stage.startsWith('back-')) return 'failed'
  return code === rollbackFailed ? 'rollback-failed' : 'rolled-back'
}

/** What is said of the end of an update. */
function saidOf({ stage, failure, from }: Work): Pick<Message, 'status' | 'details' | 'code' | 'retryable'> {
  if (!failure) return { status: 'completed', details: `${from} was replaced.` }
  const { code, words: details, retryable } = failure
  return { status: failedAs(stage, code), details, code, retryable }
}

const countedWith = (journal: Journal, { channel, counter }: Manifest) => ({
  [channel]: Math.max(counter, highestOf(journal, channel)),
})

/** Keeps how an update has ended, together with what follows from that: one write, so that both are there or neither. */
function end(using: Installing, work: Work, manifest: Manifest | Refused): void {
  const { config, journal, versions, now, tell } = using
  const { version, from, attempt } = work
  const { kept, counters } = journal.now
  const said = saidOf(work)
  // What did not go well is in force all the same where it was not taken back.
  const isInForce = !work.failure || versions.current() === version
  const counted = manifest instanceof Refused ? {} : countedWith(journal, manifest)
  journal.write({
    ...{ work: null, seen: now() },
    ...withReport(journal.now, { attempt, version, timestamp: new Date(now()).toISOString(), ...said }),
    ...(isInForce && {
      installed: version,
      kept: [...new Set([from, ...kept])]
        .filter((one) => one !== version)
        .slice(0, config.rollback.keepVersions),
      counters: { ...counters, ...counted },
    }),
  })
  tell(`${version}: ${said.status}${said.code === undefined ? '' : `, ${said.code}`}: ${said.details}`)
  // What cannot be removed now is removed after the next update.
  try {
    versions.keepOnly([journal.now.installed ?? from, ...journal.now.kept])
  } catch (error) {
    tell(`What is not needed any more is still there: ${(error as Error).message}`)
  }
}

/** A target that is neither as it was nor as it should be: nobody tries again by themselves. */
const rollbackFailed = 'CRITICAL_ROLLBACK_FAILED'

/**
 * Carries out an update that is in the journal, from the stage that is noted there to its end, forward or back; each stage is noted before it begins. Where its
 * manifest is not understood it goes back, as from a stage that failed. Rejects with {@link NoAnswer} where its artifacts cannot be had now, {@link HandedOver} where the next agent goes on, and with what the disk says where nothing can be noted: it is gone on with later.
 */
export async function install(using: Installing, manifest: Manifest | Refused): Promise<void> {
  const { journal, config, versions, now, tell } = using
  for (;;) {
    const { work } = journal.now
    if (!work) return
    const { stage, version, attempt } = work
    tell(`${version}: ${stage}`)
    let failure: Failure | undefined
    try {
      await carryOut(stage, work, manifest, using)
    } catch (error) {
      if (error instanceof NoAnswer || error instanceof HandedOver) throw error
      failure = failureOf(stage, error)
    }
    if (failure && stage === 'preparing')
      versions.keepOnly([journal.now.installed ?? work.from, ...journal.now.kept])
    if (failure && stage.startsWith('back-')) {
      const words = `${work.failure?.words ?? ''}; then, ${stage}: ${failure.words}`.slice(-3000)
      return end(using, { ...work, failure: { code: rollbackFailed, words, retryable: false } }, manifest)
    }
    if (failure && !(touched.has(stage) && config.rollback.automatic))
      return end(using, { ...work, failure }, manifest)
    const next = failure ? 'back-stopping' : after[stage]
    if (next === 'done') return end(using, work, manifest)
    const told = {
      attempt,
      version,
      status: 'in-progress' as const,
      timestamp: new Date(now()).toISOString(),
      details: next,
    }
    journal.write({
      work: { ...work, stage: next, failure: failure ?? work.failure },
      ...withReport(journal.now, told),
    })
    using.reportSoon()
  }
}
