import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

interface Locked {
  readonly integrity?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly inBundle?: boolean
  readonly hasInstallScript?: boolean
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))
const locked: [string, Locked][] = Object.entries(read('package-lock.json').packages)
const declared: Record<string, string> = read('package.json').dependencies

describe('S28: what the functions are made of', () => {
  test('is few, and each in one exact version', () => {
    expect(Object.keys(declared).length).toBeLessThanOrEqual(12)
    for (const [name, version] of Object.entries(declared))
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)])
  })

  test('is locked with a hash; of what it is built with, all but tools of other platforms is', () => {
    const installed = locked.filter(([path, { inBundle }]) => path.startsWith('node_modules/') && !inBundle)
    expect(installed.length).toBeGreaterThan(50)
    const open = installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    expect(open.filter(([, { dev, optional }]) => !(dev && optional)).map(([path]) => path)).toEqual([])
  })

  test('runs nothing when it is installed', () => {
    const scripts = locked.filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev)
    expect(scripts.map(([path]) => path)).toEqual([])
  })
})
