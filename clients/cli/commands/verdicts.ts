import type { Command } from 'commander'
import { declare, group, type Start, withReason } from './declare.ts'

/** Declares what is done with verdicts of compliance checks, which policies ask for. */
export function declareVerdicts(program: Command, start: Start): void {
  const work = async () => import('../work/verdicts.ts')
  group(program, 'verdicts', 'Verdicts: what compliance checks say of releases', (verdicts) => {
    declare(verdicts, 'show <component> <version>', {
      does: 'Show what compliance checks say of a release',
      examples: [['verdicts show api v1.3.0', 'the last word of each check']],
    }).runs(start(async () => (await work()).show))
    withReason(
      declare(verdicts, 'post <component> <version> <check> <verdict>', {
        does: 'Post what a compliance check says of a release; its last word counts',
        examples: [
          [
            'verdicts post api v1.3.0 licence-scan passed --evidence https://ci.example.com/run/17',
            'policies that ask for this check let it pass',
          ],
        ],
      }),
      'optional',
    )
      .needed('--evidence <url>', 'where it can be read, by https')
      .option('--sha256 <hash>', 'of what is there: 64 hexadecimal digits')
      .runs(start(async () => (await work()).post))
  })
}
