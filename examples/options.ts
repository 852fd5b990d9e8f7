import { join } from 'node:path'

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
