import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Taken, takeDirectory } from '../../../clients/agent/lock.ts'

function directory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('a directory', () => {
  it('is taken by one, until that gives it back', () => {
    const folder = directory()
    const giveBack = takeDirectory(folder, 'agent')
    expect(() => takeDirectory(folder, 'agent')).toThrow(Taken)
    takeDirectory(folder, 'watchdog')()
    giveBack()
    takeDirectory(folder, 'agent')()
  })

  it('is taken where not one byte can be written, as on a full disk', () => {
    const folder = directory()
    takeDirectory(folder, 'agent')()
    const lock = join(import.meta.dirname, '../../../clients/agent/lock.ts')
    const program = `(await import(${JSON.stringify(lock)})).takeDirectory(${JSON.stringify(folder)}, 'agent')`
    const script = 'trap "" XFSZ; ulimit -f 0; exec "$0" --input-type=module --eval "$1"'
    execFileSync('/bin/sh', ['-c', script, process.execPath, program])
  })
})
