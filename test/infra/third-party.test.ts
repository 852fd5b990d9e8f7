import { existsSync, globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeCommandLine } from '../../infra/command-line-bundle.ts'
import { thirdParty } from '../../infra/third-party.ts'
import { type Assembly, assembled, functionName, ofType } from './synthesized.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kept = (name: string) => readFileSync(join(root, name), 'utf8')

/** What may be in a function, or in the command line. Others, and copyleft that reaches further than its own files, need a decision first. */
const accepted = ['MIT', 'ISC', '0BSD', 'Apache-2.0', 'Unlicense', '(ISC AND CC-BY-3.0)']
/** What may lie beside a function (ADR 0061), and be in none. */
const acceptedBeside = ['LGPL-3.0+']

let assembly: Assembly
/** The directory of each function, as it is deployed. */
let deployed: Record<string, string>
beforeAll(() => {
  assembly = assembled()
  deployed = Object.fromEntries(
    ofType(assembly.template, 'AWS::Lambda::Function').map(([id, { Properties }]) => {
      const { S3Key } = Properties.Code as { S3Key: string }
      return [functionName(id), assembly.asset(S3Key)]
    }),
  )
})
afterAll(() => assembly.remove())

/** What the command line alone is bundled of: it is installed to bundle it, and runs nowhere else. */
const bundledAlone = ['@bomb.sh/tab', 'commander', 'csv-parse']
/** What browsers load parts of, in the same way. */
const loadedAlone = ['csv-parse', 'preact', 'uplot']

/** The packages that a bundle's source map names, with their versions. */
function mapped(directory: string): readonly string[] {
  const { sources } = JSON.parse(readFileSync(join(directory, 'index.mjs.map'), 'utf8')) as {
    sources: string[]
  }
  const names = sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? [])
  return [...new Set(names)].sort().map((name) => {
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
    return `${name} ${version} (`
  })
}

describe('B9: work of others in the functions', () => {
  let present: ReturnType<typeof thirdParty>
  beforeAll(() => {
    present = thirdParty()
  })

  test.each(['THIRD-PARTY-NOTICES.txt', 'sbom.cdx.json'])(
    '%s is that of the present bundles: npm run notices',
    (name) => {
      expect(kept(name)).toBe(present[name])
    },
  )

  test('goes with each bundle: every package that its source map names is in the notices beside it', () => {
    expect(Object.keys(deployed).length).toBeGreaterThan(15)
    for (const [name, directory] of Object.entries(deployed)) {
      const notices = readFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
      const packages = mapped(directory)
      expect(packages.length).toBeGreaterThan(0)
      expect([name, packages.filter((one) => !notices.includes(`\n${one}`))]).toEqual([name, []])
    }
  })

  test('is named with the sources that the data of holidays came from, where that data is, and nowhere else', () => {
    const holds = Object.entries(deployed).filter(([, directory]) =>
      readFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), 'utf8').includes('\ndate-holidays '),
    )
    expect(holds.map(([name]) => name)).toEqual(['calendars'])
    const notices = readFileSync(join(holds[0]?.[1] ?? '', 'THIRD-PARTY-NOTICES.txt'), 'utf8')
    expect(notices).toContain('CC BY-SA 3.0 Attributions')
    expect(notices).toContain('https://de.wikipedia.org/wiki/Feiertage_in_Deutschland')
  })

  test('is under licences that were looked at', () => {
    const licences = [...kept('THIRD-PARTY-NOTICES.txt').matchAll(/^\S+ \d[\w.-]* \((.+)\)$/gm)].map(
      ([, licence]) => licence,
    )
    expect(licences.length).toBeGreaterThan(20)
    const taken = [...accepted, ...acceptedBeside]
    expect(licences.filter((licence) => !taken.includes(licence ?? ''))).toEqual([])
  })

  test('is in no bundle where it has to be exchangeable: it lies beside the one that imports it, as it was published', () => {
    const [name, ...others] = Object.keys(deployed).filter((one) =>
      existsSync(join(deployed[one] ?? '', 'node_modules')),
    )
    expect([name, others]).toEqual(['releases', []])
    const directory = deployed.releases ?? ''
    const published = readFileSync(join(root, 'node_modules/openpgp/dist/node/openpgp.min.mjs'))
    const found = createRequire(join(directory, 'index.mjs')).resolve('openpgp')
    expect(found).toBe(realpathSync(join(directory, 'node_modules/openpgp/index.mjs')))
    expect(readFileSync(found).equals(published)).toBe(true)
    for (const one of Object.values(deployed)) expect(mapped(one).join()).not.toContain('openpgp')
    // Imported when it is wanted alone: a start without it does not read it.
    const text = readFileSync(join(directory, 'index.mjs'), 'utf8')
    expect(text).toMatch(/import\("openpgp"\)/)
    expect(text).not.toMatch(/from\s*"openpgp"/)
    const notices = readFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
    for (const words of [
      '\nopenpgp 6',
      'GNU LESSER GENERAL PUBLIC LICENSE',
      'GNU GENERAL PUBLIC LICENSE',
      'https://github.com/openpgpjs/openpgpjs',
    ])
      expect(notices).toContain(words)
    const licences = [...notices.matchAll(/^(\S+) \d[\w.-]* \((.+)\)$/gm)]
    expect(licences.filter(([, , one = '']) => acceptedBeside.includes(one)).map(([, one]) => one)).toEqual([
      'openpgp',
    ])
  })

  test('has words for each licence: nothing is only named', () => {
    const notices = kept('THIRD-PARTY-NOTICES.txt')
    for (const words of [
      'Permission is hereby granted',
      'TERMS AND CONDITIONS FOR USE',
      'Permission to use, copy, modify',
    ])
      expect(notices).toContain(words)
    expect(existsSync(join(root, 'node_modules/@middy/core/LICENSE'))).toBe(false)
    expect(notices).toMatch(/@middy\/core \S+ \(MIT\)\n\nMIT License\n\nCopyright \(c\) Middy contributors/)
  })
})

