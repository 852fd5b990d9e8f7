import type { Command } from 'commander'
import { declare, group, repeatable, type Start, withReason } from './declare.ts'
import { deployment } from './upgrades.ts'

/** Declares what is done with policies. */
export function declarePolicies(program: Command, start: Start): void {
  const work = async () => import('../work/policies.ts')
  group(program, 'policies', 'Policies: what every upgrade has to meet', (policies) => {
    declare(policies, 'list', {
      does: 'List policies by name, those out of service too',
      examples: [['policies list', '']],
    }).runs(start(async () => (await work()).list))
    declare(policies, 'show <name>', {
      does: 'Show a policy as it is defined, as JSON',
      examples: [['policies show production', '']],
    }).runs(start(async () => (await work()).show))
    deployment(
      declare(policies, 'try', {
        does: 'Say what policies would say to a deploy, and ask nobody',
        examples: [
          [
            'policies try --component api --version v1.2.0 --strategy all --tag environment=production',
            'exit code 3 where it would be refused',
          ],
        ],
      }),
    ).runs(start(async () => (await work()).judge))
    repeatable(
      declare(policies, 'define <name> <file>', {
        does: 'Define a policy by a file of JSON, or define it anew',
        examples: [['policies define production production.json', 'it binds from then on']],
      }),
    ).runs(start(async () => (await work()).define))
    withReason(
      declare(policies, 'withdraw <name>', {
        does: 'Take a policy out of service: it binds nothing any more',
        examples: [['policies withdraw production --reason "replaced by two"', '']],
      }),
      'needed',
    ).runs(start(async () => (await work()).withdraw))
  })
}
