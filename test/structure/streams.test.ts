import { expect, test } from 'vitest'
import { streamKinds } from '../../events/stream.ts'
import { linesOf, sources } from './sources.ts'

/** A name of a stream, written out: the kind, the separator, and what follows as an id. */
const written = new RegExp(`['"\`](?:${streamKinds.join('|')})#`)
/** The name of a stream taken apart by hand. */
const taken = /(?:split|indexOf|lastIndexOf)\('#'/

test('the name of a stream is made by its aggregate, and taken apart in one place', () => {
  // Who verifies shares nothing with the others, and takes them apart in a place of its own.
  const own = ['events/stream.ts', 'functions/views/requested-row.ts', 'clients/verify/commit.ts']
  const found = sources
    .filter(({ path }) => path.endsWith('.ts') && !own.includes(path))
    .flatMap((source) =>
      linesOf(source)
        .filter(({ line }) => !/^\s*(\/\/|\*|\/\*)/.test(line) && (written.test(line) || taken.test(line)))
        .map(({ number, line }) => `${source.path}:${number} ${line.trim()}`),
    )
  expect(found).toEqual([])
  const samples = ['name(`upgrade#$' + '{id}`)', "'policy#freeze'", "stream.split('#')"]
  expect(samples.every((line) => written.test(line) || taken.test(line))).toBe(true)
})
