import type { Command } from 'commander'
import { declare, group, listed, repeatable, type Start, withReason } from './declare.ts'

/** Declares what is done with profiles. */
export function declareProfiles(program: Command, start: Start): void {
  group(program, 'profiles', 'Profiles: standing schedules', (profiles) => declareAll(profiles, start))
}

function declareAll(profiles: Command, start: Start): void {
  const work = async () => import('../work/profiles.ts')
  listed(
    declare(profiles, 'list', {
      does: 'List profiles by id',
      examples: [['profiles list', 'with their next windows']],
    }),
  )
    .option('--status <status>', 'active, inactive or error')
    .option('--type <type>', 'that mean targets of this type')
    .runs(start(async () => (await work()).list))
  declare(profiles, 'show <id>', {
    does: 'Show a profile, with its next and its last windows',
    examples: [['profiles show dc045362-ddb9-421f-918b-393ec33b6cd8', 'why a window did not open']],
  }).runs(start(async () => (await work()).show))
  repeatable(
    declare(profiles, 'create <file>', {
      does: 'Create a profile from a file in JSON',
      examples: [['profiles create weekly.json', 'as POST /api/v1/upgrade-profiles takes it']],
    }),
  ).runs(start(async () => (await work()).create))
  repeatable(
    declare(profiles, 'update <id> <file>', {
      does: 'Change what a file names; the rest stays',
      examples: [['profiles update dc045362-ddb9-421f-918b-393ec33b6cd8 change.json', '']],
    }),
  ).runs(start(async () => (await work()).update))
  repeatable(
    declare(profiles, 'delete <id>', {
      does: 'Delete a profile; its history stays',
      examples: [['profiles delete dc045362-ddb9-421f-918b-393ec33b6cd8', '']],
    }),
  )
    .option('--force', 'even while an execution runs: it is cancelled')
    .runs(start(async () => (await work()).remove))
  withReason(
    declare(profiles, 'run <id>', {
      does: 'Start an upgrade of a profile now, out of turn',
      examples: [['profiles run dc045362-ddb9-421f-918b-393ec33b6cd8 --reason CVE-2026-1', '']],
    }),
    'needed',
  ).runs(start(async () => (await work()).run))
  listed(
    declare(profiles, 'history <id>', {
      does: 'List what a profile has done, a deleted one too',
      examples: [['profiles history dc045362-ddb9-421f-918b-393ec33b6cd8', 'the latest first']],
    }),
    { most: 200 },
  )
    .option('--status <status>', 'running, completed, failed or cancelled')
    .option('--from <day>', 'from then on: 2026-01-31')
    .option('--to <day>', 'until then')
    .runs(start(async () => (await work()).history))
}
