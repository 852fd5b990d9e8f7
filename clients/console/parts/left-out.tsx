import { leftOutPhrase } from '../../../contracts/phrases.ts'
import { counted } from '../words.ts'
import { Scrolling } from './scrolling.tsx'

/** Whom a plan leaves out: how many, and why. */
export function LeftOut({ counts }: { readonly counts: Readonly<Record<string, number>> }) {
  const reasons = Object.entries(counts).sort(([, left], [, right]) => right - left)
  if (reasons.length === 0) return <p class="quiet">Nobody who was selected is left out.</p>
  return (
    <ul class="left-out" aria-label="Left out">
      {reasons.map(([reason, count]) => (
        <li key={reason}>
          <b>{counted(count, 'target')}</b> {leftOutPhrase(reason)}
        </li>
      ))}
    </ul>
  )
}

type One = { readonly targetId: string; readonly reason: string; readonly detail?: string | undefined }

/** The same by name, as far as they are known. */
export function LeftOutByName({ all }: { readonly all: readonly One[] }) {
  if (all.length === 0) return null
  return (
    <details>
      <summary>Which</summary>
      <Scrolling name="scroll" label="Targets left out">
        <table>
          <tbody>
            {all.map(({ targetId, reason, detail }) => (
              <tr key={targetId}>
                <td>{targetId}</td>
                <td>{detail ?? leftOutPhrase(reason)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </details>
  )
}
