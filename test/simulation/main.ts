import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
  },
})
const from = Number(values.from)
const count = Number(values.seeds)
const began = performance.now()
let commits = 0
let broken = 0
for (let seed = from; seed < from + count; seed++) {
  const result = await simulate(seed)
  commits += result.commits
  if (values.story) process.stdout.write(`${result.story.join('\n')}\n`)
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
