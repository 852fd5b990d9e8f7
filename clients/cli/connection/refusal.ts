import type { ProblemDocument } from '../../../contracts/problem-document.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** What a problem document says, as far as it does. */
type Said = { readonly [Field in keyof ProblemDocument]?: ProblemDocument[Field] | undefined } & {
  readonly status: number
}

/** An answer that says no, with a problem document. Nothing was changed. */
export class Refusal extends Failure {
  readonly problem: Said

  constructor(problem: Said) {
    super(exitCodes.refused, ...linesOf(problem))
    this.problem = problem
  }
}

/** What a person can do next about problems that have one answer. */
const nextOf: Readonly<Record<string, string>> = {
  unauthenticated: 'Sign in again: drydock login, or a new --token. Locally: --data DIR.',
  forbidden: 'Somebody with another role can do it; locally: --as NAME --role ROLE.',
  'self-approval': 'Somebody else has to do it; locally: --as NAME.',
  'not-acknowledged':
    'Look at them (drydock logs ID --status failed), then: drydock resume ID --seen-failed N',
  'more-failed': 'Look again (drydock logs ID --status failed), then: drydock resume ID --seen-failed N',
  'release-not-registered':
    'See what there is: drydock releases list. Register one: drydock releases publish',
  'release-held-back': 'Name the version, or free it: drydock releases free COMPONENT VERSION --reason WHY',
  'release-unsigned': 'Sign it: drydock releases publish --manifest FILE --key FILE',
  'upgrade-not-found': 'See what there is: drydock list',
  'rollout-not-found': 'See what there is: drydock rollouts list',
  'target-not-found': 'See what there is: drydock targets list',
  'release-not-found': 'See what there is: drydock releases list',
  'profile-not-found': 'See what there is: drydock profiles list',
  'procedure-not-found': 'See what there is: drydock procedures list',
  'stop-not-found': 'See what is stopped: drydock stops',
  'targets-not-registered': 'Register them: drydock targets import FILE',
  'nothing-to-upgrade': 'See who runs what: drydock targets list --component COMPONENT',
}

/** What the gateway answers by itself, in words of its own. */
const ofGateway: Readonly<Record<number, Partial<ProblemDocument>>> = {
  401: { code: 'unauthenticated', detail: 'the token is not valid there.' },
  403: { code: 'forbidden', detail: 'the token may not do this.' },
}

/** Returns what ends a command that was answered by an error: a refusal, or a breakdown of which nobody knows what came. */
export async function refusalOf(status: number, body: unknown, url: string): Promise<Failure> {
  const { problemDocument } = await import('../../../contracts/problem-document.ts')
  const { data } = problemDocument.partial().safeParse(body)
  const problem = data?.code === undefined ? { ...messageOf(body), ...ofGateway[status] } : data
  if (status < 500) return new Refusal({ ...problem, status })
  return new Failure(
    exitCodes.unknown,
    `${url} answered ${status}: ${problem.detail ?? 'it does not work just now.'}`,
    'Next: try again later. Who runs it finds in docs/operations.md what may be wrong.',
  )
}

function messageOf(body: unknown): Partial<ProblemDocument> {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined
  return typeof message === 'string' ? { detail: message } : {}
}

function linesOf({ status, code, title, detail, errors, leftOutCounts }: Said): string[] {
  const next = code === undefined ? undefined : nextOf[code]
  const places = (errors ?? []).map(({ field, expected, line, column }) => {
    const at = line === undefined ? '' : ` (line ${line}${column === undefined ? '' : `, column ${column}`})`
    return `  ${field}${at}: ${expected}`
  })
  const left = Object.entries(leftOutCounts ?? {}).map(([reason, count]) => `  left out: ${count} ${reason}`)
  return [
    `Refused: ${detail ?? title ?? `the server answered ${status}.`}`,
    ...places,
    ...left,
    ...(next === undefined ? [] : [`Next: ${next}`]),
  ]
}
