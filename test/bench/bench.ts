import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import { type Judged, tableOf } from './bars.ts'
import { countRollouts } from './counted.ts'
import { judgeLarge } from './large.ts'
import { judgeLargePlan } from './large-plan.ts'
import { judgeLive } from './live.ts'
import { prices } from './prices.ts'
import { countProcedures } from './procedures.ts'
import { countProfiles } from './profiles.ts'
import { timeAll } from './timed.ts'

const kinds = ['counted', 'profiles', 'procedures', 'timed'] as const
const usage = `npm run bench -- [options]

Counts and times against the project's bars. Ends with 1 where one is missed.

  --quick       small rollouts only
  --only PART   ${kinds.join(', ')}
  --size N      another rollout of so many targets, 100 to 100000
  --large N     one upgrade of so many targets and nothing else, 10000 to 1000000
  --live N      so many live upgrades that hear of the time and of a stop, and nothing else, 100 to 100000
  --json FILE   where the figures go as well`

function readOptions() {
  const { values } = readCommandLine(usage, {
    options: {
      size: { type: 'string' },
      large: { type: 'string' },
      live: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  })
  const between = (name: 'size' | 'large' | 'live', least: number, most: number): number | undefined => {
    const text = values[name]
    const number = Number(text)
    if (text === undefined || (Number.isInteger(number) && number >= least && number <= most))
      return text === undefined ? undefined : number
    throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}.\n\n${usage}`)
  }
  const largest = between('size', 100, 100_000)
  const large = between('large', 10_000, 1_000_000)
  const live = between('live', 100, 100_000)
  const only = kinds.find((kind) => kind === values.only)
  if (values.only !== undefined && only === undefined)
    throw new Error(`--only is ${kinds.join(', ')}, not ${values.only}.\n\n${usage}`)
  const sizes = values.quick ? [100, 1000] : [100, 1000, 10_000]
  if (largest !== undefined && !sizes.includes(largest)) sizes.push(largest)
  return { sizes: sizes.sort((a, b) => a - b), json: values.json, quick: values.quick, only, large, live }
}

async function main(): Promise<void> {
  const { sizes, json, quick, only, large, live } = readOptions()
  const alone = large !== undefined || live !== undefined
  const asked = (kind: (typeof kinds)[number]) => !alone && (only === undefined || only === kind)
  const began = performance.now()
  const rollouts = asked('counted') ? await countRollouts(sizes) : undefined
  const profiles = asked('profiles') ? await countProfiles({ quick }) : undefined
  const procedures = asked('procedures') ? await countProcedures({ quick }) : []
  const times = asked('timed') ? await timeAll(quick) : []
  const ofLarge = large === undefined ? [] : [...(await judgeLargePlan(large)), ...(await judgeLarge(large))]
  const ofLive = live === undefined ? [] : await judgeLive(live)
  const judged: Judged[] = [
    ...ofLarge,
    ...ofLive,
    ...(rollouts?.judged ?? []),
    ...(profiles?.judged ?? []),
    ...procedures,
    ...times,
  ]
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
