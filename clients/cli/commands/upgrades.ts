import type { Command } from 'commander'
import {
  type Declaration,
  declare,
  listed,
  repeatable,
  type Start,
  watchable,
  watching,
  withAt,
  withReason,
} from './declare.ts'
import { duration, each, list, pair, percent, percents, revised, threshold, whole } from './values.ts'

const id = '2159143c-fc96-4c10-acb1-48335d2a2470'

/** Adds all that says what an upgrade shall be. */
export function deployment(command: Declaration): Declaration {
  return command
    .about('What:')
    .option('--component <component>', 'what is upgraded')
    .option('--version <version>', 'to which release; or latest, stable')
    .option('--procedure <name>', 'by which procedure, as node or node@3; else by its agent', revised)
    .option('--allow-downgrade', 'latest and stable may lead down to an older version')
    .option(
      '--file <file>',
      'a request in JSON, with all that there is no option for (- is the standard input)',
    )
    .option('--reason <text>', 'why; it stays in the log')
    .about('How:')
    .option('--strategy <strategy>', 'all, canary, batch, percentages, groups, rolling or serial')
    .option('--canary-percent <percent>', 'of canary: how many go first', percent)
    .option('--batch-size <count>', 'of batch: how many at a time', whole(1, 1_000_000))
    .option('--percentages <list>', 'of percentages: 5,25,100', percents)
    .option('--group-by <tag>', 'of groups: region, or the name of a tag')
    .option('--group-order <list>', 'of groups: its values in their order', list)
    .option('--max-unavailable <amount>', 'of rolling: how many may be out of service: 5, or 25%')
    .option('--max-surge <amount>', 'of rolling: how many more may be in flight')
    .option('--spacing <time>', 'of serial: between two, as 10m', duration)
    .option('--parallel <count>', 'how many at once at most', whole(1, 10_000))
    .about('To whom (else to all that run the component):')
    .option('--target <ids>', 'these; repeatable', list)
    .option('--type <types>', 'of these types', list)
    .option('--region <regions>', 'in these regions', list)
    .option('--tag <name=value>', 'with this tag; repeatable, all must match', pair)
    .option('--canary <ids>', 'these go first', list)
    .about('Until when, and what stands in its way:')
    .option('--failure-threshold <amount>', 'of a wave: 5, or 10%', threshold)
    .choice('--on-failure <action>', 'beyond that: pause, or take all of it back', ['pause', 'rollback'])
    .option('--failure-budget <amount>', 'of all waves together', threshold)
    .option('--bake <time>', 'how long each wave is watched, as 30m', duration)
    .option('--gate <percent>', 'share of a wave that has to succeed', percent)
    .option('--approvals <count>', 'how many people have to approve it', whole(0, 10))
    .option('--approver <name>', 'who may; repeatable', each)
    .option('--second-person', 'somebody else has to continue it')
    .option('--auto-continue', 'waves follow each other by themselves')
    .option('--no-auto-continue', 'somebody has to continue after each wave')
    .option('--window <start/end>', 'when it may run: two instants in UTC')
    .option('--calendar <names>', 'calendars that close it', list)
    .about('Options:')
}

/** Declares what is done with upgrades, and with rollouts by the same words. */
export function declareUpgrades(program: Command, start: Start): void {
  program.commandsGroup('Upgrades, and rollouts by the same words:')
  repeatable(
    watchable(
      deployment(
        declare(program, 'deploy', {
          does: 'Start an upgrade',
          examples: [
            [
              'deploy --component api --version v1.2.0 --strategy canary --canary-percent 10',
              'a tenth first; the others when somebody continues',
            ],
            [
              'deploy --component dashboard --version v2.0.0 --strategy all --watch',
              'everybody at once; the exit code says what came of it',
            ],
            [
              'deploy -Component exporter -Version v1.1.0 -Strategy batch -BatchSize 10',
              'options in the manner of PowerShell mean the same',
            ],
          ],
        }),
      ).option('--dry-run', 'show what it would do, as plan does'),
    ),
  ).runs(start(async () => (await import('../work/deploy.ts')).deploy))
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
  ).runs(start(async () => (await import('../work/deploy.ts')).plan))
  declareReads(program, start)
  declareControls(program, start)
}

