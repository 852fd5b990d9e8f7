import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import { type Judged, tableOf } from './bars.ts'
import { countRollouts } from './counted.ts'
import { judgeLarge } from './large.ts'
import { judgeLargePlan } from './large-plan.ts'
import { prices } from './prices.ts'
import { countProfiles } from './profiles.ts'
import { timeAll } from './timed.ts'

const kinds = ['counted', 'profiles', 'timed'] as const
const usage = `npm run bench -- [options]

Counts and times against the project's bars. Ends with 1 where one is missed.

  --quick       small rollouts only
  --only PART   ${kinds.join(', ')}
  --size N      another rollout of so many targets, 100 to 100000
  --large N     one upgrade of so many targets and nothing else, 10000 to 1000000
  --json FILE   where the figures go as well`

function readOptions() {
  const { values } = readCommandLine(usage, {
    options: {
      size: { type: 'string' },
      large: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  })
  const largest = values.size === undefined ? undefined : Number(values.size)
  if (largest !== undefined && !(Number.isInteger(largest) && largest >= 100 && largest <= 100_000))
    throw new Error(`--size is a whole number from 100 to 100000, not ${values.size}.\n\n${usage}`)
  const large = values.large === undefined ? undefined : Number(values.large)
  if (large !== undefined && !(Number.isInteger(large) && large >= 10_000 && large <= 1_000_000))
    throw new Error(`--large is a whole number from 10000 to 1000000, not ${values.large}.\n\n${usage}`)
  const only = kinds.find((kind) => kind === values.only)
  if (values.only !== undefined && only === undefined)
    throw new Error(`--only is ${kinds.join(', ')}, not ${values.only}.\n\n${usage}`)
  const sizes = values.quick ? [100, 1000] : [100, 1000, 10_000]
  if (largest !== undefined && !sizes.includes(largest)) sizes.push(largest)
  return { sizes: sizes.sort((a, b) => a - b), json: values.json, quick: values.quick, only, large }
}

async function main(): Promise<void> {
  const { sizes, json, quick, only, large } = readOptions()
  const asked = (kind: (typeof kinds)[number]) => large === undefined && (only === undefined || only === kind)
  const began = performance.now()
  const rollouts = asked('counted') ? await countRollouts(sizes) : undefined
  const profiles = asked('profiles') ? await countProfiles({ quick }) : undefined
  const times = asked('timed') ? await timeAll(quick) : []
  const ofLarge = large === undefined ? [] : [...(await judgeLargePlan(large)), ...(await judgeLarge(large))]
  const judged: Judged[] = [...ofLarge, ...(rollouts?.judged ?? []), ...(profiles?.judged ?? []), ...times]
  console.log(`\n${tableOf(judged)}`)
  for (const [mode, charges] of Object.entries(rollouts?.charges ?? {})) {
    const parts = Object.entries(charges).map(([kind, dollars]) => `${kind} ${dollars.toFixed(2)}`)
    console.log(`\nCharges for a million targets, ${mode}, $: ${parts.join(', ')}`)
  }
  if (rollouts) {
    const poll = prices.httpRequest + prices.lambdaRequest + 2 * prices.readRequestUnit
    console.log(`Polling is apart: a poll is $${(poll * 1e6).toFixed(2)} a million, before its duration.`)
  }
  const seconds = (performance.now() - began) / 1000
  console.log(`Took ${seconds.toFixed(0)} s on ${cpus().length} processors.`)
  if (json !== undefined) {
    const { judged: _, ...counted } = { judged: null, all: [], overshoot: null, charges: {}, ...rollouts }
    const { judged: __, ...ofProfiles } = { judged: null, rest: null, windows: [], waves: [], ...profiles }
    const run = { at: new Date().toISOString(), node: process.version, seconds, prices, judged }
    writeFileSync(json, `${JSON.stringify({ ...run, ...counted, profiles: ofProfiles }, null, 2)}\n`)
  }
  process.exit(judged.some(({ failed }) => failed) ? 1 : 0)
}

main().catch(endCommand)
