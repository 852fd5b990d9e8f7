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

const request = /\b(?:GET|POST|PUT|PATCH|DELETE) \/\S+/
const isSaid = (part: string) => !request.test(part)

/**
 * Returns a detail without what only callers of the API can do with it: sentences, and what follows a colon, that name a request, and bodies of
 * requests. What would leave nothing stays as it is.
 */
export function withoutRequests(detail: string): string {
  const sentences = detail
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
