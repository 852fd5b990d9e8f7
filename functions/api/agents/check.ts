import * as z from 'zod'
import type { agentContracts, Offer, OfferedCommand } from '../../../contracts/agents.ts'
import { boundedMapsBy } from '../../bounded-map.ts'
import { type Compatibility, compatibilityOf } from '../../domain/release/compatibility.ts'
import { type ReleaseState, releaseAggregate, releaseId } from '../../domain/release/release.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { drivenIn } from '../../domain/target/procedure.ts'
import { hearEnvironment, hearVersion, onlyComponent } from '../../domain/target/report.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded, Log } from '../../log/log.ts'
import { isCarriedOut } from '../../log/outcome.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { unlessUnreadable } from '../../unreadable.ts'
import { metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { signaturesOf } from '../releases/shown.ts'
import type { Services } from '../services.ts'
import { assigned } from './assignment.ts'
import { noteMachine } from './clones.ts'
import { afterPresenting, whyNothing, whyWithheld } from './entitled.ts'
import { membersOf, mostMembers } from './members.ts'
import { offeredNow } from './offered.ts'
import { nextCheckSeconds } from './pace.ts'
import { type Reach, type Reached, reachFrom } from './reach.ts'

/** A procedure is at work there, and its next step may be the agent's: so soon it asks again, in seconds. */
const whileDriven = 30

type Check = Operate<(typeof agentContracts)['checkForUpdate'], 'telemetry' | 'assignmentSigner'>

/** What an offer says of its release. */
type OfRelease = Pick<
  Extract<Offer, { updateAvailable: true }>,
  'mandatory' | 'releaseNotes' | 'downloadUrl' | 'signature'
> & {
  /** What it asks of where it runs, which no offer says. */
  readonly compatibility: Compatibility
}

/** What is read here of a manifest, which was checked when it was published. */
const published = z.object({
  mandatory: z.boolean().default(false),
  components: z.record(z.string(), z.object({ url: z.string().optional() })),
})

function shownOf({ notes, signed }: ReleaseState): OfRelease {
  const compatibility = compatibilityOf(signed)
  if (!signed)
    return { mandatory: false, releaseNotes: notes, downloadUrl: null, signature: null, compatibility }
  const { mandatory, components } = published.parse(JSON.parse(signed.manifest))
  const [part, ...others] = Object.values(components)
  const [first] = signaturesOf(signed)
  return {
    mandatory,
    compatibility,
    releaseNotes: notes,
    downloadUrl: (others.length === 0 && part?.url) || null,
    signature: first ? `${first.scheme}:${first.keyId}:${first.signature}` : null,
  }
}

/** The releases that are rolled out now, so many at once. */
const releasesBy = boundedMapsBy<Log, OfRelease>(256)

/**
 * Returns what an offer says of a release. None of it changes once the release is registered, so that it is read once an instance, and not once
 * an offer; whether it may still be handed over is asked when it is accepted.
 */
async function releaseOf(log: Log, release: string): Promise<OfRelease> {
  const releases = releasesBy(log)
  const before = releases.get(release)
  if (before) return before
  const { state } = await log.load(releaseAggregate, release)
  const shown = shownOf(state)
  if (!state.registered) return shown
  releases.set(release, shown)
  return shown
}

/** Returns what waits for a target: the attempt that the log has assigned to it, and nothing else ever (M5). */
async function offerTo(
  services: Pick<Services, 'log' | 'now'>,
  target: string,
  state: TargetState,
): Promise<Offer> {
  const { log, now } = services
  const active = offeredNow(state, now())
  if (!active) return { updateAvailable: false }
  const { compatibility, ...shown } = await releaseOf(log, releaseId(active.component, active.to))
  const reason = await whyWithheld(services, target, state, compatibility)
  if (reason) return { updateAvailable: false, reason }
  return {
    updateAvailable: true,
    version: active.to,
    ...shown,
    component: active.component,
    from: active.from,
    kind: active.kind,
    attempt: active.attempt,
    digest: active.digest,
    acceptBy: active.acceptBy,
    accepted: active.acceptedAt !== null,
    deadline: active.deadline,
  }
}

/** Returns what waits for one member of a gateway; undefined: nothing, or its stream cannot be read however often it is tried, which keeps no other from its offer. */
function offerToMember(reach: Reach, target: string, services: Services): Promise<Offer | undefined> {
  return unlessUnreadable(`target ${target}`, async () => {
    const reached = await reach.target(target).catch((error: unknown) => {
      // The view may still name a member that has just left: the log decides.
      if (error instanceof Problem) return undefined
      throw error
    })
    return reached && (await offerTo(services, target, reached.loaded.state))
  })
}

async function offersToMembers(reach: Reach, after: string | undefined, services: Services) {
  const members = (await membersOf(services, reach.own)).filter((id) => after === undefined || id > after)
  const asked = members.slice(0, mostMembers)
  const offers = await Promise.all(
    asked.map(async (target) => {
      const offer = await offerToMember(reach, target, services)
      return offer?.updateAvailable ? [{ target, ...offer }] : []
    }),
  )
  const found = offers.flat()
  const nextCursor = members.length > asked.length ? (asked.at(-1) ?? null) : null
  return { count: found.length, nextCursor, offers: found }
}

/** Returns the target after it has said what it runs, and what is there: nothing changes unless that is news. */
async function afterStatements(
  { principal, correlation, headers }: Parameters<Check>[0],
  { target, loaded }: Reached,
  { log }: Pick<Services, 'log'>,
): Promise<Loaded<TargetState>> {
  const version = headers['x-current-version']
  const component = headers['x-component'] ?? onlyComponent(loaded.state)
  const environment = headers['x-environment']
  const metadata = metadataOf({ principal, correlation, idempotency: null, ifMatch: null })
  const statements = [
    ...(version !== undefined && component !== undefined
      ? [hearVersion({ component, version, heard: 'check' })]
      : []),
    ...(environment && Object.keys(environment).length > 0 ? [hearEnvironment(environment)] : []),
  ]
  let present = loaded
  for (const heard of statements) {
    const outcome = await log.execute(targetAggregate, target, heard, metadata, { from: present })
    // Who asks is answered all the same: what could not be noted is said again by the next check.
    if (isCarriedOut(outcome)) present = outcome.loaded
  }
  return present
}

/** Returns an answer to a check with an assignment beside each offer in it: for the members of a gateway each names its own. */
async function withAssignments(
  services: Services<'assignmentSigner'>,
  target: string,
  answer: Offer | Awaited<ReturnType<typeof offersToMembers>>,
  nonce: string,
): Promise<object> {
  if (!('offers' in answer))
    return answer.updateAvailable ? assigned(services, target, answer, nonce) : answer
  const offers = await sideBySide(answer.offers, atOnce.targets, (offer) =>
    assigned(services, offer.target, offer, nonce),
  )
  return { ...answer, offers }
}

/** Returns what the procedure of a target has its agent run now; null: nothing. What runs procedures is loaded for those that have one. */
async function commandNow(log: Log, target: string, state: TargetState): Promise<OfferedCommand | null> {
  if (drivenIn(state)?.procedure.running?.held?.why !== 'agent') return null
  const { commandFor } = await import('./command.ts')
  return commandFor(log, target, state)
}

/** Answers whether an update waits, for the agent's target, for a member of its gateway, or for all of them. */
export const checkForUpdate: Check = async (input, services) => {
  const { principal, query, headers, correlation } = input
  const reach = reachFrom(services, input)
  const { own } = reach
  const reached = await reach.target(query.target)
  const presented = { ...reached, loaded: await afterPresenting(input, reached, services) }
  const { state, commit } = await afterStatements(input, presented, services)
  const target = query.target ?? own
  const [body, command, nothingAs, nextCheck] = await Promise.all([
    query.members ? offersToMembers(reach, query.after, services) : offerTo(services, target, state),
    query.members ? null : commandNow(services.log, target, state),
    query.members ? undefined : whyNothing(input, state, services),
    nextCheckSeconds(services, own),
    services.telemetry.seen(target),
    noteMachine(services, own, headers['x-boot-id'], { actor: principal.id, correlation }),
  ])
  // It changed nothing, and what it offers is in the log already.
  const isNothing = 'updateAvailable' in body && !body.updateAvailable
  const next = drivenIn(state) ? Math.min(nextCheck, whileDriven) : nextCheck
  const tagged = {
    ...(isNothing && nothingAs && { reason: nothingAs }),
    ...body,
    ...(isNothing && command && { command }),
  }
  const answer = { ...tagged, nextCheckSeconds: next }
  const nonce = headers['x-assignment-nonce']
  // When to ask again is no news; it is in a header as well, which is sent where nothing else is.
  return {
    ...{ status: 200, body: answer, quiet: true },
    ...{ etag: commit, tagged, nextCheck: next },
    ...(nonce !== undefined && {
      whenSent: () => withAssignments(services, target, answer, nonce),
    }),
  }
}
