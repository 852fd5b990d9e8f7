import { readStoryOptions, type StoryOptions } from '../options.ts'

const faults = ['none', 'unwell', 'errors', 'killed'] as const
export type Fault = (typeof faults)[number]

const usage = `npm run example -- blue-green [options]

Puts a new version of a shop beside the old one at 8 sites, verifies it, switches traffic, and retires the old colour when the gate has closed.

  --fault NAME  none (none); unwell: the new version says at its site that it is unwell; errors: it has errors once customers use it;
                killed: Drydock is killed as traffic is switched for the first time, and started again
  --port N      port of the API (3100)
  --speed N     how fast the clock runs (30)
  --data DIR    a folder for its data alone, which it empties at the start (.drydock/blue-green)`

export type Options = StoryOptions<Fault>

/** Reads the options of the command line. Throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  return readStoryOptions(usage, { folder: 'blue-green', speed: 30, faults })
}
