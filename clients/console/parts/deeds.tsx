import { useState } from 'preact/hooks'
import type { Upgrade } from '../answers.ts'
import { type Action, actions, actionWords, hindrance, needsGlass } from '../pictures/actions.ts'
import { to } from '../router.ts'
import { type Signed, useSigned } from '../use.ts'
import { counted, instant } from '../words.ts'
import { Ask, BreakGlass, Reason, reasonOfRollback, textOf } from './ask.tsx'

const most: readonly Action[] = ['approveUpgrade', 'continueUpgrade', 'resumeUpgrade']
const dangerous: readonly Action[] = ['rejectUpgrade', 'rollBackUpgrade', 'abortUpgrade']

function wordsOf(action: Action, upgrade: Upgrade): string {
  return needsGlass(action, upgrade) ? `${actionWords[action]} (break-glass)` : actionWords[action]
}

/** What can be done with an upgrade, as buttons; what cannot be done says why. */
export function Deeds({ upgrade, done }: { readonly upgrade: Upgrade; done(): void }) {
  const signed = useSigned()
  // As it stood when somebody asked: what they are shown is what they decide, whatever is read meanwhile.
  const [asked, setAsked] = useState<{ readonly action: Action; readonly upgrade: Upgrade }>()
  const judged = actions.map((action) => ({ action, why: hindrance(action, upgrade, signed.session) }))
  const possible = judged.filter(({ why }) => why === undefined)
  return (
    <>
      <div class="actions">
        {possible.map(({ action }) => (
          <button
            type="button"
            key={action}
            class={most.includes(action) ? 'primary' : dangerous.includes(action) ? 'danger' : ''}
            onClick={() => setAsked({ action, upgrade })}
          >
            {wordsOf(action, upgrade)}
          </button>
        ))}
      </div>
      <details class="impossible">
        <summary>
          {possible.length === 0 ? 'Nothing can be done now' : 'What cannot be done, and why'}
        </summary>
        <dl>
          {judged.map(
            ({ action, why }) =>
              why !== undefined && [
                <dt key={action}>{actionWords[action]}</dt>,
                <dd key={`${action}-why`}>{why}</dd>,
              ],
          )}
        </dl>
      </details>
      {asked !== undefined && (
        <Deed
          {...asked}
          signed={signed}
          close={() => {
            setAsked(undefined)
            done()
          }}
        />
      )}
    </>
  )
}

/** Asks for what an action needs, and does it. */
function Deed({
  action,
  upgrade,
  signed,
  close,
}: {
  readonly action: Action
  readonly upgrade: Upgrade
  readonly signed: Signed
  close(): void
}) {
  const { component, version, planHash, window, failed, unreachable, status } = upgrade
  const name = `${component} ${version}`
  const act = (form: FormData) => perform(action, upgrade, signed, form)
  return (
    <Ask
      title={`${wordsOf(action, upgrade)}: ${name}`}
      yes={wordsOf(action, upgrade)}
      danger={dangerous.includes(action)}
      act={act}
      close={close}
    >
      {action === 'approveUpgrade' && (
        <>
          <p>You approve this plan and no other:</p>
          <p>
            <code>{planHash}</code>
          </p>
          {window && (
            <p>
              In the window from {instant(window.start)} to {instant(window.end)}.
            </p>
          )}
          <Reason label="Comment" />
        </>
      )}
      {action === 'rejectUpgrade' && <Reason needed />}
      {action === 'continueUpgrade' && (
        <p>The next wave begins. What the one before it shows is on the page behind this.</p>
      )}
      {action === 'resumeUpgrade' && (
        <p>
          You have seen {counted(failed, 'failure')} and {unreachable} unreachable. If there are more by now,
          it is refused.
        </p>
      )}
      {action === 'pauseUpgrade' && (
        <>
          <p>Nobody else is admitted; what has begun finishes.</p>
          <Reason />
        </>
      )}
      {action === 'endBake' && (
        <>
          <p>The wave is watched no longer, and its gate follows.</p>
          <Reason needed />
        </>
      )}
      {action === 'retryFailed' && (
        <>
          <p>An upgrade of its own tries those again that have failed.</p>
          <label class="inline">
            <input type="checkbox" name="skipped" value="yes" />
            <span>Those too that were left out</span>
          </label>
          <Reason />
        </>
      )}
      {action === 'rollBackUpgrade' && (
        <>
          <p>An upgrade of its own takes every target that this one changed back to the version before.</p>
          <BreakGlass only={needsGlass(action, upgrade)} />
          <Reason needed={needsGlass(action, upgrade)} />
        </>
      )}
      {action === 'abortUpgrade' && (
        <>
          <p>It ends early: nobody else is admitted.</p>
          <label class="inline">
            <input type="checkbox" name="rollBack" value="yes" defaultChecked={status === 'aborting'} />
            <span>Take back what it has changed</span>
          </label>
          <Reason />
        </>
      )}
    </Ask>
  )
}

async function perform(action: Action, upgrade: Upgrade, { api }: Signed, form: FormData): Promise<void> {
  const asked = { params: { id: upgrade.id } }
  const reason = textOf(form, 'reason')
  const given = reason === '' ? {} : { reason }
  const { planHash, window, failed, unreachable } = upgrade
  switch (action) {
    case 'approveUpgrade':
      await api.write(action, asked, {
        planHash: planHash ?? '',
        comment: reason === '' ? null : reason,
        ...(window && { window }),
      })
      return
    case 'rejectUpgrade':
    case 'endBake':
      await api.write(action, asked, { reason })
      return
    case 'continueUpgrade':
      await api.write(action, asked, {})
      return
    case 'resumeUpgrade':
      await api.write(action, asked, failed + unreachable > 0 ? { acknowledge: { failed, unreachable } } : {})
      return
    case 'abortUpgrade': {
      await api.write(action, asked, { ...given, rollBack: form.get('rollBack') === 'yes' })
      return
    }
    case 'pauseUpgrade':
      await api.write(action, asked, given)
      return
    case 'retryFailed':
      follow(
        await api.write(action, asked, {
          ...given,
          ...(form.get('skipped') === 'yes' && { include: ['skipped'] }),
        }),
      )
      return
    case 'rollBackUpgrade':
      follow(await api.write(action, asked, reasonOfRollback(form)))
  }
}

/** Shows the upgrade that was started: it is what somebody wants to see next. */
function follow({ upgradeId }: { readonly upgradeId: string }): void {
  location.hash = to(['upgrades', upgradeId])
}
