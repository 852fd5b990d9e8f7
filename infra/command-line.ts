import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * Reads the command line of a command. `--help` or `-h` prints the usage and ends the process. Throws an error with what is wrong and the
 * usage below it when an option is not known, has no value, or one that it does not take.
 */
export function readCommandLine<const Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const words = process.argv.slice(2)
  if (words.some((word) => word === '--help' || word === '-h')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    // What follows the first sentence is about words that begin with a hyphen and are none: no command here takes such.
    throw new Error(`${said.split(/\. |\n/)[0]?.replace(/\.$/, '')}.\n\n${usage}`)
  }
}

/** Ends a command that could not do its work: says why, without a stack, and ends with 1. */
export function endCommand(error: unknown): never {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
