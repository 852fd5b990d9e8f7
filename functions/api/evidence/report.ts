import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { Log } from '../../log/log.ts'
import { plain } from '../upgrades/markdown.ts'
import { sentencesOf } from '../upgrades/story.ts'
import { waveNumber } from '../upgrades/wave-number.ts'
import type { Course } from './course.ts'

/** So many sentences the story has; the streams have all of it. */
const sentencesAtMost = 2000

/** What is counted while the stream goes by. */
interface Figures {
  readonly approvals: string[]
  readonly measurements: string[]
  readonly outcomes: Map<string, number>
  end: string
}

const ends: Partial<Record<UpgradeEvent['type'], string>> = {
  UpgradeCompleted: 'complete',
  UpgradeAborted: 'aborted',
  UpgradeRejected: 'rejected',
  UpgradeExpired: 'expired',
  PlanningFailed: 'never planned',
}

function count(figures: Figures, event: UpgradeEvent, at: string): void {
  figures.end = ends[event.type] ?? figures.end
  if (event.type === 'ApprovalGiven')
    figures.approvals.push(`| ${plain(event.data.by)} | ${at} | \`${event.data.planHash}\` |`)
  if (event.type === 'MeasurementTaken') {
    const { wave, name, n, value, why, result, by } = event.data
    const who = by === undefined ? 'Drydock' : plain(by)
    figures.measurements.push(
      `| ${waveNumber(wave)} | ${plain(name)} | ${n} | ${value ?? plain(why ?? '')} | ${result} | ${who} | ${at} |`,
    )
  }
  if (event.type === 'OutcomesRecorded')
    for (const { outcome } of event.data.outcomes)
      figures.outcomes.set(outcome, (figures.outcomes.get(outcome) ?? 0) + 1)
}

function table(title: string, head: readonly string[], rows: readonly string[]): string[] {
  if (rows.length === 0) return []
  const told = rows.slice(0, sentencesAtMost)
  return ['', `## ${title}`, '', `| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...told]
}

/** Returns an upgrade in words for people, in Markdown, from its stream up to a commit alone. */
export async function reportOf(log: Log, id: string, course: Course, commit: number): Promise<string> {
  const { state } = await log.load(upgradeAggregate, id)
  const sentence = sentencesOf(state)
  const figures: Figures = { approvals: [], measurements: [], outcomes: new Map(), end: 'not at its end' }
  const story: string[] = []
  let events = 0
  for await (const told of log.of(upgradeAggregate, id).events({ to: commit, consistent: true })) {
    count(figures, told.event, told.at)
    // When the log wants to be asked again is of no interest afterwards.
    if (told.event.type !== 'WakeUpMoved' && events++ < sentencesAtMost)
      story.push(`- ${told.at}, commit ${told.commit}, ${plain(told.actor)}: ${plain(sentence(told.event))}`)
  }
  const { request, plan } = course
  const outcomes = [...figures.outcomes].sort().map(([outcome, attempts]) => `| ${outcome} | ${attempts} |`)
  const rest = events - story.length
  return `${[
    `# Upgrade ${plain(id)}`,
    '',
    `Made from the log, up to commit ${commit} of its stream, for people to read. What is proven the streams beside it prove.`,
    '',
    `- Component: ${plain(request.component)}, to ${plain(plan?.version ?? request.version)}`,
    `- Kind: ${request.kind}, strategy ${request.strategy}`,
    `- Reason: ${plain(request.reason ?? 'none was given')}`,
    `- From ${course.from} to ${course.to}; it is ${figures.end}`,
    ...(plan
      ? [
          `- Members: ${plan.members}`,
          `- Plan: \`${plan.planHash}\``,
          `- Release: ${plan.digest === null ? 'one for each member' : `\`${plan.digest}\``}`,
        ]
      : ['- There was no plan.']),
    ...table('Approvals', ['By', 'At', 'Plan'], figures.approvals),
    ...table('Attempts', ['Outcome', 'Attempts'], outcomes),
    ...table('Measurements', ['Wave', 'Metric', 'Look', 'Value', 'Result', 'By', 'At'], figures.measurements),
    ...['', '## What happened', ''],
    ...story,
    ...(rest > 0 ? [`- … and ${rest} more, in the stream.`] : []),
  ].join('\n')}\n`
}
