import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { emailOf } from '../../functions/notify/email.ts'
import type { Notice } from '../../functions/notify/notice.ts'
import { isFromSlack, press, slackMessage } from '../../functions/notify/slack.ts'
import { teamsMessage } from '../../functions/notify/teams.ts'

const origin = 'https://drydock.example'
const notice: Notice = {
  ...{ severity: 'warning', title: 'Upgrade of api to v1.2.0', lines: ['It waits for approval.'] },
  ...{ facts: [['Asked for by', 'ada']], link: '/console#/upgrades/u-1', version: 'v1.2.0' },
  question: { kind: 'upgrade', id: 'u-1', planHash: 'abcdef0123456789', window: null },
}

/** What users may call things, and what each way would make of it. */
const hostile = [
  '<!channel>',
  '<!here|here>',
  '<@U012345>',
  '@everyone',
  '<https://evil.example|Approve>',
  '[Approve](https://evil.example)',
  '*bold* _italic_ ~gone~ `code`',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '&lt;b&gt;',
  '\u202egnp.exe',
  'two\r\nBcc: victim@example.com',
]

/** Every text of a message, wherever it stands. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

describe.each(hostile)('a name that users have chosen: %j', (name) => {
  const told = { ...notice, title: name, lines: [name], facts: [['Asked for by', name]] as const }

  it('is plain text to Slack: it mentions nobody, and links nowhere (S29)', () => {
    const { text, blocks } = slackMessage(told, origin, true)
    const { text: fallback, ...rest } = { text, blocks }
    expect(fallback).not.toMatch(/[<>]/)
    expect(textsIn(rest).filter((one) => /[<>]/.test(one))).toEqual([])
    expect(JSON.stringify(blocks)).not.toContain('mrkdwn')
  })

  it('is no markup of HTML, and no second header', () => {
    const { html, subject, text } = emailOf(told, [name], origin)
    const own = /<\/?(html|head|meta|title|body|h2|h3|p|table|tr|td|ul|li|a|!doctype)\b[^<>]*>/g
    expect(html.replace(own, '')).not.toMatch(/[<>]/)
    expect(html.match(/href="[^"]*"/g)).toEqual([`href="${origin}${notice.link}"`])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    expect(subject).not.toMatch(/[\u0000-\u001f\u202e]/)
    expect(text).toContain(name)
  })

  it('is shown as it is by Teams', () => {
    const texts = textsIn(teamsMessage(told, origin))
    for (const shown of texts.filter((one) => one !== 'Asked for by'))
      expect(shown.replace(/\\[\s\S]/g, '')).not.toMatch(/[*_`[\]<>~#]/.test(name) ? /[[\]*`<>]/ : /\0/)
  })
})

describe('a message of Slack', () => {
  it('asks by buttons that name the plan, where it asks and buttons are wanted', () => {
    const actions = (asked: Notice, buttons: boolean) =>
      JSON.stringify(slackMessage(asked, origin, buttons).blocks).match(/"action_id":"\w+"/g)
    expect(actions(notice, true)).toEqual([
      '"action_id":"approve"',
      '"action_id":"reject"',
      '"action_id":"open"',
    ])
    expect(actions(notice, false)).toEqual(['"action_id":"open"'])
    expect(actions({ ...notice, question: null }, true)).toEqual(['"action_id":"open"'])
    const value = JSON.stringify(notice.question)
    expect(press('approve', value)).toEqual({ ...notice.question, as: 'approve' })
  })

  it.each([
    ['open', '{}'],
    ['approve', undefined],
    ['approve', '{'],
    ['approve', '{"kind":"target","id":"a","planHash":"b"}'],
    ['approve', '{"kind":"upgrade","id":"a"}'],
    ['approve', '{"kind":"upgrade","id":"a","planHash":"b","by":"root"}'],
  ])('decides nothing by %s with %s', (action, value) => {
    expect(press(action, value)).toBeUndefined()
  })

  it.each(['&'.repeat(20_000), `${'x'.repeat(2898)}😀😀`, `${'x'.repeat(1898)}😀😀`])(
    'fits into the bounds of Slack, and cuts no sign in two',
    (long) => {
      const { text, blocks } = slackMessage(
        {
          ...notice,
          title: long,
          lines: [long],
          facts: Array.from({ length: 30 }, () => ['a', long] as const),
        },
        origin,
        true,
      )
      const texts = textsIn({ text, blocks })
      expect(Math.max(...texts.map((one) => one.length))).toBeLessThanOrEqual(3000)
      expect(texts.filter((one) => !one.isWellFormed() || /&[a-z]{0,3}…$/.test(one))).toEqual([])
      expect(blocks.length).toBeLessThanOrEqual(50)
    },
  )
})

/** Slack's own example ("Verifying requests from Slack"). */
const published = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  timestamp: '1531420618',
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
}

describe('S23: a request of Slack', () => {
  const { secret, timestamp, body, signature } = published
  const sent = Number(timestamp) * 1000
  const isTaken = (changes: Partial<typeof published> = {}, now = sent) =>
    isFromSlack(
      { signature, timestamp, ...changes },
      Buffer.from(changes.body ?? body),
      changes.secret ?? secret,
      now,
    )

  it('is known by the signature that Slack publishes', () => {
    expect(isTaken()).toBe(true)
    expect(isTaken({}, sent + 300_000)).toBe(true)
    expect(isTaken({}, sent - 300_000)).toBe(true)
  })

  it.each([
    ['a replay', {}, sent + 300_001],
    ['one from the future', {}, sent - 300_001],
    ['another body', { body: `${body}&` }, sent],
    [
      'a body that was read and written anew',
      { body: new URLSearchParams(body).toString().replace('%2Fwebhook', '/webhook') },
      sent,
    ],
    ['another secret', { secret: `${secret}1` }, sent],
    [
      'no secret',
      {
        secret: '',
        signature: `v0=${createHmac('sha256', '').update(`v0:${timestamp}:${body}`).digest('hex')}`,
      },
      sent,
    ],
    ['another time', { timestamp: '1531420619' }, sent],
    ['no time', { timestamp: '' }, sent],
    ['a time that is no number', { timestamp: '1531420618.0' }, sent],
    ['no signature', { signature: '' }, sent],
    ['a signature without its version', { signature: signature.slice(3) }, sent],
    ['half a signature', { signature: signature.slice(0, 40) }, sent],
    ['a signature in other letters', { signature: signature.toUpperCase() }, sent],
    [
      'a signature of another version',
      { signature: `v1=${createHmac('sha256', secret).update(`v1:${timestamp}:${body}`).digest('hex')}` },
      sent,
    ],
  ])('is refused: %s', (_, changes, now) => {
    expect(isTaken(changes, now)).toBe(false)
  })
})
