import type { ReleaseEvent } from '../../../events/release.ts'
import { accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** What a check has said of a release last, with where its evidence is. */
export interface Verdict {
  readonly check: string
  readonly passed: boolean
  readonly evidence: { readonly url: string; readonly sha256: string | null }
  readonly reason: string | null
  readonly by: string
  readonly at: string
}

/** An upgrade that has brought a release to an environment, all of it: whether that holds still is asked of its own stream. */
export interface TestedBy {
  readonly environment: string
  readonly upgrade: string
}

/** What is known of a release that these decisions ask. */
interface Proofs {
  readonly registered: boolean
  readonly tested: readonly TestedBy[]
  readonly verdicts: readonly Verdict[]
}

type Decide = (state: Proofs) => Decision<ReleaseEvent, Rejection>

/** So many checks may speak of one release. */
const checksAtMost = 50

/** Notes what a check says of a release; its last word counts. The same again changes nothing. */
export function postVerdict(verdict: Omit<Verdict, 'at'>): Decide {
  return ({ registered, verdicts }) => {
    if (!registered) {
      const detail = 'No such release is registered. GET /api/v1/releases lists those that are.'
      return reject({ code: 'release-not-found', detail })
    }
    const { check, passed, evidence, reason } = verdict
    const present = verdicts.find((one) => one.check === check)
    const same =
      present?.passed === passed &&
      present.evidence.url === evidence.url &&
      present.evidence.sha256 === evidence.sha256 &&
      present.reason === reason &&
      present.by === verdict.by
    if (same) return accept()
    if (!present && verdicts.length >= checksAtMost) {
      const detail = `${checksAtMost} checks have spoken of this release: post another verdict of one of them.`
      return reject({ code: 'too-many-checks', detail })
    }
    return accept({ type: 'VerdictPosted', data: { check, passed, evidence, reason } })
  }
}

/** Of each environment the first ones are kept, which are proven for longest, and the last ones, in case those were taken back. */
const [firstKept, lastKept] = [3, 3]

/** Notes that an upgrade has brought a release to an environment. Noted twice is once. */
export function noteTest(test: TestedBy): Decide {
  return ({ registered, tested }) => {
    const known = tested.some(
      ({ environment, upgrade }) => environment === test.environment && upgrade === test.upgrade,
    )
    return !registered || known ? accept() : accept({ type: 'ReleaseTested', data: test })
  }
}

/** So many environments are kept. */
const environmentsAtMost = 20

/** Returns the tests of a release with one more. */
export function withTest(tested: readonly TestedBy[], test: TestedBy): readonly TestedBy[] {
  const others = tested.filter(({ environment }) => environment !== test.environment)
  const own = [...tested.filter(({ environment }) => environment === test.environment), test]
  const kept = own.length > firstKept + lastKept ? [...own.slice(0, firstKept), ...own.slice(-lastKept)] : own
  const environments = new Set(others.map(({ environment }) => environment))
  const room = environments.size < environmentsAtMost
  return room
    ? [...others, ...kept]
    : [...others.filter(({ environment }) => environment !== others[0]?.environment), ...kept]
}

/** Returns the verdicts of a release with one more, in place of the one that its check had posted before. */
export function withVerdict(verdicts: readonly Verdict[], verdict: Verdict): readonly Verdict[] {
  return [...verdicts.filter(({ check }) => check !== verdict.check), verdict]
}
