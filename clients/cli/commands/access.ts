import type { Command } from 'commander'
import { declare, repeatable, type Start } from './declare.ts'
import { pair } from './values.ts'

/** Declares where one is, and as whom. */
export function declareAccess(program: Command, start: Start): void {
  program.commandsGroup('Where, and as whom:')
  declare(program, 'login', {
    does: 'Sign in at the issuer of a deployment',
    examples: [
      [
        'login --url https://drydock.example --issuer https://login.example --client-id drydock-cli',
        'by a page that you open; on one machine --data DIR needs no login',
      ],
    ],
  })
    .needed('--issuer <url>', 'who issues tokens: the Issuer of the deployment')
    .needed('--client-id <id>', 'by which name it knows this program')
    .option('--scope <scopes>', 'what is asked for (openid offline_access)')
    .option('--audience <audience>', 'whom the token is for, where the issuer asks')
    .runs(start(async () => (await import('../work/login.ts')).login))
  declare(program, 'logout', {
    does: 'Forget the login at a deployment',
    examples: [['logout --url https://drydock.example', '']],
  }).runs(start(async () => (await import('../work/login.ts')).logout))
  declare(program, 'server', {
    does: 'Say whether the API answers',
    examples: [['server --url https://drydock.example', 'its version, if it is there']],
  }).runs(start(async () => (await import('../work/access.ts')).server))
  repeatable(
    declare(program, 'call <operation>', {
      does: 'Call an operation of the API by its name, as /openapi.json has it',
      examples: [
        ['call getTrust', 'what there is no command of its own for'],
        ['call setTrust --body trust.json', 'with a body; - is the standard input'],
      ],
    }),
  )
    .option('--param <name=value>', 'a part of its path; repeatable', pair)
    .option('--query <name=value>', 'of its query; repeatable', pair)
    .option('--body <file>', 'YAML, or JSON where the name ends so')
    .runs(start(async () => (await import('../work/access.ts')).call))
}
