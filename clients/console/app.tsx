import { type ComponentType, Fragment } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { Api, Refused } from './api.ts'
import { Empty, Loading, Refusal } from './parts/basic.tsx'
import type { Session } from './person.ts'
import { type Place, placeOf, to } from './router.ts'
import { type Config, comeBack, forget, present, readConfig, signIn } from './session.ts'
import { SignedIn } from './use.ts'

type Page = ComponentType<{ readonly place: Place }>

/** What is loaded when somebody goes there: the first page holds the least. */
const pages: Readonly<Record<string, () => Promise<Page>>> = {
  upgrades: async () => (await import('./pages/upgrades.tsx')).Upgrades,
  plan: async () => (await import('./pages/plan.tsx')).PlanAhead,
  approvals: async () => (await import('./pages/approvals.tsx')).Approvals,
  notifications: async () => (await import('./pages/notifications.tsx')).Notifications,
  rollouts: async () => (await import('./pages/rollouts.tsx')).Rollouts,
  targets: async () => (await import('./pages/fleet.tsx')).Fleet,
  profiles: async () => (await import('./pages/profiles.tsx')).Profiles,
  releases: async () => (await import('./pages/releases.tsx')).Releases,
  policies: async () => (await import('./pages/policies.tsx')).Policies,
  analytics: async () => (await import('./pages/analytics.tsx')).Analytics,
  stop: async () => (await import('./pages/stop.tsx')).Stop,
}

/** What the menu shows, in groups. */
const menu = [
  {
    title: 'Work',
    items: [
      ['upgrades', 'Upgrades'],
      ['rollouts', 'Rollouts'],
      ['approvals', 'Approvals'],
      ['notifications', 'Notifications'],
      ['plan', 'New upgrade'],
    ],
  },
  {
    title: 'Fleet',
    items: [
      ['targets', 'Targets'],
      ['profiles', 'Profiles'],
    ],
  },
  {
    title: 'Rules',
    items: [
      ['releases', 'Releases'],
      ['policies', 'Policies'],
      ['stop', 'Stop'],
    ],
  },
  { title: 'Figures', items: [['analytics', 'Analytics']] },
] as const

/** The console: who looks, the menu, and one page. */
export function App() {
  const [config, setConfig] = useState<Config>()
  const [session, setSession] = useState<Session | undefined>(present)
  const [wrong, setWrong] = useState<string>()
  useEffect(() => {
    const begin = async () => {
      const read = await readConfig()
      setConfig(read)
      const back = await comeBack(read)
      if (back !== undefined) setSession(back)
    }
    begin().catch((error: unknown) => setWrong(error instanceof Error ? error.message : String(error)))
  }, [])
  const end = () => {
    forget()
    setSession(undefined)
  }
  if (config === undefined || session === undefined) return <Door config={config} wrong={wrong} />
  return <Inside session={session} end={end} />
}

/** Where somebody signs in. */
function Door({
  config,
  wrong,
}: {
  readonly config: Config | undefined
  readonly wrong: string | undefined
}) {
  const isTold = config !== undefined && config.client !== '' && config.authorizationUrl !== ''
  return (
    <main class="door">
      <img src={new URL('./icon.svg', import.meta.url).href} alt="" width="56" height="56" />
      <h1>Drydock</h1>
      <p>Staged upgrades of fleets: who is next, who is held, and why.</p>
      {wrong !== undefined && <Refusal of={new Refused(-1, undefined, wrong)} />}
      {config === undefined && wrong === undefined && <p role="status">One moment …</p>}
      {config !== undefined && !isTold && (
        <p class="notice waits">
          Nobody can sign in yet: the deployment does not say where. Set the parameters ConsoleClient,
          ConsoleSignInUrl and ConsoleTokenUrl.
        </p>
      )}
      {config !== undefined && isTold && (
        <button type="button" class="primary" onClick={() => void signIn(config)}>
          Sign in
        </button>
      )}
      <p class="quiet">
        <a href="/reference">Reference of the API</a>
      </p>
    </main>
  )
}

function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash))
  useEffect(() => {
    const moved = () => setPlace(placeOf(location.hash))
    addEventListener('hashchange', moved)
    return () => removeEventListener('hashchange', moved)
  }, [])
  return place
}

/** What is shown of a place that there is not. */
function Nowhere() {
  return (
    <Empty>
      <h1>There is no such page</h1>
      <p>
        The menu has all that there are; <a href={to(['upgrades'])}>upgrades</a> come first.
      </p>
    </Empty>
  )
}

function Inside({ session, end }: { readonly session: Session; end(): void }) {
  const place = usePlace()
  const name = place.parts[0] ?? 'upgrades'
  const [shown, setShown] = useState<{ readonly name: string; readonly Page: Page }>()
  const [open, setOpen] = useState(false)
  const signed = useMemo(() => ({ api: new Api(session.token, end), session }), [session])
  useEffect(() => {
    const load = Object.hasOwn(pages, name) ? pages[name] : async () => Nowhere
    let over = false
    void load?.().then((Page) => {
      if (!over) setShown({ name, Page })
    })
    setOpen(false)
    return () => {
      over = true
    }
  }, [name])
  return (
    <SignedIn.Provider value={signed}>
      <button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
        To the content
      </button>
      <div class="frame">
        <nav class={open ? 'menu open' : 'menu'} aria-label="Console">
          <a class="brand" href={to(['upgrades'])}>
            <img src={new URL('./icon.svg', import.meta.url).href} alt="" width="26" height="26" />
            Drydock
          </a>
          <button type="button" class="burger" aria-expanded={open} onClick={() => setOpen(!open)}>
            Menu
          </button>
          <div class="menu-items">
            {menu.map(({ title, items }) => (
              <Fragment key={title}>
                <h2>{title}</h2>
                <ul>
                  {items.map(([path, words]) => (
                    <li key={path}>
                      <a href={to([path])} aria-current={name === path ? 'page' : undefined}>
                        {words}
                      </a>
                    </li>
                  ))}
                </ul>
              </Fragment>
            ))}
            <div class="who">
              <b>{session.name}</b>
              <span class="quiet">{session.roles.join(', ') || 'no role'}</span>
              <button type="button" class="plain" onClick={end}>
                Sign out
              </button>
            </div>
          </div>
        </nav>
        <main
          id="content"
          tabIndex={-1}
          aria-busy={shown?.name === name ? undefined : true}
          data-place={place.parts.join('/')}
        >
          {shown?.name === name ? <shown.Page place={place} /> : <Loading />}
        </main>
      </div>
    </SignedIn.Provider>
  )
}
