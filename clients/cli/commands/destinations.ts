import type { Command } from 'commander'
import { declare, group, listed, repeatable, type Start, withReason } from './declare.ts'

/** Declares what is done with destinations. */
export function declareDestinations(program: Command, start: Start): void {
  const work = async () => import('../work/destinations.ts')
  group(program, 'destinations', 'Destinations: who is told of what happens', (destinations) => {
    declare(destinations, 'list', {
      does: 'List destinations by name',
      examples: [['destinations list', '']],
    }).runs(start(async () => (await work()).list))
    declare(destinations, 'show <name>', {
      does: 'Show a destination as it is defined, as JSON',
      examples: [['destinations show releases', '']],
    }).runs(start(async () => (await work()).show))
    repeatable(
      declare(destinations, 'define <name> <file>', {
        does: 'Define a destination by a file of JSON, or define it anew',
        examples: [['destinations define releases slack.json', 'what happens from then on is sent there']],
      }),
    ).runs(start(async () => (await work()).define))
    declare(destinations, 'test <name>', {
      does: 'Send a sample to a destination',
      examples: [['destinations test releases', 'exit code 4 when it did not get there']],
    }).runs(start(async () => (await work()).test))
    listed(
      declare(destinations, 'undelivered <name>', {
        does: 'List what did not get to a destination and was given up',
        examples: [['destinations undelivered releases', '']],
      }),
      { most: 100 },
    ).runs(start(async () => (await work()).undelivered))
    repeatable(
      declare(destinations, 'retry <name>', {
        does: 'Send again what did not get to a destination',
        examples: [['destinations retry releases', 'a hundred at a time']],
      }),
    ).runs(start(async () => (await work()).retry))
    withReason(
      declare(destinations, 'remove <name>', {
        does: 'Have nothing sent to a destination any more',
        examples: [['destinations remove releases --reason "the channel is gone"', '']],
      }),
      'needed',
    ).runs(start(async () => (await work()).remove))
  })
}
