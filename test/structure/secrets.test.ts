import { describe, expect, test } from 'vitest'
import { importsOf, linesOf, type Source, sources } from './sources.ts'

const comparison = 'functions/same-secret.ts'

/** Where what somebody presents decides whether they are let in, or believed. */
const comparing = [
  'functions/api/agents/entitled.ts',
  'functions/api/agents/reach.ts',
  'functions/api/authorizer.ts',
  'functions/capability.ts',
  'functions/domain/target/registration.ts',
  'functions/executors/helm/way-out.ts',
  'functions/executors/webhook.ts',
  'functions/notify/slack.ts',
  'infra/local/access/access.ts',
  'infra/local/http/sign-in.ts',
]

/** Names of secrets, of their hashes, and of what is made with them, at the end of what is compared. */
const secret =
  /(?:secret|credentials?|password|capability|presented|verifier|challenge|enrolment\??\.hash|(?:key|token|secret)Hash|(?<!\.)signature|bearer|apiKey|accessKeyId)$/i
/** What compares, with what stands on both of its sides. */
const equals = /([\w.?[\]]+)(?:\([^()]*\))? *[!=]==? *('|[\w.?[\]]+)/g
const finds = /(?:\.equals|\.includes|\.indexOf|\.localeCompare|Object\.is|\.compare)\(([\w.?]+)[,)]/g
/** Whether something is there at all, and what stands in the source, is known to everybody. */
const nothing = /^(?:undefined|null|'|\d+)$/

/** Returns the comparisons of a source that end as soon as something differs, so that whoever measures them learns how much was right. */
function measurable(source: Source): string[] {
  return linesOf(source)
    .filter(({ line }) => !/^\s*(?:\/\/|\*|\/\*)/.test(line))
    .filter(({ line }) => {
      const compared = [...line.matchAll(equals)].filter(
        ([, left = '', right = '']) => !nothing.test(left) && !nothing.test(right),
      )
      const names = [...compared, ...line.matchAll(finds)].flatMap(([, ...sides]) => sides)
      return names.some((name) => secret.test(name ?? '')) && !line.includes('typeof ')
    })
    .map(({ number, line }) => `${source.path}:${number} ${line.trim()}`)
}

// What the console, the command line and the agent compare, they have asked for themselves. What takes secrets out of a text has to find them in it.
const asked = sources.filter(
  ({ path }) => path.endsWith('.ts') && !path.startsWith('clients/') && path !== 'functions/redact.ts',
)

describe('S22: secrets are compared in constant time', () => {
  test('by one function, which leaves it to the platform', () => {
    const comparers = asked.filter(({ text }) => text.includes('timingSafeEqual'))
    expect(comparers.map(({ path }) => path)).toEqual([comparison])
    const [only] = comparers
    expect(only?.text).toMatch(/return .* && timingSafeEqual\(left, right\)\n\}/)
  })

  test('wherever somebody presents one (S1, S23)', () => {
    const using = asked.filter(
      (source) => importsOf(source).includes(comparison) && /\bsameSecret\([^)]/.test(source.text),
    )
    expect(using.map(({ path }) => path).sort()).toEqual(comparing)
  })

  test('and by nothing else', () => {
    expect(asked.flatMap(measurable)).toEqual([])
    expect(asked.length).toBeGreaterThan(300)
  })

  test.each([
    'return presented === right',
    'if (enrolment?.hash !== tokenHash) {',
    'if (state.keyHash == hash) return accept()',
    'return signature(secret, body) === presented',
    'return right.includes(presented)',
    'return left.equals(credentials)',
  ])('it would be found in %j', (line) => expect(measurable({ path: 'a.ts', text: line })).toHaveLength(1))
})
