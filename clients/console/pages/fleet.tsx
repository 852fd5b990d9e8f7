import { useEffect, useMemo, useState } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { rolesFor } from '../../../contracts/routes.ts'
import type { Target } from '../answers.ts'
import { Refused } from '../api.ts'
import { Ask } from '../parts/ask.tsx'
import { Card, Empty, Head, Refusal } from '../parts/basic.tsx'
import { Scrolling } from '../parts/scrolling.tsx'
import { chosen, type Kind, versionsOf, windowOf } from '../pictures/fleet.ts'
import type { Place } from '../router.ts'
import { to } from '../router.ts'
import { useSigned } from '../use.ts'
import { counted } from '../words.ts'
import { OneTarget } from './target.tsx'

/** All targets, or one of them. */
export function Fleet({ place }: { readonly place: Place }) {
  const [, id] = place.parts
  return id === undefined ? <List /> : <OneTarget key={id} id={id} />
}

const kinds: readonly (readonly [Kind, string])[] = [
  ['all', 'all'],
  ['silent', 'silent for a day'],
  ['pinned', 'pinned'],
  ['drifted', 'drifted'],
  ['retired', 'retired'],
]

/** More are not read into a page: who has more narrows them down. */
const mostTargets = 20_000

/** In milliseconds: views follow the log, and agents change what they run. */
const shortestPause = 5000

interface Read {
  readonly targets: readonly Target[]
  readonly isAll: boolean
  readonly refused: Refused | undefined
  again(): void
}