describe('S28: the bill of materials', () => {
  interface Component {
    readonly name: string
    readonly version: string
    readonly purl: string
    readonly 'bom-ref': string
    readonly hashes: readonly { readonly alg: string; readonly content: string }[]
    readonly licenses: readonly object[]
  }
  const bill = JSON.parse(kept('sbom.cdx.json')) as {
    readonly components: readonly Component[]
    readonly [field: string]: unknown
  }

  test('is CycloneDX, of this version of the project', () => {
    const { version } = JSON.parse(kept('package.json'))
    expect(bill).toMatchObject({
      ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
      metadata: { component: { name: 'drydock', version } },
    })
  })

  test('names each package as it is locked, once, with hash and licence', () => {
    const { packages } = JSON.parse(kept('package-lock.json'))
    expect(bill.components.length).toBeGreaterThan(20)
    expect(new Set(bill.components.map((one) => one['bom-ref'])).size).toBe(bill.components.length)
    for (const { name, version, purl, hashes, licenses } of bill.components) {
      const locked = packages[`node_modules/${name}`]
      const dev = [...bundledAlone, ...loadedAlone].includes(name) ? true : undefined
      expect([name, version, locked.dev]).toEqual([name, locked.version, dev])
      expect(purl).toBe(`pkg:npm/${name.startsWith('@') ? `%40${name.slice(1)}` : name}@${version}`)
      const [hash] = hashes
      expect(`sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`).toBe(locked.integrity)
      expect(licenses).toHaveLength(1)
    }
  })

  test('holds every package that any function was bundled of', () => {
    const all = new Set(Object.values(deployed).flatMap(mapped))
    const listed = bill.components.map(({ name, version }) => `${name} ${version} (`)
    expect([...all].filter((one) => !listed.includes(one))).toEqual([])
  })

  test('holds every package that the command line is bundled of, whose notices lie beside it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'drydock-bundle-'))
    try {
      writeCommandLine(directory)
      const notices = readFileSync(join(directory, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
      const listed = bill.components.map(({ name }) => name)
      for (const name of [...bundledAlone, 'zod']) {
        expect(notices).toContain(`\n${name} `)
        expect(listed).toContain(name)
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('is for the whole project: there is no second one that would say something else', () => {
    expect(globSync('*.cdx.json', { cwd: root })).toEqual(['sbom.cdx.json'])
  })
})
