import { describe, expect, it } from 'vitest'
import { expandIcalendar } from '../../functions/api/calendars/icalendar/expand.ts'
import { shortName } from '../../functions/api/calendars/short-name.ts'
import { rolesOf } from '../../functions/api/http/access.ts'
import { openApi } from '../../functions/api/openapi.ts'
import { evaluate } from '../../functions/domain/procedure/expression.ts'
import { wrongInTemplate } from '../../functions/domain/procedure/template.ts'
import { readCron } from '../../functions/domain/profile/cron.ts'
import { validateDefinition } from '../../functions/domain/profile/definition.ts'
import { parseDotted } from '../../functions/domain/version/dotted.ts'
import { identityOf, sameVersion } from '../../functions/domain/version/identity.ts'
import { parseVersion } from '../../functions/domain/version/semver.ts'
import { redact, withoutSecrets } from '../../functions/redact.ts'
import { examples } from './profile-examples.ts'

const times = 8
const small = 4096
/** Far from eight, and from its square: memory is taken and given back in steps. */
const bound = 4 * times

/** The shortest of several runs, in milliseconds: what the machine does beside it only makes one longer. */
function shortest(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    for (let again = 0; again < 3; again++) run()
    least = Math.min(least, performance.now() - began)
  }
  return least
}

/** How much longer eight times as much takes: eight times is linear, and sixty-four is the square of it. */
function growth(run: (text: string) => unknown, piece: string, tail: string): number {
  const of = (length: number) => piece.repeat(Math.ceil(length / piece.length)) + tail
  const [short, long] = [of(small), of(small * times)]
  run(short)
  let least = Number.POSITIVE_INFINITY
  // What takes its square does so each time; what the machine does beside it, once.
  for (let tries = 0; tries < 5 && least >= bound; tries++) {
    // Less than this is the clock's own grain.
    const unit = Math.max(
      shortest(() => run(short)),
      0.02,
    )
    least = Math.min(least, shortest(() => run(long)) / unit)
  }
  return least
}

const pieces = [
  ...[
    'a',
    '-',
    'a-',
    '0',
    '0.',
    '.',
    ' ',
    ' a',
    '\t ',
    '=',
    'a=',
    ',a=b',
    '_',
    ':',
    '://a:',
    '"',
    '\\n',
    '+',
    'v',
    '\u00e9',
  ],
  ...[
    'token',
    'token=',
    'token="',
    'token   ',
    'secret:',
    'Bearer ',
    'eyJ',
    'eyJaaaaaaaa.',
    'eyJaaaaaaaa-',
    'AKIA',
    'drydock-agent.',
  ],
]

/** Lets a parser refuse, as long as it does so in time. */
const tried = (run: (text: string) => unknown) => (text: string) => {
  try {
    return run(text)
  } catch (refusal) {
    return refusal
  }
}

const event = (line: string) =>
  `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T000000Z\r\nDTEND:20260101T010000Z\r\n${line}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`
const now = Date.parse('2026-01-01T00:00:00Z')

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  'what an agent says': redact,
  'a list that an expression looks through': (text) =>
    evaluate(
      "answer.body.exists(x, x == target.id || x.contains(target.id) || x in ['b', x] && size(x) > 9)",
      { answer: { body: text.split('a') }, target: { id: 'no' } },
    ),
  'an answer that may hold a secret': withoutSecrets(['sw\\ord/fish', 'aaaa']),
  'a calendar of one line': (text) => expandIcalendar(text, 'UTC', now),
  'the summary of an event': (text) => expandIcalendar(event(`SUMMARY:${text}`), 'UTC', now),
  'the rule of an event': (text) => expandIcalendar(event(`RRULE:FREQ=DAILY;BYHOUR=${text}`), 'UTC', now),
  'a name that is made short': shortName,
  'the claim of roles': rolesOf,
  'a cron expression': readCron,
  'the name of a profile': (text) => validateDefinition({ ...examples.weekly, name: text }),
  'a semantic version': (text) => parseVersion(`1.2.3-${text}`),
  'a dotted version': parseDotted,
  'what a version is the same as': identityOf,
  'two versions': (text) => sameVersion(`${text}1`, `${text}2`),
}

describe('time grows as the text does, however it is made, for', () => {
  it.each(['{{', '{{ ', '{{}', '}}', '{{a}}'])('a template of %j', (piece) => {
    const read = (text: string) => wrongInTemplate(text, { allowed: ['target'], secrets: true })
    expect(growth(tried(read), piece, '')).toBeLessThan(bound)
  })

  it.each(Object.entries(parsers))('%s', (_, parser) => {
    for (const piece of pieces) {
      for (const tail of ['', '!', '\n'])
        expect(
          growth(tried(parser), piece, tail),
          `of ${JSON.stringify(piece)} and ${JSON.stringify(tail)}`,
        ).toBeLessThan(bound)
    }
  })

  const patterns = new Set<string>()
  JSON.stringify(openApi('1'), (key, value) => {
    if (key === 'pattern' && typeof value === 'string') patterns.add(value)
    return value
  })

  it.each([...patterns])('the pattern %s', (pattern) => {
    const form = new RegExp(pattern, 'u')
    for (const piece of pieces)
      expect(
        growth((text) => form.test(text), piece, '!'),
        `of ${JSON.stringify(piece)}`,
      ).toBeLessThan(bound)
  })
})
