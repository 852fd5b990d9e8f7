import type { Release } from '../answers.ts'
import { to } from '../router.ts'
import { seldom, useRead } from '../use.ts'
import { instant, type Tone } from '../words.ts'

type Standing = Pick<Release, 'withdrawn' | 'blocked' | 'heldBack'>

/** Returns how a release stands, in a word; undefined: it is in service. */
export function standingOf({
  withdrawn,
  blocked,
  heldBack,
}: Standing): { readonly word: string; readonly tone: Tone; readonly reason: string } | undefined {
  if (withdrawn) return { word: 'withdrawn', tone: 'bad', reason: withdrawn.reason }
  if (blocked) return { word: 'blocked', tone: 'bad', reason: blocked.reason }
  return heldBack ? { word: 'held back', tone: 'waits', reason: heldBack.reason } : undefined
}

/** What follows of each. */
const consequences: Readonly<Record<string, string>> = {
  withdrawn: 'Nothing is planned or handed over to it any more.',
  blocked: 'Nothing is planned or handed over to it until it is unblocked.',
  'held back':
    'It was taken back once: neither latest, nor stable, nor a profile chooses it until it is freed.',
}

/** A notice where a release is not in service, for whoever decides on it. `digest` null: it is not in the catalogue. */
export function ReleaseNotice({
  component,
  version,
  digest,
}: {
  readonly component: string
  readonly version: string
  readonly digest: string | null | undefined
}) {
  const asked = digest == null ? undefined : { params: { component, version } }
  const { value } = useRead('getRelease', asked, seldom)
  const standing = value && standingOf(value)
  if (!standing) return null
  const { heldBack } = value
  return (
    <p class={`notice ${standing.tone}`}>
      <b>
        {component} {version} is {standing.word}.
      </b>{' '}
      {standing.reason.replace(/\.$/, '')}. {consequences[standing.word]}
      {heldBack && standing.word === 'held back' && (
        <>
          {' '}
          Since {instant(heldBack.since)}, by <a href={to(['upgrades', heldBack.upgradeId])}>this upgrade</a>.
        </>
      )}
    </p>
  )
}

/** The same beside the version that a target runs. */
export function ReleaseWord({
  component,
  version,
}: {
  readonly component: string
  readonly version: string
}) {
  const { value } = useRead('listReleases', { query: { component, limit: 100 } }, seldom)
  const release = value?.releases.find((one) => one.version === version)
  const standing = release && standingOf(release)
  if (!standing) return null
  return (
    <span class="held" title={standing.reason}>
      {' '}
      ({standing.word})
    </span>
  )
}
