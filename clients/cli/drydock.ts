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

// `run` rejects for nothing: what goes wrong is a code.
void run(
  process.argv.slice(2),
  {
    env: process.env,
    out: process.stdout,
    // Opened where they are wanted: each is a part of a start.
    get err() {
      return process.stderr
    },
    get input() {
      return process.stdin
    },
    signal: interrupted.signal,
  },
  typeof drydockVersion === 'string' ? drydockVersion : 'from source',
).then((code) => {
  process.exitCode ??= code
})
