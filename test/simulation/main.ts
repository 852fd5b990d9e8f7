import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import { simulate } from './simulate.ts'

const usage = `npm run simulate -- [options]

Runs the whole system by seed, with everything going wrong that may, and audits what is left.

  --seeds N  how many (1000)
  --from N   the first (1)
  --story    what happened in each`

function readOptions() {
  const { values } = readCommandLine(usage, {
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      story: { type: 'boolean', default: false },
    },
  })
  const whole = (name: 'seeds' | 'from'): number => {
    const value = Number(values[name])
    if (Number.isInteger(value) && value >= 1) return value
    throw new Error(`--${name} is a whole number from 1, not ${values[name]}.\n\n${usage}`)
  }
  return { count: whole('seeds'), from: whole('from'), story: values.story }
}

async function main(): Promise<void> {
  const { count, from, story } = readOptions()
  const began = performance.now()
  let commits = 0
  let broken = 0
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate(seed)
    commits += result.commits
    if (story) process.stdout.write(`${result.story.join('\n')}\n`)
    if (result.faults.length === 0) continue
    broken++
    const words = [...result.faults, ...(broken === 1 ? ['', ...result.story.slice(-80)] : [])]
    process.stdout.write(
      `seed ${seed}: npm run simulate -- --seeds 1 --from ${seed}\n  ${words.join('\n  ')}\n`,
    )
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(`${count} seeds from ${from}: ${broken} broken, ${commits} commits, ${seconds} s\n`)
  process.exitCode = broken === 0 ? 0 : 1
}

main().catch(endCommand)
