import { useState } from 'preact/hooks'
import { rolesFor } from '../../../contracts/routes.ts'
import { Ask, Reason, textOf } from '../parts/ask.tsx'
import { Card, Head, Instant, Shown } from '../parts/basic.tsx'
import { often, useRead, useSigned } from '../use.ts'

/** The stop of everything. */
export function Stop() {
  const { api, session } = useSigned()
  const reading = useRead('getStop', {}, often)
  const [asked, setAsked] = useState<'stop' | { readonly lift: string }>()
  const may = session.roles.some((role) => rolesFor('stopEverything').includes(role))
  return (
    <>
      <Head title="Stop" />
      <Shown reading={reading}>
        {({ stopped, stops }) => (
          <Card
            title={stopped ? 'Everything is stopped' : 'Nothing is stopped'}
            name={stopped ? 'stopped' : ''}
          >
            <p>
              {stopped
                ? 'No upgrade admits a target while one of these is in force. What had begun before has gone on.'
                : 'A stop holds every upgrade at once: from the moment it is acknowledged nobody else is admitted.'}
            </p>
            <ul class="rows">
              {stops.map(({ stopId, reason, by, since }) => (
                <li key={stopId} class="row">
                  <span class="row-title">
                    <span>
                      Reason: <b>{reason}</b>
                    </span>
                    <button type="button" disabled={!may} onClick={() => setAsked({ lift: stopId })}>
                      Lift
                    </button>
                  </span>
                  <span class="row-foot">
                    <span class="quiet">
                      stopped by {by}, since <Instant at={since} />
                    </span>
                  </span>
                </li>
              ))}
            </ul>
            <div class="actions">
              <button type="button" class="danger" disabled={!may} onClick={() => setAsked('stop')}>
                Stop everything
              </button>
              {!may && <span class="quiet">Only for {rolesFor('stopEverything').join(', ')}.</span>}
            </div>
          </Card>
        )}
      </Shown>
      {asked !== undefined && (
        <Ask
          title={asked === 'stop' ? 'Stop everything' : 'Lift this stop'}
          yes={asked === 'stop' ? 'Stop everything' : 'Lift'}
          danger={asked === 'stop'}
          act={(form) => {
            const reason = textOf(form, 'reason')
            return asked === 'stop'
              ? api.write('stopEverything', {}, { reason })
              : api.write('liftStop', { params: { stopId: asked.lift }, query: { reason } })
          }}
          close={() => {
            setAsked(undefined)
            reading.again()
          }}
        >
          <p>
            {asked === 'stop'
              ? 'All upgrades, of every component, admit nobody else.'
              : 'Upgrades go on when it was the last.'}
          </p>
          <Reason needed />
        </Ask>
      )}
    </>
  )
}
