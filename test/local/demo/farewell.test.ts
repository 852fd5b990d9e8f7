import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { farewell } from '../../../infra/local/demo/farewell.ts'

const left = {
  url: 'http://127.0.0.1:65535',
  data: join(process.cwd(), '.drydock', 'demo'),
  upgradeId: '2159143c-fc96-4c10-acb1-48335d2a2470',
  fleet: 'http://127.0.0.1:65534',
}

/** The lines that are to be pasted. */
const commands = (data: string) =>
  farewell({ ...left, data })
    .filter((line) => /^ {2}(\w+=|get)/.test(line))
    .join('\n')

describe('the end of the demo', () => {
  it('fits a terminal of 80 columns', () => {
    expect(farewell(left).filter((line) => line.length > 80)).toEqual([])
  })

  it.each([left.data, "/tmp/it's a folder"])('can be pasted, with its data in %s', (data) => {
    const paste = `npm() { echo "token $*"; }; curl() { echo "$3 $4"; }\n${commands(data)}\necho "$DATA"`
    const said = execFileSync('bash', ['-euc', paste], { encoding: 'utf8' }).trim().split('\n')
    const directory = data === left.data ? '.drydock/demo' : data
    const token = `authorization: Bearer token run -s token -- --data ${directory} --user operator-1 --role operator`
    const upgrade = `${left.url}/api/upgrades/${left.upgradeId}`
    const paths = ['status', 'events', 'blast-radius'].map((path) => `${token} ${upgrade}/${path}`)
    expect(said.filter((line) => line !== '')).toEqual([...paths, directory])
  })

  it.each([
    ['http://127.0.0.1:3100', ''],
    [left.url, ` --url ${left.url}`],
  ])('has the command line look at %s', (url, option) => {
    const lines = farewell({ ...left, url }).filter((line) => line.includes('drydock -- '))
    expect(lines).toEqual(
      ['status', 'events'].map((word) => `  npm run -s drydock -- ${word} $ID --data "$DATA"${option}`),
    )
  })

  it('names the description of the API and an instance', () => {
    const text = farewell(left).join('\n')
    expect(text).toContain(`${left.url}/openapi.json`)
    expect(text).toContain(left.fleet)
  })
})
