import type { Command } from 'commander'
import { declare, group, listed, repeatable, type Start, withReason } from './declare.ts'
import { whole } from './values.ts'

/** Declares what is done with procedures, and with their steps. */
export function declareProcedures(program: Command, start: Start): void {
  group(program, 'procedures', 'Procedures: how one target is upgraded', (procedures) =>
    declareAll(procedures, start),
  )
}

function declareAll(procedures: Command, start: Start): void {
  const work = async () => import('../work/procedures.ts')
  listed(
    declare(procedures, 'list', { does: 'List procedures by name', examples: [['procedures list', '']] }),
  ).runs(start(async () => (await work()).list))
  declare(procedures, 'show <name>', {
    does: 'Print the document of a procedure',
    examples: [['procedures show node > node.json', 'to edit it and store it again']],
  })
    .option('--revision <number>', 'not the last one', whole(1, 100_000))
    .runs(start(async () => (await work()).show))
  repeatable(
    declare(procedures, 'store <name> <file>', {
      does: 'Store a procedure, or its next revision',
      examples: [['procedures store node node.yaml', 'the same document again changes nothing']],
    }),
  ).runs(start(async () => (await work()).store))
  declare(procedures, 'try <name>', {
    does: 'Show every call that it would make for one target, and make none',
    examples: [['procedures try node --target node-1 --component worker --version v2.0.0', '']],
  })
    .needed('--target <id>', 'for this target')
    .needed('--component <component>', 'of this component')
    .needed('--version <version>', 'to this version')
    .option('--revision <number>', 'not the last one', whole(1, 100_000))
    .runs(start(async () => (await work()).tryOut))
  declare(procedures, 'steps <target>', {
    does: 'Show how far the procedure of an attempt is',
    examples: [['procedures steps node-1', 'of the attempt under way, or the last']],
  })
    .option('--attempt <id>', 'of this attempt')
    .runs(start(async () => (await work()).steps))
  repeatable(
    declare(procedures, 'acknowledge <target> <step>', {
      does: 'Say that a step which waits for a person may go on',
      examples: [['procedures acknowledge node-1 alerts --comment "known, harmless"', '']],
    }),
  )
    .option('--attempt <id>', 'of this attempt; else of the one under way')
    .option('--comment <text>', 'it stays in the log')
    .runs(start(async () => (await work()).acknowledge))
  withReason(
    declare(procedures, 'settle <target> <step> <end>', {
      does: 'Say what became of a step of which nobody knows: done, failed, or again',
      examples: [['procedures settle node-1 replace done --reason "looked at the node"', '']],
    }),
    'needed',
  )
    .option('--attempt <id>', 'of this attempt; else of the one under way')
    .runs(start(async () => (await work()).settle))
}
