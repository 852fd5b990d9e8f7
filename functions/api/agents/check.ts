import * as z from 'zod'
import type { agentContracts, Offer } from '../../../contracts/agents.ts'
import { type ReleaseState, releaseAggregate, releaseId } from '../../domain/release/release.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { drivenIn } from '../../domain/target/procedure.ts'
import { hearVersion, onlyComponent } from '../../domain/target/report.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { isCarriedOut } from '../../log/outcome.ts'
import { metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { signaturesOf } from '../releases/shown.ts'
import type { Services } from '../services.ts'
import { noteMachine } from './clones.ts'
import { commandFor } from './command.ts'
import { membersOf, mostMembers } from './members.ts'
import { offeredNow } from './offered.ts'
import { nextCheckSeconds } from './pace.ts'
import { type Reach, type Reached, reachFrom } from './reach.ts'

/** A procedure is at work there, and its next step may be the agent's: so soon it asks again, in seconds. */
const whileDriven = 30

type Check = Operate<(typeof agentContracts)['checkForUpdate'], 'telemetry'>

/** What an offer says of its release. */
type OfRelease = Pick<
  Extract<Offer, { updateAvailable: true }>,
  'mandatory' | 'releaseNotes' | 'downloadUrl' | 'signature'
>

/** What is read here of a manifest, which was checked when it was published. */
const published = z.object({
  mandatory: z.boolean().default(false),
  components: z.record(z.string(), z.object({ url: z.string().optional() })),
})

function shownOf({ notes, signed }: ReleaseState): OfRelease {
  if (!signed) return { mandatory: false, releaseNotes: notes, downloadUrl: null, signature: null }
  const { mandatory, components } = published.parse(JSON.parse(signed.manifest))
  const [part, ...others] = Object.values(components)
  const [first] = signaturesOf(signed)
  return {
    mandatory,
    releaseNotes: notes,
    downloadUrl: (others.length === 0 && part?.url) || null,
    signature: first ? `${first.scheme}:${first.keyId}:${first.signature}` : null,
  }
}

/** Returns what reads of a release what is offered, each once a request: the members of a gateway are offered the same one. */
function releasesFrom({ log }: Pick<Services, 'log'>): (release: string) => Promise<OfRelease> {
  const known = new Map<string, Promise<OfRelease>>()
  return (release) => {
    const shown =
      known.get(release) ?? log.load(releaseAggregate, release).then(({ state }) => shownOf(state))
    known.set(release, shown)
    return shown
  }
}

/** Returns what waits for a target: the attempt that the log has assigned to it, and nothing else ever (M5). */
async function offerTo(
  state: TargetState,
  now: number,
  releaseOf: ReturnType<typeof releasesFrom>,
): Promise<Offer> {
  const active = offeredNow(state, now)
  if (!active) return { updateAvailable: false }
  return {
    updateAvailable: true,
    version: active.to,
    ...(await releaseOf(releaseId(active.component, active.to))),
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

async function offersToMembers(reach: Reach, after: string | undefined, services: Services) {
  const members = (await membersOf(services, reach.own)).filter((id) => after === undefined || id > after)
  const asked = members.slice(0, mostMembers)
  const releaseOf = releasesFrom(services)
  const offers = await Promise.all(
    asked.map(async (target) => {
      const reached = await reach.target(target).catch((error: unknown) => {
        // The view may still name a member that has just left: the log decides.
        if (error instanceof Problem) return undefined
        throw error
      })
      const offer = reached && (await offerTo(reached.loaded.state, services.now(), releaseOf))
      return offer?.updateAvailable ? [{ target, ...offer }] : []
    }),
  )
  const found = offers.flat()
  const nextCursor = members.length > asked.length ? (asked.at(-1) ?? null) : null
  return { count: found.length, nextCursor, offers: found }
}

/** Returns the target after it has said what it runs: nothing changes unless that is news. */
async function afterStatement(
  { principal, correlation, headers }: Parameters<Check>[0],
  { target, loaded }: Reached,
  { log }: Pick<Services, 'log'>,
): Promise<TargetState> {
  const version = headers['x-current-version']
  const component = headers['x-component'] ?? onlyComponent(loaded.state)
  if (version === undefined || component === undefined) return loaded.state
  const metadata = metadataOf({ principal, correlation, idempotency: null, ifMatch: null })
  const heard = hearVersion({ component, version, heard: 'check' })
  const outcome = await log.execute(targetAggregate, target, heard, metadata, { from: loaded })
  // Who asks is answered all the same: what could not be noted is said again by the next check.
  return isCarriedOut(outcome) ? outcome.loaded.state : loaded.state
}

/** Answers whether an update waits, for the agent's target, for a member of its gateway, or for all of them. */
export const checkForUpdate: Check = async (input, services) => {
  const { principal, query, headers, correlation } = input
  const reach = reachFrom(services, input)
  const { own } = reach
  const state = await afterStatement(input, await reach.target(query.target), services)
  const [body, command, nextCheck] = await Promise.all([
    query.members
      ? offersToMembers(reach, query.after, services)
      : offerTo(state, services.now(), releasesFrom(services)),
    query.members ? null : commandFor(services.log, query.target ?? own, state),
    nextCheckSeconds(services, own),
    services.telemetry.seen(query.target ?? own),
    noteMachine(services, own, headers['x-boot-id'], { actor: principal.id, correlation }),
  ])
  // It changed nothing, and what it offers is in the log already.
  const waiting = 'updateAvailable' in body && !body.updateAvailable && command ? { command } : {}
  const next = drivenIn(state) ? Math.min(nextCheck, whileDriven) : nextCheck
  return { status: 200, body: { ...body, ...waiting, nextCheckSeconds: next }, quiet: true }
}
