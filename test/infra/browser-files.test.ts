import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeBrowserFiles } from '../../infra/constructs/browser-files.ts'

let directory: string
const read = (name: string) => readFileSync(join(directory, name), 'utf8')
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'drydock-browser-files-'))
  writeBrowserFiles(directory)
})
afterAll(() => rmSync(directory, { recursive: true }))

/** Returns the scripts of a page: those that it names, and all that these import, but for what is loaded later. */
function scriptsOf(page: string): readonly string[] {
  const named = [...read(page).matchAll(/(?:src|href)="\/console\/(assets\/[^"]+\.js)"/g)].map(
    ([, name = '']) => name,
  )
  const found = new Set(named)
  for (const name of found) {
    for (const [, other = ''] of read(name).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      found.add(`assets/${other}`)
  }
  return [...found]
}

const packed = (names: readonly string[]) => names.reduce((sum, name) => sum + gzipSync(read(name)).length, 0)

describe('what browsers load', () => {
  test('is at most 120 KB of script on the first page, with the page of upgrades', () => {
    const pages = globSync('assets/{upgrades,upgrade}-*.js', { cwd: directory })
    expect(pages).not.toEqual([])
    const later = pages.flatMap((page) => [
      page,
      ...[...read(page).matchAll(/from\s*["']\.\/([^"']+\.js)["']/g)].map(
        ([, name = '']) => `assets/${name}`,
      ),
    ])
    const first = new Set([...scriptsOf('index.html'), ...later])
    expect(packed([...first])).toBeLessThan(120 * 1024)
    // All of it together is not much more: nothing large has come in unseen.
    expect(packed(globSync('assets/*.js', { cwd: directory }))).toBeLessThan(150 * 1024)
  })

  test('has no script, style or handler in its markup, which its policy would refuse', () => {
    for (const page of ['index.html', 'reference.html']) {
      expect(read(page)).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i)
      for (const [, attributes = '', inside] of read(page).matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)) {
        expect([attributes.includes(' src='), inside]).toEqual([true, ''])
      }
    }
  })

  test('never makes code, or markup, of text', () => {
    for (const name of globSync('assets/*.js', { cwd: directory })) {
      expect([name, /\beval\(|new Function\(|insertAdjacentHTML|document\.write/.test(read(name))]).toEqual([
        name,
        false,
      ])
    }
    for (const path of globSync('clients/console/**/*.{ts,tsx}'))
      expect([path, /innerHTML|dangerouslySet/.test(readFileSync(path, 'utf8'))]).toEqual([path, false])
  })

  test('is named by the hash of what is in it, and comes packed', () => {
    const assets = globSync('assets/*.{js,css}', { cwd: directory })
    expect(assets.length).toBeGreaterThan(10)
    for (const name of assets) {
      expect(name).toMatch(/-[\w-]{8}\.(js|css)$/)
      expect(read(`${name}.gz`).length).toBeGreaterThan(0)
    }
  })

  test('is the same, however often it is built', () => {
    const other = mkdtempSync(join(tmpdir(), 'drydock-browser-files-'))
    writeBrowserFiles(other)
    const names = globSync('**/*.*', { cwd: directory }).sort()
    expect(globSync('**/*.*', { cwd: other }).sort()).toEqual(names)
    for (const name of names)
      expect(readFileSync(join(other, name)).equals(readFileSync(join(directory, name)))).toBe(true)
    rmSync(other, { recursive: true })
  })

  test('names whose work is in it, with the words of their licences', () => {
    const notices = read('THIRD-PARTY-NOTICES.txt')
    for (const name of ['preact', 'uplot', 'csv-parse']) expect(notices).toMatch(new RegExp(`^${name} `, 'm'))
  })

  test('holds the state machines as they are drawn', () => {
    expect(JSON.parse(read('machines/upgrade.json'))).toMatchObject({ StartAt: 'Where are we?' })
    expect(JSON.parse(read('machines/rollout.json'))).toHaveProperty('States')
  })
})
