import type { Hold } from '../answers.ts'
import { holdTitle, sentence } from '../words.ts'
import { Instant } from './basic.tsx'

/** Why it does not advance, and what would lift that. */
export function Holds({ holds }: { readonly holds: readonly Hold[] }) {
  if (holds.length === 0) return null
  return (
    <ul class="holds" aria-label="Holds">
      {holds.map(({ code, since, until, ref, unblock, lapses }) => (
        <li key={`${code} ${since}`} class="hold">
          <b>{holdTitle(code)}</b>
          {ref !== null && (
            <>
              {': '}
              <span>{ref}</span>
            </>
          )}
          <p>{sentence(unblock)}</p>
          <p class="quiet">
            Since <Instant at={since} />
            {until !== null && (
              <>
                , until <Instant at={until} />
              </>
            )}
            {lapses !== null && (
              <>
                ; lapses <Instant at={lapses} />
              </>
            )}
          </p>
        </li>
      ))}
    </ul>
  )
}
