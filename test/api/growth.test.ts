import { describe, expect, it } from 'vitest'
import { ofCsv } from '../../clients/cli/work/target-file.ts'
import { expandIcalendar } from '../../functions/api/calendars/icalendar/expand.ts'
import { shortName } from '../../functions/api/calendars/short-name.ts'
import { rolesOf } from '../../functions/api/http/access.ts'
import { readDocument } from '../../functions/api/http/documents.ts'
import { openApi } from '../../functions/api/openapi.ts'
import { pressIn } from '../../functions/api/slack.ts'
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

const often = { rounds: 5, again: 3, from: small }
/** For what takes so long that the clock's grain is nothing. */
const seldom = { rounds: 2, again: 1, from: small }
/** For what takes its square where it is long alone. */
const whole = { ...seldom, from: 8 * 1024 }

/** The shortest of several runs, in milliseconds: what the machine does beside it only makes one longer. */
async function shortest(run: () => unknown, { rounds, again } = often): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    for (let time = 0; time < again; time++) {
      const result = run()
      if (result instanceof Promise) await result
    }
    least = Math.min(least, performance.now() - began)
  }
  return least
}

/** What a text is made of: the same again and again, or something else each time. */
type Piece = string | ((place: number) => string)

function textOf(piece: Piece, length: number): string {
  if (typeof piece === 'string') return piece.repeat(Math.ceil(length / piece.length))
  let text = ''
  for (let place = 0; text.length < length; place++) text += piece(place)
  return text
}

/** How much longer eight times as much takes: eight times is linear, and sixty-four is the square of it. */
async function growth(
  run: (text: string) => unknown,
  piece: Piece,
  tail: string,
  runs = often,
): Promise<number> {
  const [short, long] = [textOf(piece, runs.from) + tail, textOf(piece, runs.from * times) + tail]
  await run(short)
  let least = Number.POSITIVE_INFINITY
  // What takes its square does so each time; what the machine does beside it, once.
  for (let tries = 0; tries < 5 && least >= bound; tries++) {
    // Less than this is the clock's own grain.
    const unit = Math.max(await shortest(() => run(short), runs), 0.02)
    least = Math.min(least, (await shortest(() => run(long), runs)) / unit)
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
    const result = run(text)
    return result instanceof Promise ? result.catch((refusal: unknown) => refusal) : result
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

/** What a document of YAML may be made of. */
const documents: readonly string[] = [
  ...['- a\n', '- a: 1\n  b: 2\n', 'a\n', '#\n', '\n', '\r', '---\n', '...\n', '- |\n x\n', '|\n', '- >\n'],
  ...['!a ', '&a ', '*a ', '- *a\n', ': ', ':\n', '? ', '?\n', '- ', '-\n', '%a\n', '@', '`', '<<: {}\n'],
  ...['[', '{', ']', '}', '[],', '{a: 1},', '"', "'", "''", '\\', 'a ', 'a', ' ', '\t', '- a #\n', '"a" '],
]

describe('time grows as the text does, however it is made, for', () => {
  it.each(['{{', '{{ ', '{{}', '}}', '{{a}}'])('a template of %j', async (piece) => {
    const read = (text: string) => wrongInTemplate(text, { allowed: ['target'], secrets: true })
    expect(await growth(tried(read), piece, '')).toBeLessThan(bound)
  })

  it.each(Object.entries(parsers))('%s', async (_, parser) => {
    for (const piece of pieces) {
      for (const tail of ['', '!', '\n'])
        expect(
          await growth(tried(parser), piece, tail),
          `of ${JSON.stringify(piece)} and ${JSON.stringify(tail)}`,
        ).toBeLessThan(bound)
    }
  })

  it.each(documents)('a document of %j', async (piece) => {
    expect(await growth(tried(readDocument), piece, '', seldom)).toBeLessThan(bound)
  })

  it.each<readonly [string, Piece, string]>([
    ['fields of YAML', (place) => `k${place}: 1\n`, ''],
    ['fields of a JSON', (place) => `${place === 0 ? '{' : ','}"k${place}":1`, '}'],
    ['blank lines of a text', (place) => (place === 0 ? 'a: >\n' : '\n'), ' x\n'],
    ['texts that are empty', '|\n', ''],
    ['carriage returns', '\r', ''],
    ['fields one of which comes twice', (place) => `k${place}: 1\n`, 'k0: 1\n'],
    ['lists', (place) => `k${place}: [a, b]\n`, ''],
    ['anchors and aliases', (place) => `k${place}: &a${place} [*a${place - 1}, *a${place - 1}]\n`, ''],
    ['steps that go in', (place) => `${' '.repeat(place)}k:\n`, ''],
  ])('a document of many %s', async (_, piece, tail) => {
    expect(await growth(tried(readDocument), piece, tail, whole)).toBeLessThan(bound)
  })

  const head = 'id,component:api\n'
  it.each<readonly [string, string, Piece]>([
    ['rows', head, (place) => `t${place},1.0.0\n`],
    ['rows of the same', head, 't,1.0.0\n'],
    ['rows that are too short', head, 't\n'],
    ['empty lines', head, '\n'],
    ['columns', 'id', (place) => `,tag:t${place}`],
    ['columns of the same name', 'id', ',id'],
    ['columns that are none', 'id', (place) => `,c${place}`],
    ['quotes', head, '"'],
    ['quoted quotes', `${head}"`, '""'],
    ['lines in quotes', `${head}"`, 'a\n'],
    ['spaces', head, ' '],
    ['carriage returns', head, '\r'],
  ])('a file of CSV with many %s', async (_, before, piece) => {
    const read = (text: string) => ofCsv(before + text, 'fleet.csv')
    expect(await growth(tried(read), piece, '', seldom)).toBeLessThan(bound)
  })

  it.each<readonly [string, Piece]>([
    ['', '&'],
    ['', '='],
    ['', '%'],
    ['', '%25'],
    ['', 'payload=&'],
    ['', (place) => `k${place}=v&`],
    ['payload=', '['],
    ['payload=', '%7B'],
    ['payload={"type":"block_actions","actions":[', '{"action_id":"a"},'],
    ['payload={"type":"block_actions","user":{"id":"', 'a'],
    ['payload={', (place) => `"k${place}":1,`],
  ])('a form of Slack that begins with %j and goes on with %s', async (before, piece) => {
    expect(
      await growth(
        tried((text) => pressIn(before + text)),
        piece,
        '',
      ),
    ).toBeLessThan(bound)
  })

  const patterns = new Set<string>()
  JSON.stringify(openApi('1'), (key, value) => {
    if (key === 'pattern' && typeof value === 'string') patterns.add(value)
    return value
  })

  it.each([...patterns])('the pattern %s', async (pattern) => {
    const form = new RegExp(pattern, 'u')
    for (const piece of pieces)
      expect(await growth((text) => form.test(text), piece, '!'), `of ${JSON.stringify(piece)}`).toBeLessThan(
        bound,
      )
  })
})
