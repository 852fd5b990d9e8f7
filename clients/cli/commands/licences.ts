import type { Command } from 'commander'
import { declare, group, listed, repeatable, type Start, withReason } from './declare.ts'
import { instant, list } from './values.ts'

const hash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

/** Declares what is done with licences. */
export function declareLicences(program: Command, start: Start): void {
  const work = async () => import('../work/licences.ts')
  group(program, 'licences', 'Licences: who may have which releases', (licences) => {
    listed(
      declare(licences, 'list', {
        does: 'List licences by the hashes of their keys',
        examples: [['licences list', 'the revoked ones too']],
      }),
    ).runs(start(async () => (await work()).list))
    declare(licences, 'show <licence>', {
      does: 'Show what a licence entitles to',
      examples: [[`licences show ${hash}`, '']],
    }).runs(start(async () => (await work()).show))
    repeatable(
      declare(licences, 'define [licence]', {
        does: 'Define a licence, or what it entitles to from now on',
        examples: [
          [
            'licences define --key-file customer-17.key --label "Customer 17"',
            'the key stays here; its hash is sent',
          ],
          [
            `licences define ${hash} --label "Customer 17" --component api --expires 2027-01-31T00:00:00Z`,
            '',
          ],
        ],
      }),
    )
      .needed('--label <text>', 'whose it is')
      .option('--key-file <file>', 'the key, in the place of its hash (- is the standard input)')
      .option('--component <components>', 'to the releases of these alone', list)
      .option('--channel <channels>', 'on these channels alone', list)
      .option('--expires <instant>', 'from then on it entitles to nothing', instant)
      .runs(start(async () => (await work()).define))
    withReason(
      declare(licences, 'revoke <licence>', {
        does: 'Revoke a licence for good',
        examples: [
          [`licences revoke ${hash} --reason "contract ended"`, 'nothing is planned by it any more'],
        ],
      }),
      'needed',
    ).runs(start(async () => (await work()).revoke))
    repeatable(
      declare(licences, 'give <target> [licence]', {
        does: 'Say which licence a target has, where its agent presents no key',
        examples: [
          [`licences give cust_0007 ${hash}`, ''],
          ['licences give cust_0007 --none', 'it has none any more'],
        ],
      }),
    )
      .option('--none', 'it has none')
      .runs(start(async () => (await work()).give))
    repeatable(
      declare(licences, 'require <component>', {
        does: 'Say whether releases of a component need a licence',
        examples: [
          ['licences require api --channel stable', 'nobody without one gets those'],
          ['licences require api --not', 'they need none any more'],
        ],
      }),
    )
      .option('--channel <channels>', 'on these channels alone', list)
      .option('--not', 'they need none')
      .runs(start(async () => (await work()).licensing))
  })
}