function declareReads(program: Command, start: Start): void {
  watching(
    declare(program, 'watch <id>', {
      does: 'Watch a run until it is over',
      examples: [
        [`watch ${id}`, 'waves as they go, what holds them, how long it takes'],
        [`watch ${id} --until waits`, 'exit code 6 as soon as a person is needed'],
      ],
    }),
  ).runs(start(async () => (await import('../work/watch.ts')).watch))
  withAt(
    declare(program, 'status <id>', {
      does: 'Show where a run stands',
      examples: [[`status ${id}`, 'the exit code says where it stands, as that of watch']],
    }),
  ).runs(start(async () => (await import('../work/status.ts')).status))
  listed(
    declare(program, 'list', {
      does: 'List upgrades, newest first',
      examples: [
        ['list --status in_progress', 'what is under way'],
        ['list --component api --limit 5 --json', 'the last five of api, for a script'],
      ],
    }),
    { usual: 20 },
  )
    .option('--status <status>', 'those that stand so: in_progress, paused, completed, failed, …')
    .option('--component <component>', 'of this component')
    .option('--version <version>', 'to this version')
    .option('--kind <kind>', 'deploy, rollback or retry')
    .option('--requested-by <name>', 'asked for by this person')
    .runs(start(async () => (await import('../work/status.ts')).list))
  listed(
    declare(program, 'logs <id>', {
      does: 'List the attempts of an upgrade on every target',
      examples: [
        [`logs ${id} --status failed`, 'who has failed, and why'],
        [`logs ${id} --output`, 'with what the targets said'],
      ],
    }),
  )
    .option('--status <status>', 'those that stand so: completed, failed, unreachable, skipped, …')
    .option('--output', 'with what each target said')
    .runs(start(async () => (await import('../work/story.ts')).logs))
  listed(
    withAt(
      declare(program, 'events <id>', {
        does: 'Tell the story of a run, one sentence an event',
        examples: [[`events ${id}`, 'who did what, and what followed']],
      }),
    ),
  ).runs(start(async () => (await import('../work/story.ts')).events))
  withAt(
    declare(program, 'explain <id>', {
      does: 'Say why a run stands where it does, and what would move it',
      examples: [[`explain ${id}`, 'its holds, what it did last, the next command']],
    }),
  ).runs(start(async () => (await import('../work/story.ts')).explain))
  withAt(
    declare(program, 'why <target>', {
      does: 'Say why a target is, or is not, being upgraded',
      examples: [
        ['why cust_0007', 'the verdict, and what would change it'],
        [`why cust_0007 --upgrade ${id}`, 'of one upgrade'],
      ],
    }),
  )
    .option('--upgrade <id>', 'of this upgrade')
    .runs(start(async () => (await import('../work/story.ts')).why))
  withAt(
    declare(program, 'blast-radius <id>', {
      does: 'Show from the log how much was ever exposed, and under which limit',
      examples: [[`blast-radius ${id}`, 'wave by wave']],
    }),
  ).runs(start(async () => (await import('../work/story.ts')).blastRadius))
  declare(program, 'replay <id>', {
    does: 'Say from the log where an upgrade would have stopped by other rules',
    examples: [
      [`replay ${id} --failure-threshold 2%`, 'by a stricter limit; nobody is asked'],
      [`replay ${id} --waves 1,10,100 --parallel 50`, 'in other waves: each target ends as it ended'],
    ],
  })
    .option('--failure-threshold <amount>', 'of a wave: 5, or 10%', threshold)
    .option('--unreachable-threshold <amount>', 'of a wave', threshold)
    .option('--failure-budget <amount>', 'of all waves together', threshold)
    .option('--gate <percent>', 'share of a wave that has to succeed', percent)
    .option('--waves <percents>', 'in other waves, as 1,10,100', percents)
    .option('--parallel <count>', 'with so many at once', whole(1, 10_000))
    .option('--bake-seconds <seconds>', 'with each wave watched for so long', whole(0, 2_592_000))
    .runs(start(async () => (await import('../work/story.ts')).replay))
  declare(program, 'evidence <id>', {
    does: 'Take away what proves an upgrade, for who does not trust us',
    examples: [
      [`evidence ${id} --out pack`, 'into files of a directory; drydock-verify says what they prove'],
    ],
  })
    .option('--out <directory>', 'where its files are put (else here)')
    .runs(start(async () => (await import('../work/evidence.ts')).evidence))
  listed(
    declare(program, 'approvals', {
      does: 'List what waits for a person',
      examples: [['approvals --mine', 'what you may decide, with the command for it']],
    }),
  )
    .option('--mine', 'only what is yours to decide')
    .runs(start(async () => (await import('../work/approvals.ts')).approvals))
}

