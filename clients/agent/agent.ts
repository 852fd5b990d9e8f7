import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Held, verifyAssignment } from './assignment.ts'
import { runCommand } from './command.ts'
import { BadConfig, type Config } from './config.ts'
import { type ControlPlane, controlPlaneAt, Declined, type Offer } from './control-plane.ts'
import { type Ask, asking } from './exchange.ts'
import { type Installing, install, withReport } from './install.ts'
import { type Command, highestOf, type Journal, openJournal } from './journal.ts'
import { endLeftBehind } from './programs.ts'
import { manifestIn, type Refusal, Refused, type Shown, verified } from './trusted.ts'
import { openVersions } from './versions.ts'
import { isOpen } from './window.ts'

/** Another agent has the directory. */
export class Taken extends Error {}

/** Takes a directory for this process; the lock is SQLite's own, which the kernel drops with the process. Throws {@link Taken}. */
function takeDirectory(directory: string): () => void {
  const database = new DatabaseSync(join(directory, 'agent.lock'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!(error as Error).message.includes('locked')) throw error
    throw new Taken(`Another agent works in ${directory}.`)
  }
  return () => database.close()
}

/** What became of one round. */
export interface Round {
  /** In how many seconds the control plane wants to be asked again. */
  readonly nextCheckSeconds: number
  /** What waits, and for what, in words; null: nothing does. */
  readonly waits: string | null
}

/** The agent of one target. */
export interface Agent {
  readonly journal: Journal
  /** Goes on with what is under way, tells what has not been heard, asks for an update, and installs it. `now`: whatever the configuration says of when. */
  round(options?: { readonly now?: boolean }): Promise<Round>
  close(): void
}

/** Returns the latest instant that is known to have passed: a clock that is set back does not make what has expired recent again. */
function clockOf(journal: Journal) {
  let heard: { readonly instant: number; readonly at: number } | undefined
  return {
    hear(instant: number): void {
      heard = { instant, at: performance.now() }
    },
    now(): number {
      const told = heard ? heard.instant + (performance.now() - heard.at) : Date.now()
      return Math.max(told, journal.now.seen)
    },
  }
}

/** Who assigns what is installed here, and to whom; null: nothing has to be assigned. The target is the one that the credential was made for at enrolment: it is not learned from who offers. */
function assigningOf({ trust }: Config, credential: string): Working['assigning'] {
  if (trust.assignmentKey === undefined) return null
  const [, target] = /^drydock-agent\.(.+)\.[^.]+$/.exec(credential) ?? []
  if (target === undefined)
    throw new BadConfig('server.credential: it does not name its target, to which assignments are made')
  return { key: trust.assignmentKey, target }
}

/**
 * Opens the agent of a configuration. Throws {@link Taken} where another one works in its directory, and {@link BadConfig} where assignments are asked
 * for and the credential does not say for whom.
 */
export function openAgent(config: Config, tell: (words: string) => void): Agent {
  const credential = readFileSync(config.server.credential, 'utf8').trim()
  const assigning = assigningOf(config, credential)
  const journal = openJournal(config.directory)
  const close = takeDirectory(config.directory)
  endLeftBehind(config.directory)
  const clock = clockOf(journal)
  const ask = asking(config.server)
  const plane = controlPlaneAt(config.server.url, {
    ask,
    credential,
    bootId: randomUUID(),
    heard: clock.hear,
  })
  const versions = openVersions(config.directory)
  const telling = reporter(() => tellAll(working))
  const working: Working = {
    ...{ config, journal, versions, ask, askHere: asking({}), now: clock.now, tell, plane, assigning },
    ...{ report: telling.now, reportSoon: telling.soon },
  }
  return {
    journal,
    close,
    async round({ now = false } = {}) {
      try {
        return await round(working, now)
      } finally {
        await telling.settled()
      }
    },
  }
}

interface Working extends Installing {
  readonly plane: ControlPlane
  readonly assigning: { readonly key: string; readonly target: string } | null
  /** Tells what has not been heard. */
  report(): Promise<void>
}

/** Lets reports be sent one after the other, whoever wants them to be. */
function reporter(send: () => Promise<void>) {
  let sending = Promise.resolve()
  let waiting = 0
  const next = (): Promise<void> => {
    waiting++
    const sent = sending.then(() => {
      waiting--
      return send()
    })
    sending = sent.catch(() => {})
    return sent
  }
  return {
    /** Returns once all is heard that there is to tell. */
    now: next,
    /** The same while something else is done: what fails is sent later. */
    soon(): void {
      if (waiting === 0) next().catch(() => {})
    },
    settled: () => sending,
  }
}

