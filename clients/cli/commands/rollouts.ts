import type { Command } from 'commander'
import { declare, group, listed, repeatable, type Start, watchable } from './declare.ts'

/** Declares what only rollouts have; what they share with upgrades has one command for both. */
export function declareRollouts(program: Command, start: Start): void {
  group(program, 'rollouts', 'Rollouts: plan and start from a plan file', (rollouts) =>
    declareAll(rollouts, start),
  )
}

function declareAll(rollouts: Command, start: Start): void {
  const work = async () => import('../work/rollouts.ts')
  listed(
    declare(rollouts, 'list', { does: 'List rollouts, newest first', examples: [['rollouts list', '']] }),
  )
    .option('--status <status>', 'those that stand so: in_progress, paused, completed, failed, …')
    .runs(start(async () => (await work()).list))
  declare(rollouts, 'plan <file>', {
    does: 'Show what a start from a plan file would do, and do nothing',
    examples: [['rollouts plan platform.yaml', 'YAML, or JSON where the name ends so']],
  }).runs(start(async () => (await work()).plan))
  repeatable(
    watchable(
      declare(rollouts, 'start <file>', {
        does: 'Start a rollout from a plan file',
        examples: [
          [
            'rollouts start platform.yaml --watch',
            'watch, approve, pause … take its id as that of an upgrade',
          ],
        ],
      }),
    ),
  ).runs(start(async () => (await work()).start))
  listed(
    declare(rollouts, 'monitor <id>', {
      does: 'Show the nodes of a rollout, and what customers meet',
      examples: [['rollouts monitor 0408219b-9ca0-5065-a41d-7e601c7fd5d4', '']],
    }),
  ).runs(start(async () => (await work()).monitor))
}
