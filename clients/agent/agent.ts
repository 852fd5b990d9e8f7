import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Held, verifyAssignment } from './assignment.ts'
import { runCommand } from './command.ts'
import { BadConfig, type Config, readNamed } from './config.ts'
import { type ControlPlane, controlPlaneAt, Declined, type Offer } from './control-plane.ts'
import { type Ask, asking } from './exchange.ts'
import { type Installing, install, withReport } from './install.ts'
import { type Command, highestOf, type Journal, openJournal } from './journal.ts'
import { Taken, takeDirectory } from './lock.ts'
import { exchangeItself, ownConfig, ownJournal, restoreJournal } from './own.ts'
import { endLeftBehind } from './programs.ts'
import { openTrial, ownDirectory, type Trial } from './trial.ts'
import { type Manifest, manifestIn, type Refusal, Refused, type Shown, verified } from './trusted.ts'
import { openVersions } from './versions.ts'
import { isOpen } from './window.ts'

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
  /** Proves that this agent, which is tried, gets a well-formed answer of the control plane, and puts it in force. Rejects where it does not, or is not tried. */
  prove(): Promise<void>
  close(): void
}

/** Returns the latest instant that is known to have passed: a clock that is set back, here or there, does not make what has expired recent again. */
function clockOf(journal: Journal) {
  let heard: { readonly instant: number; readonly at: number } | undefined
  const told = () => heard && heard.instant + (performance.now() - heard.at)
  return {
    hear(instant: number): void {
      if (instant > (told() ?? 0)) heard = { instant, at: performance.now() }
    },
    now: () => Math.max(told() ?? Date.now(), journal.now.seen),
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

/** How an agent was started. */
export interface Started {
  /** By a watchdog, which tries a new agent once this one ends. */
  readonly watched?: boolean
  /** To prove itself. */
  readonly tried?: boolean
}

/**
 * Opens the agent of a configuration. Throws {@link Taken} where another one works in its directory or is to be tried there, and {@link BadConfig} where
 * assignments are asked for and the credential does not say for whom, or something is under way of what is not said any more.
 */
export function openAgent(config: Config, tell: (words: string) => void, started: Started = {}): Agent {
  const { directory } = config
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // What is read before the directory is taken may be what another has read, and has changed since.
  const close = takeDirectory(directory, 'agent')
  try {
    return { ...openTaken(config, tell, started), close }
  } catch (error) {
    close()
    throw error
  }
}

/** Sees to the trial of an agent before anything is read that this may have written. */
function settleTrial(directory: string, trial: Trial, { watched = false, tried = false }: Started): void {
  const { kind } = trial.standing()
  if (!watched && (kind === 'waits' || kind === 'tried'))
    throw new Taken(`A new agent is to be tried in ${directory}: drydock-watchdog does that.`)
  if (!tried && kind !== 'none') restoreJournal(directory)
}

function openTaken(config: Config, tell: (words: string) => void, started: Started): Omit<Agent, 'close'> {
  const { directory } = config
  const trial = config.agent ? openTrial(ownDirectory(directory)) : undefined
  if (trial) settleTrial(directory, trial, started)
  const credential = readNamed('server.credential', config.server.credential, 'run drydock-agent enrol first')
  const assigning = assigningOf(config, credential)
  const journal = openJournal(directory)
  endLeftBehind(directory)
  const clock = clockOf(journal)
  const ask = asking(config.server)
  const { licence } = config.server
  const { environment } = config
  const plane = controlPlaneAt(config.server.url, {
    ask,
    credential,
    licence: licence === undefined ? undefined : readNamed('server.licence', licence, 'put the key there'),
    environment,
    bootId: randomUUID(),
    heard: clock.hear,
  })
  const telling = reporter(() => tellAll(service))
  const service: Working = {
    ...{ config, journal, versions: openVersions(directory), ask, askHere: asking({}), now: clock.now, tell },
    ...{ plane, assigning, exchange: undefined },
    ...{ report: telling.now, reportSoon: telling.soon },
  }
  const own = trial && itselfOf(service, trial)
  const workingFor = (component: string): Working => (component === own?.config.component ? own : service)
  const { work } = journal.now
  if (work && work.component !== workingFor(work.component).config.component)
    throw new BadConfig(
      `component: an update of ${work.component} is under way here, which is not said any more`,
    )
  let isSaid = false
  const sayItself = async () => {
    if (own && !isSaid) await askItself(own)
    isSaid = true
  }
  return {
    journal,
    async round({ now = false } = {}) {
      try {
        return await round({ service, workingFor, sayItself, watched: started.watched ?? false }, now)
      } finally {
        await telling.settled()
      }
    },
    async prove() {
      const standing = trial?.standing()
      if (
        !own ||
        standing?.kind !== 'tried' ||
        work?.stage !== 'starting' ||
        standing.version !== work.version
      )
        throw new Error(`No agent is tried in ${directory}.`)
      await sayItself()
      trial?.confirm()
    },
  }
}

/** Asks the control plane, and says which agent this is. */
function askItself({ config, journal, plane }: Pick<Working, 'config' | 'journal' | 'plane'>) {
  const { component, channel } = config
  return plane.check({ component, version: runs({ config, journal }), channel, anew: true })
}

/** Returns what the agent installs releases of itself with. */
function itselfOf(service: Working, trial: Trial): Working | undefined {
  const config = ownConfig(service.config)
  if (!config) return undefined
  const { directory } = config
  const versions = openVersions(ownDirectory(directory))
  const own = { ...service, config, versions, journal: ownJournal(service.journal) }
  const using = { directory, journal: service.journal, versions, trial, ask: () => askItself(own) }
  return {
    ...own,
    exchange: (stage, work) => exchangeItself(stage, work, using),
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

/** Tells what has not been heard, in its order; what is refused for what it says is not said again. */
async function tellAll({ journal, plane, tell }: Working): Promise<void> {
  for (;;) {
    const [message] = journal.now.unsent
    if (!message) return
    await plane.report(message).catch((error: unknown) => {
      if (!(error instanceof Declined && error.isFinal)) throw error
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
    work.stage === 'preparing' ? await genuine(working, work, work.shown) : readAgain(work.shown.manifest)
  await install(working, found)
}

/** Returns what the manifest of what is under way says; or why this agent does not understand what the one understood that has begun it. */
function readAgain(manifest: string): Manifest | Refused {
  try {
    return manifestIn(manifest)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return error
  }
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
  const timestamp = new Date(now()).toISOString()
  journal.write({
    work: null,
    ...withReport(journal.now, { attempt, version, timestamp, status: 'rejected', code, details }),
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
  if (working.exchange && journal.now.own.givenUp.includes(`${digest}`))
    throw new Refused('AGENT_GIVEN_UP', 'It was tried here, and did not prove itself.')
  const sequence = journal.now.sequence + 1
  const timestamp = new Date(now()).toISOString()
  // Who says that it was accepted is believed of what stands here alone.
  journal.write({ accepted: attempt })
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
  const { work } = journal.now
  const { attempt, component, version, digest } = work ?? offer
  const wanted = {
    target,
    attempt,
    component,
    version,
    digest,
    back: work?.back ?? offer.kind === 'rollback',
  }
  const kept = work?.assignment
  try {
    // By this machine's clock, too: where that goes fast another one is asked for, and whoever says the time says nothing of how long this was off.
    if (kept) verifyAssignment(kept, key, wanted, Math.max(now(), Date.now()))
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
    if (!(error instanceof Declined && error.isFinal)) throw error
    tell(`The control plane does not take how a command ended: ${error.message}`)
  })
  journal.write({ told: null })
}

/** Runs what a procedure asks for, and says how it ended. */
async function runAsked(working: Working, command: Command): Promise<void> {
  await runCommand(working, command)
  await reportCommand(working)
}

/** What the reasons of the control plane mean here. */
const whyNothing: Readonly<Record<string, string>> = {
  not_entitled:
    'not_entitled: releases need a licence, and none that is known of this machine entitles to them (server.licence)',
  incompatible:
    'incompatible: what was to be offered asks for something else than what is here (environment)',
}

/** The two of which something may be offered: the service, and the agent itself. One at a time is under way, since there is one place for it in the journal. */
interface Both {
  readonly service: Working
  /** Returns what installs releases of a component; of one that neither is, the service. */
  workingFor(component: string): Working
  /** Says once which agent this is. */
  sayItself(): Promise<void>
  readonly watched: boolean
}

async function round({ service, workingFor, sayItself, watched }: Both, atOnce: boolean): Promise<Round> {
  const { journal, now, tell } = service
  const { work } = journal.now
  // What is touched comes to its end whoever answers; what is not may have been taken back since.
  if (work && work.stage !== 'preparing') await goOn(workingFor(work.component))
  await service.report()
  // Whoever has not heard how it ended asks for it again.
  await reportCommand(service)
  await sayItself()
  const { answer, came } = await check(service)
  const offer = answer.updateAvailable ? answer : undefined
  const { nextCheckSeconds } = answer
  dropWhatIsOver(service, offer)
  if (!answer.updateAvailable && answer.command) await runAsked(service, answer.command)
  if (!answer.updateAvailable && answer.reason !== undefined)
    tell(`Nothing is offered here: ${whyNothing[answer.reason] ?? answer.reason}`)
  if (!offer) return { nextCheckSeconds, waits: null }
  const going = journal.now.work
  // What is under way goes on as what it was taken for, whatever is said of it by now.
  const working = workingFor(going?.component ?? offer.component)
  const waits = (words: string): Round => {
    tell(`${offer.version} waits: ${words}`)
    return { nextCheckSeconds, waits: words }
  }
  const { enabled, autoInstall, maintenanceWindow } = working.config
  // What was accepted here has to come to an end, or its upgrade waits for it.
  const isAccepted = offer.accepted && [going?.attempt, journal.now.accepted].includes(offer.attempt)
  if (!isAccepted && !atOnce) {
    if (!enabled) return waits('updates are disabled here')
    if (!autoInstall) return waits('autoInstall is off: run drydock-agent install')
    if (!isOpen(maintenanceWindow, now())) return waits('the maintenance window is closed')
    if (working.exchange && !watched)
      return waits('it is of the agent, which drydock-watchdog has not started')
  }
  await proceed(working, offer, came).catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error
    refuse(working, offer, error.refusal)
  })
  await service.report()
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