const runs = ({ config, journal }: Pick<Installing, 'config' | 'journal'>) =>
  journal.now.installed ?? config.version

/** Tells what has not been heard, in its order; what is refused is not said again. */
async function tellAll({ journal, plane, tell }: Working): Promise<void> {
  for (;;) {
    const [message] = journal.now.unsent
    if (!message) return
    await plane.report(message).catch((error: unknown) => {
      if (!(error instanceof Declined)) throw error
      tell(
        `The control plane does not take what was said of ${message.version} (${message.status}): ${error.message}`,
      )
    })
    journal.write({ unsent: journal.now.unsent.filter(({ sequence }) => sequence !== message.sequence) })
  }
}

/** Goes on with what the journal says is under way. */
async function goOn(working: Working): Promise<void> {
  const { work } = working.journal.now
  if (!work) return
  // What is touched comes to its end by what was found when it was begun, whatever is asked of a release by now.
  const found =
    work.stage === 'preparing' ? await genuine(working, work, work.shown) : manifestIn(work.shown.manifest)
  await install(working, found)
}

function genuine(
  { config, journal, now }: Working,
  wanted: Pick<Offer, 'component' | 'version' | 'digest'> & { readonly back: boolean },
  shown: Shown,
) {
  return verified(shown, wanted, config, now(), (channel) => highestOf(journal, channel))
}

/** What is under way here and is not offered any more has been taken back, or is over, for the control plane; nothing has been changed here yet. */
function dropWhatIsOver({ journal, tell }: Working, offer: Offer | undefined): void {
  const { work } = journal.now
  if (work?.stage !== 'preparing' || work.attempt === offer?.attempt) return
  tell(`${work.version} is not to be installed any more.`)
  journal.write({ work: null })
}

/** Notes that what is offered is not installed here. */
function refuse(
  { journal, now, tell }: Working,
  { attempt, version }: Offer,
  { code, words: details }: Refusal,
): void {
  tell(`${version} is not installed here, ${code}: ${details}`)
  const status = journal.now.work ? 'failed' : 'rejected'
  const timestamp = new Date(now()).toISOString()
  journal.write({
    work: null,
    ...withReport(journal.now, { attempt, version, timestamp, status, code, details }),
  })
}

/** Takes an update that is offered, and installs it. Rejects with {@link Refused} where it is not genuine, or does not fit. */
async function take(working: Working, offer: Offer, assignment: Held | null): Promise<void> {
  const { config, plane, journal, now } = working
  const { attempt, component, version, digest, kind } = offer
  if (component !== config.component) throw new Refused('WRONG_COMPONENT', `${config.component} runs here.`)
  const read = await plane.manifest().catch((error: unknown) => {
    if (!(error instanceof Declined) || error.code !== 'release-not-found') throw error
    throw new Refused('RELEASE_UNSIGNED', 'Nobody has signed it.')
  })
  // Another is offered by now: it is asked for by the next round.
  if (read.attempt !== attempt) return
  const shown = { manifest: read.manifest, signatures: [...read.signatures] }
  // Who says that it goes back is believed of what was here before alone.
  const back = kind === 'rollback' && [config.version, ...journal.now.kept].includes(version)
  const wanted = { component, version, digest, back }
  const found = await genuine(working, wanted, shown)
  // A release never becomes another one under its name; and what is kept is what is gone back to.
  if (working.versions.has(version) && !working.versions.has(version, digest))
    throw new Refused('VERSION_EXCHANGED', `Another ${version} is here, of another digest.`)
  const sequence = journal.now.sequence + 1
  const timestamp = new Date(now()).toISOString()
  await plane.report({ attempt, version, timestamp, status: 'in-progress', sequence, details: 'accepted' })
  const begun = { stage: 'preparing' as const, failure: null }
  const work = { ...wanted, attempt, from: runs(working), shown, assignment, ...begun }
  journal.write({ work, sequence, seen: now() })
  await install(working, found)
}

/** Asks for an update, with a nonce of this question's where what is offered has to be assigned. `came` is the assignment that came with it. */
async function check(working: Working, { anew = false } = {}) {
  const { component, channel } = working.config
  const nonce = working.assigning ? randomBytes(32).toString('base64url') : undefined
  const answer = await working.plane.check({ component, version: runs(working), channel, nonce, anew })
  const assignment = answer.updateAvailable ? answer.assignment : undefined
  return { answer, came: assignment && nonce !== undefined ? { ...assignment, nonce } : undefined }
}

