import type { Template } from './template/cloud-assembly.ts'

/** In seconds of the wall: a function may take a minute, and the database a few seconds to come again when it has died. */
const shortestLife = 60

/**
 * Throws when a clock would run so fast that records of a stream grow too old within a minute of the wall: whatever takes a moment, as the
 * start itself does, would lose them.
 */
export function checkSpeed(template: Template, speed: number): void {
  const ages = Object.values(template.Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping')
    .map(({ Properties }) => Number(Properties?.MaximumRecordAgeInSeconds ?? -1))
    .filter((age) => age > 0)
  const fastest = Math.floor(Math.min(...ages) / shortestLife)
  if (speed <= fastest) return
  throw new Error(
    `A clock that runs ${speed} times as fast as the wall would lose commits: the stream gives up what is ${Math.min(...ages)} seconds old, which is ${(Math.min(...ages) / speed).toFixed(1)} seconds of the wall. Choose a --speed of at most ${fastest}.`,
  )
}
