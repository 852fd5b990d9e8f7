/** Starts or stops the service of a machine: `control.ts start|stop PORT ILL`, in the directory of its agent. What it starts goes on by itself. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const [what, port = '', ill = ''] = process.argv.slice(2)
const file = 'service.pid'

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

if (existsSync(file)) {
  const pid = Number(readFileSync(file, 'utf8'))
  while (isThere(pid)) {
    process.kill(pid, 'SIGKILL')
    await sleep(10)
  }
  rmSync(file)
}
// Before anything was installed there is nothing to start.
if (what === 'start' && existsSync('current/service')) {
  const service = spawn(
    process.execPath,
    ['--input-type=module', '--eval', readFileSync('current/service', 'utf8'), port, ill],
    {
      detached: true,
      stdio: 'ignore',
    },
  )
  writeFileSync(file, String(service.pid))
  service.unref()
}
