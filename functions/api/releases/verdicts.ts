import type { releaseContracts } from '../../../contracts/releases.ts'
import { postVerdict as post } from '../../domain/release/proofs.ts'
import { type ReleaseState, releaseAggregate, releaseId } from '../../domain/release/release.ts'
import { patience } from '../../patience.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'

type Contracts = typeof releaseContracts

function shown({ component, version, verdicts, tested }: ReleaseState) {
  return {
    ...{ component, version },
    verdicts: verdicts.map(({ check, passed, evidence, reason, by, at }) => ({
      ...{ check, verdict: passed ? ('passed' as const) : ('failed' as const) },
      ...{ evidence, reason, postedBy: by, postedAt: at },
    })),
    testedBy: tested.map(({ environment, upgrade }) => ({ environment, upgradeId: upgrade })),
  }
}

/** Notes what a check says of a release. */
export const postVerdict: Operate<Contracts['postVerdict']> = async (input, { log }) => {
  const { component, version } = input.params
  const { check, verdict, evidence, reason } = input.body
  const decision = post({ check, passed: verdict === 'passed', evidence, reason, by: input.principal.id })
  const stream = releaseId(component, version)
  const trying = { retryFor: patience.person }
  const outcome = await log.execute(releaseAggregate, stream, decision, metadataOf(input), trying)
  const { state, commit } = accepted(outcome)
  return { status: 200, body: shown(state), commit, etag: commit }
}

/** Reads what checks say of a release, and which upgrades have brought it to environments. */
export const getVerdicts: Operate<Contracts['getVerdicts']> = async ({ params }, { log }) => {
  const { state, commit } = await log.load(releaseAggregate, releaseId(params.component, params.version))
  if (!state.registered) throw new Problem('release-not-found', 'No such release is registered.')
  return { status: 200, body: shown(state), etag: commit }
}
