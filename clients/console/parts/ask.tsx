import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Refused, refusalIn } from '../api.ts'
import { Refusal } from './basic.tsx'

/** Asks whether something shall be done, and does it: it closes when that is done, and says why where it is refused. */
export function Ask({
  title,
  yes,
  danger = false,
  act,
  close,
  children,
}: {
  readonly title: string
  readonly yes: string
  readonly danger?: boolean
  act(form: FormData): Promise<unknown>
  close(): void
  readonly children?: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused>()
  useEffect(() => dialog.current?.showModal(), [])
  const send = async (form: FormData) => {
    setBusy(true)
    setRefused(undefined)
    try {
      await act(form)
      close()
    } catch (error) {
      setRefused(refusalIn(error))
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} aria-labelledby="ask-title" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy) void send(new FormData(event.currentTarget))
        }}
      >
        <h2 id="ask-title">{title}</h2>
        {children}
        {refused && <Refusal of={refused} />}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy}>
            {busy ? 'One moment …' : yes}
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** A line or more of somebody's own words. */
export function Reason({
  label = 'Reason',
  needed = false,
}: {
  readonly label?: string
  readonly needed?: boolean
}) {
  return (
    <label class="field">
      <span>
        {label} {!needed && <span class="hint">(may be left out)</span>}
      </span>
      <textarea name="reason" required={needed} maxLength={512} />
    </label>
  )
}

/** Asks whether a rollback goes on even while everything is stopped; `only`: none other may be asked for. */
export function BreakGlass({ only }: { readonly only: boolean }) {
  if (only)
    return (
      <>
        <input type="hidden" name="breakGlass" value="yes" />
        <p class="notice waits">
          A rollback is at work, or asked for: wait for it. Another is for a stop alone, which would hold that
          one: it goes on even while everything is stopped, for the reason below, and a second person approves
          it.
        </p>
      </>
    )
  return (
    <label class="inline">
      <input type="checkbox" name="breakGlass" value="yes" />
      <span>Even while everything is stopped, for the reason below: a second person approves it</span>
    </label>
  )
}

/** Returns why a rollback is asked for, in the words of its body. */
export function reasonOfRollback(
  form: FormData,
): { readonly breakGlass?: { readonly reason: string } } | { readonly reason?: string } {
  const reason = textOf(form, 'reason')
  if (form.get('breakGlass') === 'yes') return { breakGlass: { reason } }
  return reason === '' ? {} : { reason }
}

/** Returns a field of a form as text, without spaces around it. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
