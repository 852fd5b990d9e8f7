import type { AnswerOf } from '../../../contracts/bodies.ts'
import { Card, Empty, Head, Instant, Shown, Status } from '../parts/basic.tsx'
import { type Coming, closuresUntil, daysOf } from '../pictures/coming.ts'
import type { Place } from '../router.ts'
import { to } from '../router.ts'
import { seldom, useRead, useRepeated, useSigned } from '../use.ts'
import { counted, dayAndMonth, spoken } from '../words.ts'

/** All profiles with the calendar of what comes, or one of them. */
export function Profiles({ place }: { readonly place: Place }) {
  const [, id] = place.parts
  return id === undefined ? <List /> : <OneProfile key={id} id={id} />
}

/** So many calendars are asked when they are closed. */
const mostCalendars = 20
/** So many days are shown, and so many profiles are asked when their windows come. */
const days = 28
const mostAsked = 50

function List() {
  const reading = useRead('getUpgradeProfiles', { query: { limit: 100 } }, seldom)
  return (
    <>
      <Head title="Profiles" />
      <Shown reading={reading}>
        {({ profiles }) =>
          profiles.length === 0 ? (
            <Empty>
              <h2>No profile yet</h2>
              <p>
                A profile is a standing schedule whose windows start upgrades:{' '}
                <code>drydock profiles create</code>.
              </p>
            </Empty>
          ) : (
            <>
              <Calendar ids={profiles.filter(({ status }) => status === 'active').map(({ id }) => id)} />
              <ul class="rows">
                {profiles.map(
                  ({
                    id,
                    name,
                    status,
                    next_execution,
                    success_rate,
                    execution_count,
                    affected_resources,
                  }) => (
                    <li key={id}>
                      <a class="row" href={to(['profiles', id])}>
                        <span class="row-title">
                          <b>{name}</b>
                          <Status of={status} />
                        </span>
                        <span class="row-foot">
                          <span>
                            next <Instant at={next_execution} />
                          </span>
                          <span class="quiet">
                            {counted(execution_count, 'execution')}
                            {success_rate !== null && `, ${success_rate} % well`}
                            {affected_resources !== null && `, ${counted(affected_resources, 'target')}`}
                          </span>
                        </span>
                      </a>
                    </li>
                  ),
                )}
              </ul>
            </>
          )
        }
      </Shown>
      <Closures />
    </>
  )
}

function Calendar({ ids }: { readonly ids: readonly string[] }) {
  const { api } = useSigned()
  const asked = ids.slice(0, mostAsked)
  const reading = useRepeated(
    async () => {
      const profiles = await Promise.all(asked.map((id) => api.read('getUpgradeProfile', { params: { id } })))
      return profiles.flatMap(({ id, name, schedule }) =>
        schedule.next_runs.map(
          (start): Coming => ({ profileId: id, name, start, hours: schedule.maintenance_window_hours }),
        ),
      )
    },
    asked.join(' '),
    60_000,
  )
  const calendars = useRead('listCalendars', { query: { limit: mostCalendars } }, seldom)
  const names = calendars.value?.calendars.map(({ name }) => name) ?? []
  const closures = useRepeated(
    async () => {
      const until = Date.now() + days * 86_400_000
      const all = names.map((name) =>
        closuresUntil(name, until, (at) => api.read('getCalendarState', { params: { name }, query: { at } })),
      )
      return (await Promise.all(all)).flat()
    },
    names.length === 0 ? undefined : names.join(' '),
    600_000,
  )
  return (
    <Card
      title="Coming windows and closed days"
      beside={<span class="quiet">the next four weeks, in UTC</span>}
    >
      <Shown reading={reading}>
        {(windows) => (
          <ol class="calendar">
            {daysOf(windows, closures.value ?? [], Date.now(), days).map(
              ({ date, windows: found, closures: closed }) => (
                <li key={date} class={found.length + closed.length > 0 ? 'day' : 'day free'}>
                  <time dateTime={date}>{dayAndMonth(date)}</time>
                  {closed.map(({ calendar, why, from }) => (
                    <span key={`${calendar} ${from}`} class="closed" title={`Closed by ${calendar}: ${why}`}>
                      closed: {why || calendar}
                    </span>
                  ))}
                  {found.map(({ profileId, name, start, hours }) => (
                    <a
                      key={`${profileId} ${start}`}
                      href={to(['profiles', profileId])}
                      title={`${name}, ${hours} h`}
                    >
                      {start.slice(11, 16)} {name}
                    </a>
                  ))}
                </li>
              ),
            )}
          </ol>
        )}
      </Shown>
    </Card>
  )
}