/** Reads page after page, and shows what is there. */
function useTargets(component: string, version: string): Read {
  const { api } = useSigned()
  const [round, setRound] = useState(0)
  const [read, setRead] = useState<Omit<Read, 'again'>>({ targets: [], isAll: false, refused: undefined })
  useEffect(() => {
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const all = async (): Promise<void> => {
      const begun = performance.now()
      let targets: readonly Target[] = []
      let cursor: string | null = ''
      do {
        const query = { limit: 100, component, version: component === '' ? '' : version, cursor }
        const page: AnswerOf<'listTargets'> = await api.read('listTargets', { query })
        if (over) return
        targets = [...targets, ...page.targets]
        cursor = page.nextCursor
        const isAll = cursor === null
        // What was read before stays until there is as much again.
        setRead((before) =>
          isAll || targets.length >= before.targets.length ? { targets, isAll, refused: undefined } : before,
        )
      } while (cursor !== null && targets.length < mostTargets)
      // A large fleet takes long to read: a twentieth of the time is spent on it.
      const pause = Math.max(shortestPause, 20 * (performance.now() - begun))
      timer = setTimeout(() => setRound((last) => last + 1), pause)
    }
    all().catch((error: unknown) => {
      if (over) return
      const refused = error instanceof Refused ? error : new Refused(0, undefined)
      setRead((before) => ({ ...before, refused }))
      timer = setTimeout(() => setRound((last) => last + 1), 2 * shortestPause)
    })
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [api, component, version, round])
  return { ...read, again: () => setRound((last) => last + 1) }
}

function List() {
  const { session } = useSigned()
  const [component, setComponent] = useState('')
  const [version, setVersion] = useState('')
  const [kind, setKind] = useState<Kind>('all')
  const [text, setText] = useState('')
  const [imports, setImports] = useState(false)
  const { targets, isAll, refused, again } = useTargets(component, version)
  const shown = useMemo(() => chosen(targets, kind, text, Date.now()), [targets, kind, text])
  const versions = useMemo(() => versionsOf(targets), [targets])
  const may = session.roles.some((role) => rolesFor('registerTargets').includes(role))
  return (
    <>
      <Head title="Targets">
        <button type="button" disabled={!may} onClick={() => setImports(true)}>
          Import targets
        </button>
      </Head>
      {refused && <Refusal of={refused} />}
      <div class="card">
        <div class="fields filters">
          <label class="field">
            <span>Find</span>
            <input
              type="search"
              value={text}
              placeholder="id, type or region"
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>Which</span>
            <select
              value={kind}
              onChange={(event) =>
                setKind(kinds.find(([one]) => one === event.currentTarget.value)?.[0] ?? 'all')
              }
            >
              {kinds.map(([one, words]) => (
                <option key={one} value={one}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>Component</span>
            <input
              defaultValue={component}
              onChange={(event) => setComponent(event.currentTarget.value.trim())}
            />
          </label>
          <label class="field">
            <span>Version</span>
            <input
              defaultValue={version}
              disabled={component === ''}
              onChange={(event) => setVersion(event.currentTarget.value.trim())}
            />
          </label>
        </div>
        <p class="quiet" role="status">
          {counted(shown.length, 'target')}
          {!isAll && ` of the first ${targets.length.toLocaleString('en')}`}
        </p>
        {isAll && targets.length === 0 ? (
          <Empty>
            <h2>No target yet</h2>
            <p>Import a file of targets, or let their agents enrol.</p>
          </Empty>
        ) : (
          <Rows targets={shown} />
        )}
      </div>
      {versions.length > 0 && (
        <Card title="What they run">
          <Scrolling name="scroll" label="Versions in the fleet">
            <table>
              <thead>
                <tr>
                  <th>Component</th>
                  <th>Version</th>
                  <th class="number">Targets</th>
                </tr>
              </thead>
              <tbody>
                {versions.slice(0, 50).map(({ component: name, version: one, count }) => (
                  <tr key={`${name} ${one}`}>
                    <td>{name}</td>
                    <td>{one}</td>
                    <td class="number">{count.toLocaleString('en')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolling>
        </Card>
      )}
      {imports && (
        <Import
          close={() => {
            setImports(false)
            again()
          }}
        />
      )}
    </>
  )
}

const rowHeight = 44

/** A list of which only what is to be seen is there. */
function Rows({ targets }: { readonly targets: readonly Target[] }) {
  const [scrolled, setScrolled] = useState(0)
  const height = 560
  const { from, to: until } = windowOf(scrolled, height, rowHeight, targets.length)
  return (
    <Scrolling name="windowed" label="Targets" scrolled={setScrolled}>
      <ul style={{ height: targets.length * rowHeight, position: 'relative' }}>
        {targets.slice(from, until).map((target, index) => (
          <li key={target.id} style={{ transform: `translateY(${(from + index) * rowHeight}px)` }}>
            <a href={to(['targets', target.id])}>
              <b>{target.id}</b>
              <span class="quiet">{[target.type, target.region].filter(Boolean).join(', ')}</span>
              <span class="versions">
                {Object.entries(target.components)
                  .map(([name, version]) => `${name} ${version}`)
                  .join(', ')}
              </span>
              {target.pin && <span class="tag">pinned</span>}
              {target.retired && <span class="tag">retired</span>}
              {Object.keys(target.drift).length > 0 && <span class="tag">drifted</span>}
            </a>
          </li>
        ))}
      </ul>
    </Scrolling>
  )
}

/** Registers the targets of a file, part by part: a part that was sent before changes nothing. */
function Import({ close }: { close(): void }) {
  const { api } = useSigned()
  const [said, setSaid] = useState('')
  const act = async (form: FormData) => {
    const file = form.get('file')
    const { targetsIn, inParts } = await import('../pictures/target-file.ts')
    const targets = targetsIn(file instanceof File ? await file.text() : '')
    let done = 0
    for (const part of inParts(targets)) {
      const answer = await api.write('registerTargets', {}, { targets: [...part] as { id: string }[] })
      if ('targets' in answer && answer.failed > 0) {
        const [first] = answer.targets.filter(({ status }) => status === 'failed')
        throw new Error(
          `${counted(answer.failed, 'target')} could not be registered, ${first?.id} first: ${first?.error?.detail}`,
        )
      }
      done += part.length
      setSaid(`${done.toLocaleString('en')} of ${targets.length.toLocaleString('en')} registered.`)
    }
  }
  return (
    <Ask title="Import targets" yes="Import" act={act} close={close}>
      <p>
        A file of CSV with the columns <code>id</code>, <code>type</code>, <code>region</code>,{' '}
        <code>critical</code>, <code>component:NAME</code>, <code>tag:NAME</code> and{' '}
        <code>environment:NAME</code>, or of JSON, a list of targets.
      </p>
      <label class="field">
        <span>File</span>
        <input type="file" name="file" required accept=".csv,.json,text/csv,application/json" />
      </label>
      <p role="status">{said}</p>
    </Ask>
  )
}
