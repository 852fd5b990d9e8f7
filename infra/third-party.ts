import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { endCommand, readCommandLine } from './command-line.ts'
import { commandLinePackages } from './command-line-bundle.ts'
import { browserPackages } from './constructs/browser-files.ts'
import { built } from './constructs/bundles.ts'
import { entryOf, functionNames } from './constructs/declarations.ts'
import { distinct, noticesOf, type Package, packagesIn } from './constructs/third-party.ts'

const usage = `npm run notices

Writes the notices and the bill of materials of what the functions and the command line hold: run it after
a dependency has changed.`

const root = fileURLToPath(new URL('..', import.meta.url))

/** What other people's work is in the functions and in the command line, as it is kept beside the sources: file names with their texts. */
export function thirdParty(): Readonly<Record<string, string>> {
  const { metafile } = built(functionNames.map(entryOf))
  const packages = distinct([
    ...Object.values(metafile.outputs).flatMap(packagesIn),
    ...commandLinePackages(),
    ...browserPackages(),
  ])
  return {
    'THIRD-PARTY-NOTICES.txt': noticesOf(packages),
    'sbom.cdx.json': `${JSON.stringify(billOfMaterials(packages), null, 2)}\n`,
  }
}

/**
 * Returns a software bill of materials (CycloneDX 1.6) of packages, with the hashes that the lock file holds of them. It has neither number
 * nor time, so that it is the same for the same packages.
 */
function billOfMaterials(packages: readonly Package[]): object {
  const { name, version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const { packages: locked } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'))
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', 'bom-ref': `${name}@${version}`, name, version } },
    components: packages.map((one) => ({
      type: 'library',
      'bom-ref': `${one.name}@${one.version}`,
      name: one.name,
      version: one.version,
      purl: `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`,
      hashes: [{ alg: 'SHA-512', content: digest(locked[`node_modules/${one.name}`]?.integrity, one) }],
      licenses: / (AND|OR|WITH) /.test(one.licence)
        ? [{ expression: one.licence }]
        : [{ license: { id: one.licence } }],
    })),
    dependencies: [
      {
        ref: `${name}@${version}`,
        dependsOn: packages.map((one) => `${one.name}@${one.version}`),
      },
    ],
  }
}

function digest(integrity: string | undefined, { name }: Package): string {
  const [algorithm, value = ''] = (integrity ?? '').split(/-(.*)/s)
  if (algorithm !== 'sha512') throw new Error(`The lock file has no SHA-512 of ${name}.`)
  return Buffer.from(value, 'base64').toString('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    readCommandLine(usage, { options: {} })
    for (const [name, text] of Object.entries(thirdParty())) writeFileSync(`${root}${name}`, text)
  } catch (error) {
    endCommand(error)
  }
}
