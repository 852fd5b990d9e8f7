import { join, resolve } from 'node:path'
import { readCommandLine } from '../infra/command-line.ts'

/** Returns the options that every example has, with its own folder and pace. */
export function commonOptions(folder: string, speed: number) {
  return {
    port: { type: 'string', default: '3100' },
    speed: { type: 'string', default: String(speed) },
    data: { type: 'string', default: join('.drydock', folder) },
  } as const
}

/** Returns what checks the values of options: each throws an error with the usage where one is wrong. */
export function checksOf(usage: string) {
  return {
    /** A whole number within these bounds, ends included. */
    number(name: string, text: string, least: number, most: number): number {
      const value = Number(text)
      if (Number.isInteger(value) && value >= least && value <= most) return value
      throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}.\n\n${usage}`)
    },
    word<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
      const found = words.find((word) => word === text)
      if (found !== undefined) return found
      throw new Error(`--${name} is one of ${words.join(', ')}, not ${text}.\n\n${usage}`)
    },
  }
}

/** The largest port. */
export const lastPort = 65_535

/** What an example is told that plays one story, with a fault of its own or none. */
export interface StoryOptions<Fault extends string> {
  readonly fault: Fault
  readonly port: number
  readonly speed: number
  readonly data: string
}

/** Reads the options of such an example from the command line. Throws an error with the usage when one is wrong. */
export function readStoryOptions<Fault extends string>(
  usage: string,
  {
    folder,
    speed,
    faults,
  }: { readonly folder: string; readonly speed: number; readonly faults: readonly Fault[] },
): StoryOptions<Fault> {
  const fault = { type: 'string', default: 'none' } as const
  const { values } = readCommandLine(usage, { options: { fault, ...commonOptions(folder, speed) } })
  const check = checksOf(usage)
  return {
    fault: check.word('fault', values.fault, faults),
    port: check.number('port', values.port, 1, lastPort),
    speed: check.number('speed', values.speed, 1, 60),
    data: resolve(values.data),
  }
}
