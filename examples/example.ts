import { endCommand } from '../infra/command-line.ts'
import { blueGreen } from './blue-green/blue-green.ts'
import { domain } from './domain/domain.ts'
import { fleet } from './fleet/fleet.ts'
import { helm } from './helm/helm.ts'
import { platform } from './platform/platform.ts'

/** What can be shown, by name. */
const examples: Readonly<Record<string, () => Promise<boolean>>> = {
  'blue-green': blueGreen,
  ...{ domain, fleet, helm, platform },
}

const usage = `npm run example -- NAME [options]

Shows Drydock at work on this machine, and ends with status 0 only if it went as told. --help behind NAME
lists its options.

  blue-green  a shop at 8 sites: verified beside the old version, switched, switched back where it is not well
  domain      one domain, upgraded by calls of its own manager, with an alert that a person acknowledges
  fleet       machines in the field, whose own agents verify, install, and take back
  helm        the instances of customers, releases of helm in a cluster
  platform    45 services on 27 nodes in 3 regions, upgraded and taken back by declared documents`

async function main(): Promise<void> {
  const [name = ''] = process.argv.splice(2, 1)
  const example = Object.hasOwn(examples, name) ? examples[name] : undefined
  if (!example) {
    if (name === '--help' || name === '-h') {
      console.log(usage)
      process.exit(0)
    }
    throw new Error(
      `${name.startsWith('-') ? `Unknown option '${name}'` : `No example is named '${name}'`}.\n\n${usage}`,
    )
  }
  process.exit((await example()) ? 0 : 1)
}

main().catch(endCommand)
