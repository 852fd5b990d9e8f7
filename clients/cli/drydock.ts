#!/usr/bin/env node
import { run } from './command-line.ts'

// Replaced by the version of the package when this is bundled.
declare const drydockVersion: string | undefined

const interrupted = new AbortController()
process.once('SIGINT', () => {
  interrupted.abort()
  // 128 and the number of the signal, as shells have it.
  process.exitCode = 130
})
// Who has closed the pipe that this writes to wants no more of it.
process.stdout.on('error', () => process.exit())

const code = await run(
  process.argv.slice(2),
  {
    env: process.env,
    out: process.stdout,
    err: process.stderr,
    input: process.stdin,
    signal: interrupted.signal,
  },
  typeof drydockVersion === 'string' ? drydockVersion : 'from source',
)
process.exitCode ??= code
