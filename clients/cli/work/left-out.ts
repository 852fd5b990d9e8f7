import { counted, leftOutPhrase } from '../../../contracts/phrases.ts'
import type { Console } from '../terminal/console.ts'

type Counts = Readonly<Record<string, number>>

/** A target that is left out, as answers name it. */
interface LeftOut {
  readonly targetId: string
  readonly reason: string
  readonly detail?: string | undefined
}

/** So many are named for each reason. */
const named = 5

/** Says who is left out: how many for each reason, and the first of them by name, each with what it does not meet. */
export function sayLeftOut(
  console: Console,
  label: string,
  { leftOut, leftOutCounts }: { readonly leftOut: readonly LeftOut[]; readonly leftOutCounts: Counts },
): void {
  for (const [reason, count] of Object.entries(leftOutCounts)) {
    const first = leftOut.filter((one) => one.reason === reason).slice(0, named)
    const names = first.map(({ targetId, detail }) => (detail ? `${targetId} (${detail})` : targetId))
    const more = count > names.length ? [`and ${count - names.length} more`] : []
    const who = names.length > 0 ? `: ${[...names, ...more].join(', ')}` : ''
    console.tell(label, `${count} ${leftOutPhrase(reason)}${who}`, 'careful')
  }
}

/** Says for how many no agent has ever enrolled; nothing, where there is none. */
export function sayWithoutAgent(
  console: Console,
  label: string,
  { withoutAgent }: { readonly withoutAgent: number },
): void {
  if (withoutAgent === 0) return
  const words = 'nothing is installed there before an agent has enrolled (drydock targets enrol)'
  console.tell(label, `${counted(withoutAgent, 'target')}: ${words}`, 'careful')
}

/** What stands against a release, as answers say it. */
interface Against {
  readonly code: string
  readonly detail: string
}

/** Returns what stands against the release of a run, each with the command that ends it. */
export function againstWords(
  against: readonly Against[],
  { component, version }: { readonly component: string | null; readonly version: string | null },
): string[] {
  const commands: Readonly<Record<string, string>> = { held_back: 'free', blocked: 'unblock' }
  return against.map(({ code, detail }) => {
    const command = commands[code]
    const next = command && `drydock releases ${command} ${component} ${version} --reason "…"`
    return next ? `${detail} ${next} ends that.` : detail
  })
}
