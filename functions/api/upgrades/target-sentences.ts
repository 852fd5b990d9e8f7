import type { ProcedureDocument } from '../../../events/procedure.ts'
import type { Direction, SavedValues } from '../../../events/target.ts'
import { actionIn } from '../../domain/procedure/steps.ts'
import { whomOf } from '../../domain/target/procedure.ts'
import type { AttemptEvent } from '../../domain/target/story.ts'
import { code, plain } from './markdown.ts'

/** So many characters of what a system answered are shown: of a failure more, since people look for what to do. */
const shown = { usual: 300, failure: 2000 } as const

type Of<Type extends AttemptEvent['type']> = Extract<AttemptEvent, { type: Type }>['data']

const words = (output: string | null, most: number = shown.usual) =>
  output === null || output === '' ? '' : `: ${code(output, most)}`

function savedIn(saved: SavedValues): string {
  const values = Object.entries(saved).map(
    ([name, value]) => `${plain(name)} ${code(String(value), shown.usual)}`,
  )
  return values.length === 0 ? '' : ` (${values.join(', ')})`
}

function endOfStep(name: string, { outcome, code: why, output, saved, by }: Of<'StepEnded'>): string {
  const whose = by === undefined ? '' : ` by ${plain(by)}`
  switch (outcome) {
    case 'done': {
      const said = by === undefined ? words(output) : `: ${plain(output ?? '')}`
      return `${name} done${whose}${said}${savedIn(saved)}`
    }
    case 'skipped':
      return `${name} is not needed`
    case 'failed':
      return `${name} failed${whose}, ${plain(why ?? '')}${words(output, shown.failure)}`
  }
}

function endOfAttempt({ outcome, code: why, output }: Of<'AttemptEnded'>): string {
  if (outcome === 'succeeded') return 'Upgrade completed successfully'
  const reason = why === null ? '' : `, ${plain(why)}`
  return `Upgrade ended as ${plain(outcome)}${reason}${words(output, shown.failure)}`
}

/** Returns what an event of an attempt says to people, in Markdown; undefined: nothing that they would miss. */
export function sentenceOf(
  target: string,
  event: AttemptEvent,
  document: ProcedureDocument | undefined,
): string | undefined {
  const nameOf = ({ direction, step }: { readonly direction: Direction; readonly step: string }) =>
    `**${plain((document && actionIn(document, direction, step)?.name) ?? step)}**`
  switch (event.type) {
    case 'AttemptAssigned':
      return event.data.kind === 'rollback'
        ? `Starting rollback process for domain ${plain(target)}`
        : `Starting upgrade process for domain ${plain(target)}`
    case 'AttemptAccepted':
      return undefined
    case 'ExecutionStarting':
      return `Taken over by another execution: ${plain(event.data.reason)}`
    case 'StepStarted': {
      const { try: number } = event.data
      return `${nameOf(event.data)} begins${number > 1 ? ` again, as try ${number}` : ''}`
    }
    case 'StepTried': {
      const { code: why, output, next } = event.data
      return `${nameOf(event.data)} did not go through, ${plain(why)}${words(output)}; again at ${plain(next)}`
    }
    case 'StepHeld': {
      const { why, ask } = event.data
      return `${nameOf(event.data)} waits for ${whomOf(why)}: ${plain(ask)}`
    }
    case 'StepReleased':
      return `${nameOf(event.data)} is done again, says ${plain(event.data.by)}: ${plain(event.data.reason)}`
    case 'StepEnded':
      return endOfStep(nameOf(event.data), event.data)
    case 'WayBackBegan': {
      const { steps } = event.data
      return steps.length === 0 ? 'It stays where it is' : `The way back begins: ${steps.length} steps`
    }
    case 'AttemptEnded':
      return endOfAttempt(event.data)
    case 'AttemptRegressed':
      return `It has failed after all, ${plain(event.data.outcome)}${words(event.data.output, shown.failure)}`
    case 'AttemptRecovered':
      return `It is well again${words(event.data.output)}`
  }
}