/**
 * Returns the assignment of what is offered: the one in the journal while it holds, else the one that came, else one that is asked for. Null: there has
 * to be none; undefined: something else is offered by now. Rejects with {@link Refused} where it does not hold.
 */
async function assignmentOf(
  working: Working,
  offer: Offer,
  came: Held | undefined,
): Promise<Held | null | undefined> {
  const { assigning, journal, now } = working
  if (!assigning) return null
  const { key, target } = assigning
  // What is under way is what is gone on with, whatever is said of it by now.
  const { attempt, component, version, digest } = journal.now.work ?? offer
  const wanted = { target, attempt, component, version, digest }
  const kept = journal.now.work?.assignment
  try {
    if (kept) verifyAssignment(kept, key, wanted, now())
    if (kept) return kept
  } catch (error) {
    if (!(error instanceof Refused)) throw error
  }
  // That nothing has changed since the last answer assigns nothing.
  const asked = came ? undefined : await check(working, { anew: true })
  if (asked && !(asked.answer.updateAvailable && asked.answer.attempt === attempt)) return undefined
  const found = came ?? asked?.came
  verifyAssignment(found, key, wanted, now())
  return found
}

/** Takes what is offered, or goes on with it. Rejects with {@link Refused} where nothing of it is to be installed. */
async function proceed(working: Working, offer: Offer, came: Held | undefined): Promise<void> {
  const assignment = await assignmentOf(working, offer, came)
  // Another is offered by now: it is asked for by the next round.
  if (assignment === undefined) return
  const { work } = working.journal.now
  if (!work) return take(working, offer, assignment)
  if (work.assignment !== assignment) working.journal.write({ work: { ...work, assignment } })
  await goOn(working)
}

/** Says how a command ended. */
async function reportCommand({ journal, plane, tell }: Working): Promise<void> {
  const { told } = journal.now
  if (!told) return
  await plane.reportCommand(told).catch((error: unknown) => {
    if (!(error instanceof Declined)) throw error
    tell(`The control plane does not take how a command ended: ${error.message}`)
  })
  journal.write({ told: null })
}

/** Runs what a procedure asks for, and says how it ended. */
async function runAsked(working: Working, command: Command): Promise<void> {
  await runCommand(working, command)
  await reportCommand(working)
}

async function round(working: Working, atOnce: boolean): Promise<Round> {
  const { config, journal, now, tell } = working
  const { work } = journal.now
  // What is touched comes to its end whoever answers; what is not may have been taken back since.
  if (work && work.stage !== 'preparing') await goOn(working)
  await working.report()
  // Whoever has not heard how it ended asks for it again.
  await reportCommand(working)
  const { answer, came } = await check(working)
  const offer = answer.updateAvailable ? answer : undefined
  const { nextCheckSeconds } = answer
  dropWhatIsOver(working, offer)
  if (!answer.updateAvailable && answer.command) await runAsked(working, answer.command)
  if (!offer) return { nextCheckSeconds, waits: null }
  const waits = (words: string): Round => {
    tell(`${offer.version} waits: ${words}`)
    return { nextCheckSeconds, waits: words }
  }
  const { enabled, autoInstall, maintenanceWindow } = config
  // What is accepted has to come to an end, or its upgrade waits for it.
  if (!offer.accepted && !atOnce) {
    if (!enabled) return waits('updates are disabled here')
    if (!autoInstall) return waits('autoInstall is off: run drydock-agent install')
    if (!isOpen(maintenanceWindow, now())) return waits('the maintenance window is closed')
  }
  await proceed(working, offer, came).catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error
    refuse(working, offer, error.refusal)
  })
  await working.report()
  return { nextCheckSeconds, waits: null }
}

/** Exchanges a one-time token for the agent's own credential, which is kept in the file of the configuration. May be repeated until it has succeeded. */
export async function enrol(
  { server, directory }: Config,
  token: string,
  ask: Ask = asking(server),
): Promise<string> {
  const keyFile = join(directory, 'enrolment.key')
  openJournal(directory)
  let key: string
  try {
    key = readFileSync(keyFile, 'utf8')
  } catch {
    key = randomBytes(32).toString('base64url')
    writeFileSync(keyFile, key, { mode: 0o600 })
  }
  const plane = controlPlaneAt(server.url, { ask, credential: token, bootId: randomUUID(), heard() {} })
  const { target, credential } = await plane.enrol(key)
  writeFileSync(server.credential, `${credential}\n`, { mode: 0o600 })
  return target
}
