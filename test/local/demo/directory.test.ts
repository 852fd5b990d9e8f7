import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyForDemo } from '../../../infra/local/demo/directory.ts'
import { lockDirectory } from '../../../infra/local/lock.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'drydock-demo-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe('the folder of a demo', () => {
  it('is made where there is none, and emptied by the next demo', () => {
    const folder = join(home, 'deep', 'demo')
    emptyForDemo(folder)
    writeFileSync(join(folder, 'events.sqlite'), 'x')
    emptyForDemo(folder)
    expect(readdirSync(folder)).toEqual(['made-by-the-demo'])
  })

  it('may be an empty one', () => {
    emptyForDemo(home)
    expect(readdirSync(home)).toEqual(['made-by-the-demo'])
  })

  it('is never one that holds anything else', () => {
    writeFileSync(join(home, 'thesis.txt'), 'years of work')
    expect(() => emptyForDemo(home)).toThrow(`${home} holds what no demo has made (thesis.txt)`)
    expect(readdirSync(home)).toEqual(['thesis.txt'])
  })

  it('is never one that a runtime is using', () => {
    emptyForDemo(home)
    const unlock = lockDirectory(home)
    writeFileSync(join(home, 'events.sqlite'), 'x')
    try {
      expect(() => emptyForDemo(home)).toThrow('is using the data directory')
      expect(existsSync(join(home, 'events.sqlite'))).toBe(true)
    } finally {
      unlock()
    }
  })
})
