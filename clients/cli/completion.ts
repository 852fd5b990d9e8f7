import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/** Declares what completes words in a shell: `complete SHELL` prints a script, which asks `complete -- WORDS` each time. */
export function declareCompletion(program: Command): void {
  tab(program)
}
