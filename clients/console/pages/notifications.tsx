import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { rolesFor } from '../../../contracts/routes.ts'
import { type Refused, refusalIn } from '../api.ts'
import { Card, Empty, Head, Instant, Pager, Refusal, Shown, Status } from '../parts/basic.tsx'
import { groupsOf } from '../pictures/groups.ts'
import { to } from '../router.ts'
import { seldom, useRead, useSigned } from '../use.ts'
import type { Tone } from '../words.ts'
import { counted } from '../words.ts'

type Notification = AnswerOf<'listNotifications'>['notifications'][number]
type Destination = AnswerOf<'listDestinations'>['destinations'][number]

const tones: Readonly<Record<Notification['type'], Tone>> = {
  info: 'quiet',
  warning: 'waits',
  critical: 'bad',
}

/** What happened in the last seven days, and where else people and programs are told. */
export function Notifications() {
  const { api } = useSigned()
  const [cursors, setCursors] = useState<string[]>([])
  const reading = useRead('listNotifications', { query: { limit: 25, cursor: cursors.at(-1) } }, seldom)
  const dismiss = async (id: string) => {
    await api.write('dismissNotification', {}, { id })
    reading.again()
  }
  return (
    <>
      <Head title="Notifications" />
      <Shown reading={reading}>
        {({ notifications, nextCursor }) => (
          <>
            {notifications.length === 0 ? (
              <Empty>
                <h2>Nothing new</h2>
                <p>What matters is shown here for seven days, until you put it away.</p>
              </Empty>
            ) : (
              groupsOf(notifications).map(({ key, about, all }) => (
                <Group key={key} about={about} title={all[0]?.title ?? ''}>
                  {all.map((one) => (
                    <One key={one.id} one={one} dismiss={() => void dismiss(one.id)} />
                  ))}
                </Group>
              ))
            )}
            <Pager cursors={cursors} next={nextCursor} turn={setCursors} back="Newer" more="Older" />
          </>
        )}
      </Shown>
      <Destinations />
    </>
  )
}

/** What is told of one upgrade, or one rollout, the newest first, with how that stands now. */
function Group({
  about,
  title,
  children,
}: {
  readonly about: Notification['about']
  readonly title: string
  readonly children: ComponentChildren
}) {
  if (about === null)
    return (
      <Card title="Other">
        <ul class="rows">{children}</ul>
      </Card>
    )
  const { kind, id, status, isOver } = about
  return (
    <Card
      title={title}
      beside={
        <>
          <Status of={status} />
          <a
            href={to([kind === 'upgrade' ? 'upgrades' : 'rollouts', id])}
            aria-label={`Look at it: ${title}`}
          >
            Look at it
          </a>
        </>
      }
    >
      {isOver && <p class="quiet">It is over: nothing of this waits for anybody any more.</p>}
      <ul class="rows">{children}</ul>
    </Card>
  )
}

function One({ one, dismiss }: { readonly one: Notification; dismiss(): void }) {
  const { type, title, description, actions, about, at } = one
  // Pages of the console, whose path is this one's. Where a group is of one thing, it has the way there.
  const links = actions.flatMap(({ label, action, url }) =>
    action !== (about === null ? '' : 'learn-more') && url?.startsWith('/console#/')
      ? [{ label, place: url.slice('/console'.length) }]
      : [],
  )
  return (
    <li class="row">
      <span class="row-title">
        <b>{about === null ? title : description}</b>
        <Status of={type} tone={tones[type]} />
      </span>
      {about === null && <span>{description}</span>}
      <span class="row-foot">
        {links.map(({ label, place }) => (
          <a key={label} href={place}>
            {label}
          </a>
        ))}
        <button type="button" onClick={dismiss} aria-label={`Dismiss: ${title}: ${description}`}>
          Dismiss
        </button>
        <span class="quiet">
          <Instant at={at} />
        </span>
      </span>
    </li>
  )
}

function Destinations() {
  const reading = useRead('listDestinations', {}, seldom)
  return (
    <Card title="Destinations">
      <Shown reading={reading}>
        {({ destinations }) =>
          destinations.length === 0 ? (
            <p>
              Nobody is told elsewhere: an administrator defines webhooks, Slack, Teams and e-mail by the API.
            </p>
          ) : (
            <ul class="rows">
              {destinations.map((one) => (
                <Place key={one.name} destination={one} />
              ))}
            </ul>
          )
        }
      </Shown>
    </Card>
  )
}

function Place({ destination: { name, revision, document } }: { readonly destination: Destination }) {
  const { api, session } = useSigned()
  const reading = useRead('listUndelivered', { params: { name } }, seldom)
  const [told, setTold] = useState<string>()
  const [refused, setRefused] = useState<Refused>()
  const may = session.roles.some((role) => rolesFor('testDestination').includes(role))
  const act = async (deed: () => Promise<string>) => {
    setRefused(undefined)
    try {
      setTold(await deed())
      reading.again()
    } catch (error) {
      setRefused(refusalIn(error))
    }
  }
  const test = async () => {
    const { delivered, why } = await api.write('testDestination', { params: { name } })
    return delivered ? 'The sample got there.' : (why ?? 'The sample did not get there.')
  }
  const retry = async () => {
    const { retried } = await api.write('retryUndelivered', { params: { name } })
    return `${counted(retried, 'message')} on the way again.`
  }
  return (
    <li class="row">
      <span class="row-title">
        <b>{name}</b>
        <span class="tag">{String(document.kind)}</span>
        <span class="tag">revision {revision}</span>
        <button type="button" disabled={!may} onClick={() => void act(test)} aria-label={`Test ${name}`}>
          Test
        </button>
      </span>
      {told !== undefined && <span role="status">{told}</span>}
      {refused && <Refusal of={refused} />}
      <Shown reading={reading}>
        {({ messages, more }) =>
          messages.length > 0 && (
            <>
              <span class="held">
                {messages.length}
                {more ? ' and more' : ''} did not get there.
              </span>
              <ul>
                {messages.slice(0, 5).map(({ about, type, why, givenUpAt }) => (
                  <li key={about}>
                    {type ?? 'How it stands'}: {why} Given up <Instant at={givenUpAt} />
                  </li>
                ))}
              </ul>
              <span class="row-foot">
                <button type="button" disabled={!may} onClick={() => void act(retry)}>
                  Send again
                </button>
              </span>
            </>
          )
        }
      </Shown>
    </li>
  )
}
