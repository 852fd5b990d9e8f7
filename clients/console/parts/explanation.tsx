import { seldom, useRead } from '../use.ts'
import { sentence } from '../words.ts'
import { Instant, Shown, Status } from './basic.tsx'

/** Why a target is, or is not, being upgraded: a sentence, and the facts in the log that it follows from. */
export function Explanation({
  target,
  upgrade,
  at,
}: {
  readonly target: string
  readonly upgrade?: string | undefined
  readonly at?: string | undefined
}) {
  const asked = { params: { id: target }, query: { upgradeId: upgrade, at } }
  const reading = useRead('explainTarget', asked, seldom)
  return (
    <Shown reading={reading}>
      {({ verdict, sentence: verdictSaid, reasons, lastSeenAt }) => (
        <div class="explanation">
          <p>
            <Status of={verdict} /> <b>{sentence(verdictSaid)}</b>
          </p>
          <ul>
            {reasons.map(({ code, detail, ref, unblock, since }) => (
              <li key={`${code} ${ref} ${detail}`}>
                <p>
                  {detail !== verdictSaid && <>{sentence(detail)} </>}
                  {since !== undefined && (
                    <span class="quiet">
                      Since <Instant at={since} />.
                    </span>
                  )}
                </p>
                {unblock !== undefined && <p class="unblock">What would change it: {sentence(unblock)}</p>}
                <p class="quiet">
                  Follows from <span class="mono">{ref}</span>
                </p>
              </li>
            ))}
          </ul>
          <p class="quiet">
            {lastSeenAt === null ? (
              'Its agent was not heard of in the last 30 days.'
            ) : (
              <>
                Its agent was heard of <Instant at={lastSeenAt} />, or later: that is noted twice an hour.
              </>
            )}
          </p>
        </div>
      )}
    </Shown>
  )
}