function declareControls(program: Command, start: Start): void {
  const control = async () => import('../work/control.ts')
  repeatable(
    watchable(
      declare(program, 'approve <id>', {
        does: 'Approve the plan of a run',
        examples: [
          [`approve ${id}`, 'shows the plan, and asks'],
          [`approve ${id} --plan-hash fd06bc8ef149`, 'in a script: the hash of what was looked at'],
        ],
      }),
    ),
  )
    .option('--plan-hash <hash>', 'the plan that was looked at: its hash, or the first 12 digits of it')
    .option('--comment <text>', 'it stays in the log')
    .runs(start(async () => (await import('../work/approvals.ts')).approve))
  withReason(
    declare(program, 'reject <id>', {
      does: 'Reject a run that waits for approval',
      examples: [[`reject ${id} --reason "not on a Friday"`, 'it never begins']],
    }),
    'needed',
  ).runs(start(async () => (await control()).reject))
  withReason(
    watchable(
      declare(program, 'continue <id>', {
        does: 'Continue an upgrade after a canary, or a rollout after what did not end well',
        examples: [
          [`continue ${id}`, 'the next wave begins'],
          [
            `continue ${id} --after databases --reason "two spares"`,
            'of a rollout: those that depend on it begin',
          ],
        ],
      }),
    ),
    'optional',
  )
    .option('--after <name>', 'of a rollout: the part of it that did not end well, or was overtaken')
    .runs(start(async () => (await control()).goOn))
  withReason(
    declare(program, 'pause <id>', {
      does: 'Admit no target any more; what has begun finishes',
      examples: [[`pause ${id} --reason "errors in eu-west"`, 'nothing new begins']],
    }),
    'optional',
  ).runs(start(async () => (await control()).pause))
  repeatable(
    watchable(
      declare(program, 'resume <id>', {
        does: 'Go on after a pause',
        examples: [
          [`resume ${id}`, 'after a pause'],
          [`resume ${id} --seen-failed 3`, 'after a limit: with how many you have seen fail'],
        ],
      }),
    ),
  )
    .option('--seen-failed <count>', 'so many you have seen fail', whole(0, 1_000_000))
    .option('--seen-unreachable <count>', 'and so many unreachable', whole(0, 1_000_000))
    .option('--window <start/end>', 'in another window: two instants in UTC')
    .runs(start(async () => (await control()).resume))
  withReason(
    declare(program, 'abort <id>', {
      does: 'End a run early',
      examples: [
        [`abort ${id} --reason "wrong release"`, 'what was upgraded stays so'],
        [`abort ${id} --roll-back --reason "wrong release"`, 'and is taken back'],
      ],
    }),
    'optional',
  )
    .option('--roll-back', 'take back what it changed')
    .runs(start(async () => (await control()).abort))
  withReason(
    watchable(
      tempo(
        declare(program, 'rollback <id> [target]', {
          does: 'Take back what a run has changed, or one target of an upgrade',
          examples: [
            [`rollback ${id} --watch`, 'everybody, to the version before'],
            [`rollback ${id} cust_abc123`, 'one customer'],
            [
              `rollback ${id} --break-glass "outage"`,
              'even while everything is stopped, once a second person approves',
            ],
          ],
        }),
      ),
    ),
    'optional',
  )
    .option('--break-glass <reason>', 'even while everything is stopped; a second person approves it')
    .option('--to-withdrawn <reason>', 'even to a release that was withdrawn; a second person approves it')
    .option('--only <names>', 'of a rollout: these parts of it', list)
    .runs(start(async () => (await control()).rollBack))
  withReason(
    watchable(
      tempo(
        declare(program, 'retry <id>', {
          does: 'Try the failed targets of an upgrade again',
          examples: [[`retry ${id} --watch`, 'those that have failed']],
        }),
      ),
    ),
    'optional',
  )
    .option('--skipped', 'those that were skipped, too')
    .runs(start(async () => (await control()).retry))
  repeatable(
    declare(program, 'skip <id> <target>', {
      does: 'Leave out a target that has not been upgraded yet',
      examples: [[`skip ${id} cust_0007`, 'it stays at what it runs']],
    }),
  ).runs(start(async () => (await control()).skip))
  withReason(
    declare(program, 'end-bake <id>', {
      does: 'End the watch over a wave before its time',
      examples: [[`end-bake ${id} --reason "seen enough"`, 'the gate follows']],
    }),
    'needed',
  ).runs(start(async () => (await control()).endBake))
}

/** The options that say how fast a rollback or another try goes. */
function tempo(command: Declaration): Declaration {
  return command
    .option('--parallel <count>', 'how many at once at most', whole(1, 10_000))
    .option('--batch-size <count>', 'how many at a time', whole(1, 1_000_000))
    .option('--failure-threshold <amount>', 'how many may fail: 5, or 10%', threshold)
    .option('--window <start/end>', 'when it may run: two instants in UTC')
    .option('--ignore-window', 'outside of the window as well')
}
