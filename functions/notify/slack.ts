import { createHmac } from 'node:crypto'
import * as z from 'zod'
import { cut } from '../../events/cut.ts'
import { minute, second } from '../../events/time.ts'
import { sameSecret } from '../same-secret.ts'
import type { Notice, Question } from './notice.ts'

/** Returns a text in which nothing means more than itself: these three characters begin whatever does (Slack, "Formatting text"). */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** In characters (Slack, "Reference: blocks"). */
const [longestText, longestField] = [2900, 1900]

/** Returns a text as Slack takes it, within a length: no entity is cut. */
function shown(text: string, longest: number): string {
  return cut(escaped(text), longest).replace(/&[a-z]{0,3}…$/, '…')
}

/** Of what users have written nothing but plain text is made: no mention, link or markup is read in it. */
function plain(text: string, longest = longestText) {
  return { type: 'plain_text', text: shown(text, longest), emoji: false } as const
}

const marks = { info: '🔵', warning: '🟠', critical: '🔴' } as const

/** What the buttons of a message send back. */
const value = z.strictObject({
  kind: z.enum(['upgrade', 'rollout']),
  id: z.string().min(1).max(128),
  planHash: z.string().min(1).max(128),
  window: z.object({ start: z.iso.datetime(), end: z.iso.datetime() }).nullable(),
})

/** Returns what somebody has decided by a button; undefined: it is none that decides. */
export function press(
  action: string,
  text: string | undefined,
): (Question & { readonly as: 'approve' | 'reject' }) | undefined {
  if (action !== 'approve' && action !== 'reject') return undefined
  try {
    const read = value.safeParse(JSON.parse(text ?? ''))
    return read.success ? { ...read.data, as: action } : undefined
  } catch {
    return undefined
  }
}

function buttonsOf({ kind, id, planHash, window }: Question) {
  const question = JSON.stringify({ kind, id, planHash, window } satisfies z.input<typeof value>)
  const button = (action: 'approve' | 'reject', text: string, style: 'primary' | 'danger', ask: string) => ({
    ...{ type: 'button', action_id: action, text: plain(text), style, value: question },
    confirm: {
      ...{ title: plain(text), text: plain(ask), confirm: plain(text), deny: plain('Not now') },
    },
  })
  const hash = planHash.slice(0, 12)
  return [
    button('approve', 'Approve', 'primary', `Approve plan ${hash}? It begins once all approvals are there.`),
    button('reject', 'Reject', 'danger', `Reject plan ${hash}? Nothing of it will begin.`),
  ]
}

/** Returns a notice as a message of Slack (Block Kit): `text` is what notifications show. Buttons ask where it asks, and `buttons` are wanted. */
export function slackMessage(
  { severity, title, lines, facts, link, question }: Notice,
  origin: string,
  buttons: boolean,
): { readonly text: string; readonly blocks: readonly object[] } {
  const heading = `${marks[severity]} ${title}`
  const asks = buttons && question ? buttonsOf(question) : []
  const open = { type: 'button', action_id: 'open', text: plain('Open'), url: `${origin}${link}` }
  return {
    text: shown(`${heading}: ${lines.join(' ')}`, longestText),
    blocks: [
      { type: 'section', text: plain(heading) },
      { type: 'section', text: plain(lines.join('\n')) },
      ...(facts.length > 0
        ? [
            {
              type: 'section',
              fields: facts.slice(0, 10).map(([label, value]) => plain(`${label}\n${value}`, longestField)),
            },
          ]
        : []),
      { type: 'actions', elements: [...asks, open] },
    ],
  }
}

/** Slack, "Verifying requests from Slack": what is older may be a replay. */
const tolerance = 5 * minute

/** In characters. Slack's have 32; whoever has none would let everybody in. */
const shortestSecret = 16

/** What a request says of itself. */
interface Proof {
  readonly signature: string
  readonly timestamp: string
}

const signatureForm = /^v0=([0-9a-f]{64})$/

/** Could a request be from Slack, by what it says of itself alone: has it the form of a signature, and is it no older than 300 seconds? */
export function couldBeFromSlack({ signature, timestamp }: Proof, now: number): boolean {
  const isFresh = /^\d{1,12}$/.test(timestamp) && Math.abs(now - Number(timestamp) * second) <= tolerance
  return isFresh && signatureForm.test(signature)
}

/**
 * Is a request signed with the signing secret, and no older than 300 seconds? `body` is what came, to the byte. `now` is in milliseconds since the
 * epoch.
 */
export function isFromSlack(proof: Proof, body: Uint8Array, secret: string, now: number): boolean {
  if (secret.length < shortestSecret) return false
  if (!couldBeFromSlack(proof, now)) return false
  const { signature, timestamp } = proof
  const [, presented = ''] = signatureForm.exec(signature) ?? []
  const right = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')
  return sameSecret(presented, right)
}
