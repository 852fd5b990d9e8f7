/** Files that people have, to be spoiled. */
export const files: readonly string[] = [
  // A freeze as somebody writes it by hand.
  `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Freeze//EN
X-WR-CALNAME:Freeze
BEGIN:VEVENT
UID:freeze-2026@example.com
DTSTAMP:20260101T000000Z
SUMMARY:End of year freeze
DTSTART;VALUE=DATE:20261218
DTEND;VALUE=DATE:20270104
END:VEVENT
BEGIN:VEVENT
UID:month@example.com
SUMMARY:Close of month\\, all regions
DTSTART;TZID=America/New_York:20260130T220000
DURATION:PT6H
RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=24
EXDATE;TZID=America/New_York:20260327T220000,20260424T220000
END:VEVENT
END:VCALENDAR
`,
  // As a mail program sends it, with the zone that it means.
  `BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ORGANIZER;CN="Doe, Jane":mailto:jane@example.com
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="All":mail
 to:all@example.com
DESCRIPTION;LANGUAGE=en-US:Nothing is deployed\\n
UID:040000008200E00074C5B7101A82E008
SUMMARY;LANGUAGE=en-US:Quarter end
DTSTART;TZID=W. Europe Standard Time:20260330T180000
DTEND;TZID=W. Europe Standard Time:20260401T060000
RRULE:FREQ=YEARLY;INTERVAL=1;BYMONTHDAY=30;BYMONTH=3
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:20260101T120000Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:0
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER;RELATED=START:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008
RECURRENCE-ID;TZID=W. Europe Standard Time:20270330T180000
DTSTART;TZID=W. Europe Standard Time:20270329T180000
DTEND;TZID=W. Europe Standard Time:20270331T060000
SUMMARY:Quarter end, a day earlier
END:VEVENT
END:VCALENDAR
`,
  // Of AWS Systems Manager, open inside of its events.
  `BEGIN:VCALENDAR
PRODID:-//AWS//Change Calendar 1.0//EN
VERSION:2.0
X-CALENDAR-TYPE:DEFAULT_CLOSED
X-WR-CALDESC:
BEGIN:VTODO
DTSTAMP:20260320T004207Z
UID:3b5af39a-d0b3-4049-a839-d7bb8af01f92
SUMMARY:Add event
END:VTODO
BEGIN:VEVENT
UID:1
SUMMARY:Deploy
DTSTART;TZID=Europe/Berlin:20260106T090000
DTEND;TZID=Europe/Berlin:20260106T170000
RRULE:FREQ=WEEKLY;BYDAY=TU,TH;WKST=MO;UNTIL=20271231T225959Z
RDATE;TZID=Europe/Berlin;VALUE=PERIOD:20260109T090000/PT2H,20260110T090000/20260110T110000
END:VEVENT
END:VCALENDAR
`,
  // Rules of many kinds.
  `BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
DTSTART:20260105T003000Z
DURATION:PT10M
RRULE:FREQ=HOURLY;INTERVAL=36;BYMINUTE=0,30;BYSETPOS=-1;COUNT=50
END:VEVENT
BEGIN:VEVENT
DTSTART:20260223
RRULE:FREQ=YEARLY;BYWEEKNO=9;BYDAY=MO
END:VEVENT
BEGIN:VEVENT
DTSTART:20260106T050000
DURATION:P1DT1H
RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=1TU,-1TU;BYHOUR=5;BYSECOND=0;BYSETPOS=1
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260410
RRULE:FREQ=YEARLY;BYYEARDAY=100,-266
END:VEVENT
END:VCALENDAR
`,
]

/** Words that mean something in a calendar, each where it does not belong. */
const words = [
  ...['BEGIN:VEVENT', 'END:VEVENT', 'BEGIN:VCALENDAR', 'END:VCALENDAR', 'BEGIN:VTIMEZONE', 'END:STANDARD'],
  ...[
    'DTSTART:20270701',
    'DTSTART:24.12.2026',
    'DTEND:20260231T000000Z',
    'DURATION:PT0S',
    'DURATION:P9999999W',
  ],
  ...['RRULE:FREQ=SECONDLY', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 'RRULE:FREQ=MINUTELY;COUNT=999999'],
  ...[
    'RDATE;VALUE=PERIOD:20260101T000000Z/PT1H',
    'EXDATE;VALUE=DATE:20260101',
    'EXRULE:FREQ=DAILY',
    '\uFEFF',
    '\u0000',
  ],
  ...[
    'TZID=Mars/Base',
    ';TZID="A;B:C',
    'INTERVAL=0',
    'INTERVAL=999999999',
    'BYDAY=99MO',
    'COUNT=-1',
    'UNTIL=99999999',
  ],
  ...[
    'STATUS:CANCELLED',
    'METHOD:CANCEL',
    'X-CALENDAR-TYPE:DEFAULT_CLOSED',
    'RECURRENCE-ID:20260101T000000Z',
    'Z',
    '\uD800',
  ],
  ...[
    '00000000T000000',
    '99991231T235959Z',
    '16010101T000000',
    '0',
    '-',
    ':',
    ';',
    ',',
    '=',
    '"',
    '\r',
    '\n',
    ' ',
    '\t',
  ],
]

/** Returns numbers by chance from 0 to below 1, the same for the same seed. */
export function randomBy(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Returns a file of the list with a few of its lines, words and digits cut, doubled, moved or exchanged. */
export function spoiled(random: () => number): string {
  const below = (most: number) => Math.floor(random() * most)
  let text = files[below(files.length)] ?? ''
  for (let change = 1 + below(3); change > 0; change--) {
    const [at, to] = [below(text.length), below(text.length)]
    const lines = text.split('\n')
    const [line, other] = [below(lines.length), below(lines.length)]
    const word = words[below(words.length)] ?? ''
    const changes = [
      () => text.slice(0, at) + word + text.slice(at),
      () => text.slice(0, at) + word + text.slice(at + below(12)),
      () => text.slice(0, at) + text.slice(at + 1 + below(8)),
      () => text.slice(0, at) + String(below(10)) + text.slice(at + 1),
      () => text.replace(/\d/g, (digit) => (random() < 0.05 ? String(below(10)) : digit)),
      () => lines.toSpliced(line, 1).join('\n'),
      () => lines.toSpliced(line, 0, lines[other] ?? '', word).join('\n'),
      () => lines.toSpliced(line, 1, word).join('\n'),
      () =>
        lines
          .with(line, lines[other] ?? '')
          .with(other, lines[line] ?? '')
          .join('\n'),
      () => text.slice(0, at),
      () => text + text.slice(Math.min(at, to), Math.max(at, to)),
      () => text.replaceAll('\n', '\r\n'),
    ]
    text = changes[below(changes.length)]?.() ?? text
  }
  return text
}
