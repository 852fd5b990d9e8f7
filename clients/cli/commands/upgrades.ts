import { type Command, Option } from 'commander'
import { declare, repeatable, type Start, withAt } from './declare.ts'
import { duration, each, instant, list, pair, percent, threshold, whole } from './values.ts'

/** What a run may come to while it is watched. */
const ends = ['done', 'failed', 'rolled-back', 'waits'] as const

function watched(command: Command): Command {
  return command
    .addOption(new Option('--until <end>', 'come back as soon as it stands so, or is over').choices(ends))
    .addOption(
      new Option('--timeout <time>', 'come back after so long, as 30m, with exit code 8').argParser(duration),
    )
}

function deployment(command: Command): Command {
  return command
    .optionsGroup('What:')
    .option('--component <component>', 'what is upgraded')
    .option('--version <version>', 'to which release; or latest, stable')
    .option('--procedure <name>', 'by which procedure, as node or node@3; else by its agent')
    .option('--allow-downgrade', 'latest and stable may lead down to an older version')
    .option(
      '--file <file>',
      'a request in JSON, with all that there is no option for (- is the standard input)',
    )
    .option('--reason <text>', 'why; it stays in the log')
    .optionsGroup('How:')
    .option('--strategy <strategy>', 'all, canary, batch, percentages, groups, rolling or serial')
    .addOption(new Option('--canary-percent <percent>', 'of canary: how many go first').argParser(percent))
    .addOption(
      new Option('--batch-size <count>', 'of batch: how many at a time').argParser(whole(1, 1_000_000)),
    )
    .addOption(new Option('--percentages <list>', 'of percentages: 5,25,100').argParser(list))
    .option('--group-by <tag>', 'of groups: region, or the name of a tag')
    .addOption(new Option('--group-order <list>', 'of groups: its values in their order').argParser(list))
    .option('--max-unavailable <amount>', 'of rolling: how many may be out of service: 5, or 25%')
    .option('--max-surge <amount>', 'of rolling: how many more may be in flight')
    .addOption(new Option('--spacing <time>', 'of serial: between two, as 10m').argParser(duration))
    .addOption(new Option('--parallel <count>', 'how many at once at most').argParser(whole(1, 10_000)))
    .optionsGroup('To whom (else to all that run the component):')
    .addOption(new Option('--target <ids>', 'these; repeatable').argParser(list))
    .addOption(new Option('--type <types>', 'of these types').argParser(list))
    .addOption(new Option('--region <regions>', 'in these regions').argParser(list))
    .addOption(new Option('--tag <name=value>', 'with this tag; repeatable, all must match').argParser(pair))
    .addOption(new Option('--canary <ids>', 'these go first').argParser(list))
    .optionsGroup('Until when, and what stands in its way:')
    .addOption(new Option('--failure-threshold <amount>', 'of a wave: 5, or 10%').argParser(threshold))
    .addOption(
      new Option('--on-failure <action>', 'beyond that: pause, or take all of it back').choices([
        'pause',
        'rollback',
      ]),
    )
    .addOption(new Option('--failure-budget <amount>', 'of all waves together').argParser(threshold))
    .addOption(new Option('--bake <time>', 'how long each wave is watched, as 30m').argParser(duration))
    .addOption(new Option('--gate <percent>', 'share of a wave that has to succeed').argParser(percent))
    .addOption(
      new Option('--approvals <count>', 'how many people have to approve it').argParser(whole(0, 10)),
    )
    .addOption(new Option('--approver <name>', 'who may; repeatable').argParser(each))
    .option('--second-person', 'somebody else has to continue it')
    .option('--auto-continue', 'waves follow each other by themselves')
    .option('--no-auto-continue', 'somebody has to continue after each wave')
    .addOption(new Option('--window <start/end>', 'when it may run: two instants in UTC'))
    .addOption(new Option('--calendar <names>', 'calendars that close it').argParser(list))
    .optionsGroup('Options:')
}

/** Declares what is done with upgrades, and with rollouts by the same words. */
export function declareUpgrades(program: Command, start: Start): void {
  program.commandsGroup('Upgrades:')
  repeatable(
    watched(
      deployment(
        declare(program, 'deploy', {
          does: 'Start an upgrade',
          examples: [
            [
              'deploy --component api --version v1.2.0 --strategy canary --canary-percent 10',
              'a tenth first, then wait for drydock continue',
            ],
            [
              'deploy --component dashboard --version v2.0.0 --strategy all --watch',
              'everybody at once; the exit code says what came of it',
            ],
            [
              'deploy -Component exporter -Version v1.1.0 -Strategy batch -BatchSize 10',
              'the same words in the manner of PowerShell',
            ],
          ],
        }),
      )
        .option('--dry-run', 'show what it would do, as plan does')
        .option('--watch', 'watch it until it is over'),
    ),
  ).action(start(async () => (await import('../work/deploy.ts')).deploy))
  deployment(
    declare(program, 'plan', {
      does: 'Show what a deploy would do, and do nothing',
      examples: [
        [
          'plan --component api --version v1.2.0 --strategy canary --canary-percent 10',
          'waves as numbers, who is left out, what the canary can catch',
        ],
      ],
    }),
  ).action(start(async () => (await import('../work/deploy.ts')).plan))

  watched(
    declare(program, 'watch <id>', {
      does: 'Watch an upgrade or a rollout until it is over',
      examples: [
        [
          'watch 2159143c-fc96-4c10-acb1-48335d2a2470',
          'waves as they go, what holds them, and how long it will take',
        ],
        [
          'watch 2159143c-fc96-4c10-acb1-48335d2a2470 --until waits',
          'exit code 6 as soon as a person is needed',
        ],
      ],
    }),
  ).action(start(async () => (await import('../work/watch.ts')).watch))
  withAt(
    declare(program, 'status <id>', {
      does: 'Show where an upgrade or a rollout stands',
      examples: [
        [
          'status 2159143c-fc96-4c10-acb1-48335d2a2470',
          'the exit code says where it stands, as that of watch',
        ],
      ],
    }),
    instant,
  ).action(start(async () => (await import('../work/status.ts')).status))
  declare(program, 'list', {
    does: 'List upgrades, newest first',
    examples: [
      ['list --status in_progress', 'what is under way'],
      ['list --component api --limit 5 --json', 'the last five of api, for a script'],
    ],
  })
    .option('--status <status>', 'those that stand so: in_progress, paused, completed, failed, …')
    .option('--component <component>', 'of this component')
    .option('--version <version>', 'to this version')
    .option('--kind <kind>', 'deploy, rollback or retry')
    .option('--requested-by <name>', 'asked for by this person')
    .addOption(new Option('--limit <count>', 'how many at most').argParser(whole(1, 10_000)).default(20))
    .action(start(async () => (await import('../work/status.ts')).list))
}
