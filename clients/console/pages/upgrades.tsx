import { useState } from 'preact/hooks'
import { backPhrase } from '../../../contracts/phrases.ts'
import { type UpgradeStatusWord, upgradeStatuses } from '../../../contracts/statuses.ts'
import type { UpgradeInList } from '../answers.ts'
import { Empty, Head, Instant, NewestFirst, Shown, Status } from '../parts/basic.tsx'
import { TakenBack } from '../parts/taken-back.tsx'
import { Bar } from '../parts/waves.tsx'
import { type Place, to } from '../router.ts'
import { often, useRead } from '../use.ts'
import { holdTitle, spoken } from '../words.ts'
import { OneUpgrade } from './upgrade.tsx'

/** All upgrades, or one of them. */
export function Upgrades({ place }: { readonly place: Place }) {
  const [, id] = place.parts
  return id === undefined ? <List /> : <OneUpgrade key={id} id={id} />
}

/** All upgrades, the newest first. */
function List() {
  const [status, setStatus] = useState('')
  const [cursors, setCursors] = useState<readonly string[]>([])
  const cursor = cursors.at(-1)
  const reading = useRead('listUpgrades', { query: { limit: 25, status, cursor } }, often)
  return (
    <>
      <Head title="Upgrades">
        <div class="actions">
          <label class="inline">
            <span>Status</span>
            <select
              value={status}
              onChange={(event) => {
                setStatus(event.currentTarget.value)
                setCursors([])
              }}
            >
              <option value="">all</option>
              {upgradeStatuses.map((one: UpgradeStatusWord) => (
                <option key={one} value={one}>
                  {spoken(one)}
                </option>
              ))}
            </select>
          </label>
          <a class="button primary" href={to(['plan'])}>
            New upgrade
          </a>
        </div>
      </Head>
      <Shown reading={reading}>
        {({ upgrades, nextCursor }) =>
          upgrades.length === 0 ? (
            <Empty>
              <h2>No upgrade yet</h2>
              <p>Plan one, look at its waves and at what its canary can catch, and start it.</p>
            </Empty>
          ) : (
            <NewestFirst cursors={cursors} next={nextCursor} turn={setCursors}>
              {upgrades.map((upgrade) => (
                <Row key={upgrade.id} upgrade={upgrade} />
              ))}
            </NewestFirst>
          )
        }
      </Shown>
    </>
  )
}

function Row({ upgrade }: { readonly upgrade: UpgradeInList }) {
  const { id, component, version, status, kind, requestedBy, requestedAt } = upgrade
  const { completed, total, holds, takenBackBy } = upgrade
  return (
    <li>
      <a class="row" href={to(['upgrades', id])}>
        <span class="row-title">
          <b>
            {component} {version}
          </b>
          {kind !== 'deploy' && <span class="tag">{spoken(kind)}</span>}
          <Status of={status} />
        </span>
        <Bar of={upgrade} />
        <span class="row-foot">
          <span>
            {completed.toLocaleString('en')} of {total.toLocaleString('en')} done
          </span>
          {holds[0] && <span class="held">{holdTitle(holds[0].code)}</span>}
          <span class="quiet">
            asked for by {requestedBy}, <Instant at={requestedAt} />
          </span>
        </span>
      </a>
      {takenBackBy && (
        <TakenBack words={backPhrase(takenBackBy.status)} of="upgrades" by={takenBackBy.upgradeId} />
      )}
    </li>
  )
}
