import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyForDemo } from '../../../infra/local/demo/directory.ts'
import { lockDirectory } from '../../../infra/local/lock.ts'
import { sources } from '../../structure/sources.ts'

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
    expect(readdirSync(folder)).not.toContain('events.sqlite')
    expect(readdirSync(folder)).toContain('made-by-the-demo')
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

  it('is not emptied of what somebody has put into it since', () => {
    emptyForDemo(home)
    writeFileSync(join(home, 'events.sqlite'), 'x')
    writeFileSync(join(home, 'thesis.txt'), 'years of work')
    expect(() => emptyForDemo(home)).toThrow(`${home} holds what no demo has made (thesis.txt)`)
    expect(readdirSync(home).sort()).toEqual(['events.sqlite', 'made-by-the-demo', 'thesis.txt'])
  })

  it('stays where it is, so that who works in it goes on working in it', () => {
    emptyForDemo(home)
    const { ino } = statSync(home)
    writeFileSync(join(home, 'events.sqlite'), 'x')
    emptyForDemo(home)
    expect(statSync(home).ino).toBe(ino)
  })

  it('may be behind a link, which stays; what a link inside of it leads to stays too', () => {
    const [folder, link, elsewhere] = ['folder', 'link', 'elsewhere'].map((name) => join(home, name)) as [
      string,
      string,
      string,
    ]
    for (const path of [folder, elsewhere]) mkdirSync(path)
    writeFileSync(join(elsewhere, 'thesis.txt'), 'years of work')
    symlinkSync(folder, link)
    emptyForDemo(link)
    symlinkSync(elsewhere, join(folder, 'logs'))
    emptyForDemo(link)
    expect(readdirSync(home).sort()).toEqual(['elsewhere', 'folder', 'link'])
    expect(readdirSync(folder)).not.toContain('logs')
    expect(readdirSync(elsewhere)).toEqual(['thesis.txt'])
    symlinkSync(elsewhere, join(home, 'other'))
    expect(() => emptyForDemo(join(home, 'other'))).toThrow('holds what no demo has made')
  })

  it('is emptied of all that a runtime writes, on whatever platform', () => {
    emptyForDemo(home)
    const platforms = [
      'dynamo.sqlite',
      'dynamo.sqlite-wal',
      'shared-local-instance.db',
      'shared-local-instance.db-shm',
    ]
    const all = [
      'mail.jsonl',
      'commands.sqlite',
      'clock.json.next',
      'issuer.json.8f-3',
      'runtime.lock-journal',
    ]
    for (const name of [...platforms, ...all]) writeFileSync(join(home, name), 'x')
    emptyForDemo(home)
    expect(readdirSync(home).filter((name) => !name.startsWith('runtime.lock'))).toEqual(['made-by-the-demo'])
  })

  it('is known by one list: nothing of the runtime is named by hand where it is opened', () => {
    const openers = sources.filter(({ path }) => /^infra\/local\/(?!demo\/|template\/)/.test(path))
    const byHand = openers.flatMap(({ path, text }) =>
      [...text.matchAll(/join\((?:data|directory), '([a-z][^']+)'\)/g)].map(([, name]) => `${path}: ${name}`),
    )
    // A person writes it, and the runtime reads it.
    expect(byHand).toEqual(['infra/local/metrics.ts: metrics.json'])
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
