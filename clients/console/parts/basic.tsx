import type { ComponentChildren } from 'preact'
import type { Refused } from '../api.ts'
import type { Reading } from '../use.ts'
import { instant, spoken, toneOf } from '../words.ts'

/** A status: its colour, a sign for those who see none, and its word. */
export function Status({ of, tone = toneOf(of) }: { readonly of: string; readonly tone?: string }) {
  return <span class={`status ${tone}`}>{spoken(of)}</span>
}

export function Instant({ at }: { readonly at: string | null }) {
  return at === null ? <span class="quiet">–</span> : <time dateTime={at}>{instant(at)}</time>
}

export function Head({
  title,
  beside,
  children,
}: {
  readonly title: string
  readonly beside?: ComponentChildren
  readonly children?: ComponentChildren
}) {
  return (
    <header class="head">
      <h1>{title}</h1>
      {beside}
      {children}
    </header>
  )
}

export function Card({
  title,
  beside,
  children,
  name = '',
}: {
  readonly title: string
  readonly beside?: ComponentChildren
  readonly children: ComponentChildren
  readonly name?: string
}) {
  return (
    <section class={`card ${name}`}>
      <div class="card-head">
        <h2>{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  )
}

/** Why something is not shown, or not done, with what is wrong in which field. */
export function Refusal({ of }: { readonly of: Refused }) {
  return (
    <div class="notice bad" role="alert">
      <p>
        <b>{of.problem?.title ?? 'Not answered'}</b> {of.message}
      </p>
      {(of.problem?.errors ?? []).map(({ field, expected }) => (
        <p key={field}>
          <code>{field}</code> {expected}
        </p>
      ))}
    </div>
  )
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <div class="empty">{children}</div>
}

/** Goes on to what follows, and back where that has a word: `cursors` are those of the pages before this one. */
export function Pager({
  cursors,
  next,
  turn,
  back,
  more = 'More',
}: {
  readonly cursors: readonly string[]
  readonly next: string | null
  turn(cursors: string[]): void
  readonly back?: string
  readonly more?: string
}) {
  return (
    <div class="pager">
      {back !== undefined && cursors.length > 0 && (
        <button type="button" onClick={() => turn(cursors.slice(0, -1))}>
          {back}
        </button>
      )}
      {next !== null && (
        <button type="button" onClick={() => turn([...cursors, next])}>
          {more}
        </button>
      )}
    </div>
  )
}

/** A page of rows, the newest first, and the way to older and newer ones. */
export function NewestFirst({
  children,
  ...pages
}: {
  readonly cursors: readonly string[]
  readonly next: string | null
  turn(cursors: string[]): void
  readonly children: ComponentChildren
}) {
  return (
    <>
      <ul class="rows">{children}</ul>
      <Pager {...pages} back="Newer" more="Older" />
    </>
  )
}

/** That something is awaited. */
export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="hidden">Loading</span>
      <i />
      <i />
      <i />
    </div>
  )
}

/** Shows what was read: that it is awaited, that it was refused, or what it is, with a word where that is not the latest. */
export function Shown<Value>({
  reading,
  children,
}: {
  readonly reading: Reading<Value>
  children(value: NonNullable<Value>): ComponentChildren
}) {
  const { value, refused } = reading
  if (value === undefined || value === null) return refused ? <Refusal of={refused} /> : <Loading />
  return (
    <>
      {refused && (
        <p class="notice waits" role="status">
          What you see may be out of date: {refused.message}
        </p>
      )}
      {children(value)}
    </>
  )
}
