import type { Command } from 'commander'
import { declare, type Start } from './declare.ts'

/** Declares where one is, and as whom. */
export function declareAccess(program: Command, start: Start): void {
  program.commandsGroup('Where, and as whom:')
  declare(program, 'server', {
    does: 'Say whether the API answers',
    examples: [['server --url https://drydock.example', 'its version, if it is there']],
  }).action(start(async () => (await import('../work/access.ts')).server))
}
