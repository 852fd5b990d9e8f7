import { counted } from '../../../contracts/phrases.ts'

/** The option that a field of a body is given by; what is below a field is given by the same. */
const options: Readonly<Record<string, string>> = {
  ...{ component: '--component', version: '--version', strategy: '--strategy', reason: '--reason' },
  ...{ canaryPercent: '--canary-percent', batchSize: '--batch-size', percentages: '--percentages' },
  ...{ 'groups.by': '--group-by', 'groups.order': '--group-order', spacingSeconds: '--spacing' },
  ...{ maxUnavailable: '--max-unavailable', maxSurge: '--max-surge', parallel: '--parallel' },
  ...{ procedure: '--procedure', allowDowngrade: '--allow-downgrade', bakeSeconds: '--bake' },
  ...{ 'failureThreshold.action': '--on-failure', failureThreshold: '--failure-threshold' },
  ...{ unreachableThreshold: '--unreachable-threshold', failureBudget: '--failure-budget' },
  ...{ 'gate.successRatePercent': '--gate', 'approvals.approvers': '--approver' },
  ...{ 'approvals.required': '--approvals', continueRequiresSecondPerson: '--second-person' },
  ...{ autoContinue: '--auto-continue', window: '--window', calendars: '--calendar' },
  ...{ 'targets.ids': '--target', 'targets.types': '--type', 'targets.regions': '--region' },
  ...{ 'targets.tags': '--tag', 'targets.canaries': '--canary', ignoreWindow: '--ignore-window' },
  ...{ 'acknowledge.failed': '--seen-failed', 'acknowledge.unreachable': '--seen-unreachable' },
  ...{ breakGlass: '--break-glass', toWithdrawn: '--to-withdrawn', comment: '--comment' },
  ...{ type: '--type', region: '--region', namespace: '--namespace', gateway: '--gateway', tags: '--tag' },
  ...{ critical: '--critical', label: '--label', channel: '--channel', planHash: '--plan-hash' },
  ...{ limit: '--limit', status: '--status', at: '--at', kind: '--kind', requestedBy: '--requested-by' },
  ...{ licence: 'the licence', check: 'the check', verdict: 'the verdict', 'evidence.url': '--evidence' },
  ...{
    'evidence.sha256': '--sha256',
    expires: '--expires',
    components: '--component',
    channels: '--channel',
  },
  ...{ environment: '--environment' },
  ...{ id: 'the id', customerId: 'the target', targetId: 'the target', rollBack: '--roll-back' },
}

/** Returns how the command line calls a field that the server refuses: by its option; one that has none is one of a file. */
export function optionOf(field: string): string {
  for (let name = field; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const option = options[name]
    if (option !== undefined) return option
  }
  return field
}

/** What is called by a request, as a command; of others nothing is known here. */
const commands: readonly (readonly [RegExp, string])[] = [
  [
    /a verdict of (\S+) that it has passed: POST \/api\/v1\/releases\/([^/\s]+)\/([^/\s]+)\/verdicts/g,
    'drydock verdicts post $2 $3 $1 passed --evidence URL',
  ],
  [/POST \/api\/v1\/releases\/([^/\s]+)\/([^/\s]+)\/free\b/g, 'drydock releases free $1 $2 --reason "…"'],
  [/Register it with POST \/api\/v1\/releases\./g, 'Register it: drydock releases publish.'],
  [/an upgrade of targets\.tags\.environment (\S+) that/g, 'an upgrade of --tag environment=$1 that'],
]

const lengths = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const

/** Returns a length of time in the largest unit that it is a whole number of, as people say it. */
export function lasting(seconds: number): string {
  const [unit, name] = lengths.find(([unit]) => seconds >= unit && seconds % unit === 0) ?? [1, 'second']
  return counted(seconds / unit, name)
}

/** Returns a sentence of the server as this program says it: with its commands in place of requests, and lengths of time in words. */
export function inCommands(text: string): string {
  const said = commands.reduce((words, [pattern, command]) => words.replaceAll(pattern, command), text)
  return said.replaceAll(/(?<=\bfor )(\d{2,9}) s\b/g, (_, seconds) => lasting(Number(seconds)))
}

const request = /\b(?:GET|POST|PUT|PATCH|DELETE) \/\S+/
const isSaid = (part: string) => !request.test(part)

/**
 * Returns a detail without what only callers of the API can do with it: sentences, and what follows a colon, that name a request, and bodies of
 * requests. What would leave nothing stays as it is.
 */
export function withoutRequests(detail: string): string {
  const sentences = inCommands(detail)
    .replaceAll(/,? then resume with \{.*?\}\}/g, '')
    .replace(/: see errors\.$/, '.')
    .split(/(?<=[.!?]) (?=[A-Z])/)
  const said = sentences.flatMap((sentence) => {
    if (isSaid(sentence)) return [sentence]
    const clauses = sentence.split(': ')
    const kept = clauses.filter(isSaid)
    return kept.length === 0 || kept.length === clauses.length ? [] : [`${kept.join(': ')}.`]
  })
  return said.length === 0 ? detail : said.join(' ')
}
