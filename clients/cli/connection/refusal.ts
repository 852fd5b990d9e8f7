import { leftOutPhrase } from '../../../contracts/phrases.ts'
import type { ProblemDocument } from '../../../contracts/problem-document.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { inCommands, optionOf, withoutRequests } from './in-words.ts'

/** What a problem document says, as far as it does. */
type Said = { readonly [Field in keyof ProblemDocument]?: ProblemDocument[Field] | undefined } & {
  readonly status: number
}

/** An answer that says no, with a problem document. Nothing was changed. */
export class Refusal extends Failure {
  readonly problem: Said

  constructor(problem: Said, asked: AskedFor) {
    super(exitCodes.refused, ...linesOf(problem, asked))
    this.problem = problem
  }
}

/** What was asked for when it was refused: what stood in the path, and in the body. */
export interface AskedFor {
  readonly params: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

type Next = string | ((asked: AskedFor, said: Said) => string)

const of = (name: 'component' | 'version', { params, body }: AskedFor) =>
  params[name] ?? (typeof body[name] === 'string' ? body[name] : undefined)

/** Resumes with as many as the refusal counts, so that nobody has to put a command together. */
function acknowledging({ params: { id = '' } }: AskedFor, { errors = [] }: Said): string {
  const counted = (name: string) => errors.find(({ field }) => field === `acknowledge.${name}`)?.expected
  const unreachable = counted('unreachable') ?? '0'
  const also = unreachable === '0' ? '' : ` --seen-unreachable ${unreachable}`
  const failed = counted('failed')
  const look = `Look at them: drydock logs ${id} --status failed`
  return failed === undefined ? look : `${look}, then: drydock resume ${id} --seen-failed ${failed}${also}`
}

/** What a person can do next about problems that have one answer: commands that can be pasted. */
const nextOf: Readonly<Record<string, Next>> = {
  unauthenticated:
    'Sign in again: drydock login, or a new --token. Locally: --data DIR, and --url where it has a port of its own.',
  forbidden: 'Somebody with another role can do it; locally: --as NAME --role ROLE.',
  'self-approval': 'Somebody else has to do it; locally: --as NAME.',
  'not-acknowledged': acknowledging,
  'more-failed': acknowledging,
  'release-not-registered':
    'See what there is: drydock releases list. Register one: drydock releases publish',
  'release-held-back': (asked) =>
    `See which there are: drydock releases list --component ${of('component', asked)}. Name one with --version, or free what is held back: drydock releases free`,
  'release-unsigned': ({ body }) =>
    'digest' in body || 'manifest' in body
      ? 'Sign it: drydock releases publish --manifest FILE --key FILE'
      : 'A release that is there cannot be signed later. Publish another, or choose one: drydock releases list',
  'upgrade-not-found': 'See what there is: drydock list',
  'rollout-not-found': 'See what there is: drydock rollouts list',
  'target-not-found': 'See what there is: drydock targets list',
  'release-not-found': 'See what there is: drydock releases list',
  'profile-not-found': 'See what there is: drydock profiles list',
  'procedure-not-found': 'See what there is: drydock procedures list',
  'stop-not-found': 'See what is stopped: drydock stops',
  'calendar-not-defined': 'See what there is: drydock calendars list',
  'targets-not-registered': 'Register them: drydock targets import FILE',
  'nothing-to-upgrade': (asked) => {
    const component = of('component', asked)
    return `See who runs what: drydock targets list${component === undefined ? '' : ` --component ${component}`}`
  },
  'nothing-to-roll-back': ({ params }) => `See how its targets stand: drydock logs ${params.id}`,
  'nothing-to-retry': ({ params }) => `See how they ended: drydock logs ${params.id}`,
}

/** What the gateway answers by itself, in words of its own. */
const ofGateway: Readonly<Record<number, Partial<ProblemDocument>>> = {
  401: { code: 'unauthenticated', detail: 'the token is not valid there.' },
  403: { code: 'forbidden', detail: 'the token may not do this.' },
}

/** Returns what ends a command that was answered by an error: a refusal, or a breakdown of which nobody knows what came. */
export async function refusalOf(
  status: number,
  body: unknown,
  url: string,
  asked: AskedFor,
): Promise<Failure> {
  const { problemDocument } = await import('../../../contracts/problem-document.ts')
  const { data } = problemDocument.partial().safeParse(body)
  const problem = data?.code === undefined ? { ...messageOf(body), ...ofGateway[status] } : data
  if (status < 500) return new Refusal({ ...problem, status }, asked)
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

function linesOf(said: Said, asked: AskedFor): string[] {
  const { code, title, detail, errors, leftOutCounts } = said
  const known = code === undefined ? undefined : nextOf[code]
  const next = typeof known === 'function' ? known(asked, said) : known
  // What the sentence says already is not said once more.
  const unsaid = (errors ?? []).filter(
    ({ expected }) => code !== 'policy-unmet' || !detail?.includes(expected),
  )
  const places = unsaid.map(({ field, expected, line, column }) => {
    // What stands in a document is found there by its own name.
    if (line === undefined) return `  ${optionOf(field)}: ${inCommands(expected)}`
    return `  ${field} (line ${line}${column === undefined ? '' : `, column ${column}`}): ${expected}`
  })
  const left = Object.entries(leftOutCounts ?? {}).map(
    ([reason, count]) => `  left out: ${count} ${leftOutPhrase(reason)}`,
  )
  return [
    `Refused: ${withoutRequests(detail ?? title ?? 'the server gives no reason.')}`,
    ...places,
    ...left,
    ...(next === undefined ? [] : [`Next: ${next}`]),
  ]
}
