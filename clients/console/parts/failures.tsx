import type { Upgrade } from '../answers.ts'
import { to } from '../router.ts'
import { counted } from '../words.ts'

/** What targets have failed with, each with what the last of them said. */
export function Failures({ of: failures }: { readonly of: Upgrade['failures'] }) {
  return (
    <ul class="left-out" aria-label="What failed">
      {failures.map(({ code, count, targetId, said }) => (
        <li key={code}>
          <b>{counted(count, 'target')}</b> {code}, last <a href={to(['targets', targetId])}>{targetId}</a>
          {said !== null && <>: “{said}”</>}
        </li>
      ))}
    </ul>
  )
}
