import { readStoryOptions, type StoryOptions } from '../options.ts'

const faults = ['none', 'precheck', 'upgrade', 'no-updates', 'killed'] as const
type Fault = (typeof faults)[number]

const usage = `npm run example -- domain [options]

Upgrades one domain by calls of its own manager: target, download, precheck, upgrade, and an alert that a person acknowledges.

  --fault NAME  none (none); precheck: the precheck fails; upgrade: the upgrade fails; no-updates: there is no newer release;
                killed: Drydock is killed while the manager starts the upgrade, and started again
  --port N      port of the API (3100)
  --speed N     how fast the clock runs (20)
  --data DIR    a folder for its data alone, which it empties at the start (.drydock/domain)`

export type Options = StoryOptions<Fault>

/** Reads the options of the command line. Throws an error with the usage when one is wrong. */
export function readOptions(): Options {
  return readStoryOptions(usage, { folder: 'domain', speed: 20, faults })
}
