import type { Command } from 'commander'
import { declare, group, listed, repeatable, type Start, withAt, withReason } from './declare.ts'

/** Declares what keeps everything from being upgraded: stops at once, and calendars ahead. */
export function declareClosures(program: Command, start: Start): void {
  declareStops(program, start)
  group(program, 'calendars', 'Calendars: when nothing is upgraded', (calendars) =>
    declareCalendars(calendars, start),
  )
}

function declareCalendars(calendars: Command, start: Start): void {
  const work = async () => import('../work/calendars.ts')
  listed(
    declare(calendars, 'list', { does: 'List calendars by name', examples: [['calendars list', '']] }),
  ).runs(start(async () => (await work()).list))
  withAt(
    declare(calendars, 'show <name>', {
      does: 'Say whether a calendar is open, and why not',
      examples: [['calendars show holidays --at 2026-12-25T15:00:00Z', '']],
    }),
  ).runs(start(async () => (await work()).show))
  repeatable(
    declare(calendars, 'define <name>', {
      does: 'Define a calendar, or define it anew',
      examples: [
        ['calendars define holidays --country US', 'the holidays of a country'],
        ['calendars define freeze --ical freeze.ics --timezone Europe/Berlin', 'an iCalendar file'],
      ],
    }),
  )
    .option('--country <code>', 'the holidays of a country')
    .option('--ical <file>', 'an iCalendar file')
    .option('--timezone <zone>', 'where days, and times without a zone, are')
    .option('--file <file>', 'a definition in JSON, as PUT /api/v1/calendars takes it')
    .runs(start(async () => (await work()).define))
  repeatable(
    declare(calendars, 'delete <name>', {
      does: 'Delete a calendar that no active profile names',
      examples: [['calendars delete freeze', 'it closes nothing any more']],
    }),
  ).runs(start(async () => (await work()).remove))
}

function declareStops(program: Command, start: Start): void {
  const work = async () => import('../work/stops.ts')
  withReason(
    declare(program, 'stop', {
      does: 'Stop everything: no target is admitted from now on',
      examples: [['stop --reason "incident 12"', 'what was accepted finishes']],
    }),
    'needed',
  )
    .alias('freeze')
    .runs(start(async () => (await work()).stop))
  declare(program, 'stops', {
    does: 'Show what is stopped, by whom and why',
    examples: [['stops', '']],
  }).runs(start(async () => (await work()).stops))
  withReason(
    declare(program, 'lift <stop>', {
      does: 'Lift one stop; everything goes on when it was the last',
      examples: [['lift 4f9d… --reason "incident 12 is over"', '']],
    }),
    'needed',
  ).runs(start(async () => (await work()).lift))
}