/** Calendars on whose closed days nothing is upgraded. */
function Closures() {
  const reading = useRead('listCalendars', { query: { limit: 100 } }, seldom)
  if (!reading.value || reading.value.calendars.length === 0) return null
  return (
    <Card title="Calendars and freezes" name="apart">
      <ul class="rows">
        {reading.value.calendars.map(({ name, kind, entries }) => (
          <Closure
            key={name}
            name={name}
            words={`${spoken(kind)}, ${counted(entries, 'entry', 'entries')}`}
          />
        ))}
      </ul>
    </Card>
  )
}

function Closure({ name, words }: { readonly name: string; readonly words: string }) {
  const { value } = useRead('getCalendarState', { params: { name } }, 60_000)
  return (
    <li class="row">
      <span class="row-title">
        <b>{name}</b>
        {value && <Status of={value.open ? 'open' : 'closed'} tone={value.open ? 'good' : 'waits'} />}
      </span>
      <span class="row-foot">
        {value && value.why.length > 0 && <span>Closed for: {value.why.join(', ')}</span>}
        <span class="quiet">
          {words}
          {value?.changesAt && (
            <>
              , changes <Instant at={value.changesAt} />
            </>
          )}
        </span>
      </span>
    </li>
  )
}

type Profile = AnswerOf<'getUpgradeProfile'>

function OneProfile({ id }: { readonly id: string }) {
  const reading = useRead('getUpgradeProfile', { params: { id } }, seldom)
  return (
    <Shown reading={reading}>
      {(profile) => (
        <>
          <Head title={profile.name} beside={<Status of={profile.status} />}>
            <p class="under">
              {profile.schedule.human_readable}
              {profile.description !== null && `: ${profile.description}`}
            </p>
          </Head>
          <div class="columns">
            <div>
              <Card title="Executions">
                {profile.recent_executions.length === 0 && <p class="quiet">There was none yet.</p>}
                <ul class="rows">
                  {profile.recent_executions.map((execution) => (
                    <li key={execution.execution_id} class="row">
                      <span class="row-title">
                        <Instant at={execution.started_at} />
                        <Status of={execution.status} />
                      </span>
                      <span class="row-foot">
                        {execution.resources_successful} of {execution.resources_processed} well
                        {execution.error_summary !== null && (
                          <span class="quiet">Failures: {execution.error_summary}</span>
                        )}
                      </span>
                    </li>
                  ))}
                </ul>
              </Card>
              <Card title="Windows so far">
                {profile.recent_windows.length === 0 && <p class="quiet">None has come yet.</p>}
                <ul class="rows">
                  {profile.recent_windows.map(({ scheduled_at, result, detail }) => (
                    <li key={scheduled_at} class="row">
                      <span class="row-title">
                        <Instant at={scheduled_at} />
                        <Status
                          of={result}
                          tone={['opened', 'resumed'].includes(result) ? 'good' : 'waits'}
                        />
                      </span>
                      {detail !== null && <span class="quiet">Why: {detail}</span>}
                    </li>
                  ))}
                </ul>
              </Card>
            </div>
            <Rules profile={profile} />
          </div>
        </>
      )}
    </Shown>
  )
}

function Rules({ profile }: { readonly profile: Profile }) {
  const { schedule, upgrade_settings: settings, resource_filters: filters } = profile
  return (
    <div>
      <Card title="Next windows">
        <ul>
          {schedule.next_runs.map((run) => (
            <li key={run}>
              <Instant at={run} />
            </li>
          ))}
        </ul>
      </Card>
      <Card title="Rules">
        <dl>
          <dt>To</dt>
          <dd>{settings.target_version}</dd>
          <dt>Window</dt>
          <dd>
            {schedule.maintenance_window_hours} h, {schedule.timezone}
          </dd>
          <dt>At once</dt>
          <dd>{settings.parallel_upgrades}</dd>
          <dt>Canary</dt>
          <dd>{settings.canary_percentage === null ? 'none' : `${settings.canary_percentage} %`}</dd>
          <dt>On failure</dt>
          <dd>{settings.rollback_on_failure ? 'rolls back' : 'stays'}</dd>
          <dt>Types</dt>
          <dd>{filters.resource_types.join(', ')}</dd>
          <dt>Regions</dt>
          <dd>{filters.regions.join(', ') || 'all'}</dd>
          <dt>Closed by</dt>
          <dd>{schedule.calendars.join(', ') || 'nothing'}</dd>
        </dl>
      </Card>
    </div>
  )
}
