import type { Command } from 'commander'
import { declare, group, listed, repeatable, type Start, withReason } from './declare.ts'
import { each, list, pair } from './values.ts'

/** Declares what is done with targets, and with releases and their keys. */
export function declareFleet(program: Command, start: Start): void {
  program.commandsGroup('What there is:')
  group(program, 'targets', 'Targets: list, add, import, pin, retire', (made) => declareTargets(made, start))
  group(program, 'releases', 'Releases: sign, publish, promote, block, withdraw', (made) =>
    declareReleases(made, start),
  )
  group(program, 'keys', 'Keys that releases are signed with', (made) => declareKeys(made, start))
}

function declareTargets(targets: Command, start: Start): void {
  const work = async () => import('../work/targets.ts')
  listed(
    declare(targets, 'list', {
      does: 'List targets by id',
      examples: [['targets list --component api --version v1.1.0', 'who is behind']],
    }),
  )
    .option('--component <component>', 'that run it')
    .option('--version <version>', 'at this version')
    .option('--type <type>', 'of this type')
    .option('--region <region>', 'in this region')
    .option('--tag <name=value>', 'with this tag; repeatable', pair)
    .option('--retired', 'those that were taken out of service')
    .runs(start(async () => (await work()).list))
  declare(targets, 'show <target>', {
    does: 'Show a target',
    examples: [['targets show cust_0007', 'what it runs, and what is done to it']],
  }).runs(start(async () => (await work()).show))
  repeatable(
    declare(targets, 'add <target>', {
      does: 'Register one target',
      examples: [
        ['targets add cust_0007 --component api=v1.1.0 --region eu-west', ''],
        [
          'targets add cust_0007 --component api=v1.1.0 --enrol',
          'and print the token by which its agent enrols',
        ],
      ],
    }),
  )
    .option('--component <name=version>', 'what it runs; repeatable', pair)
    .option('--type <type>', 'what it is (customer)')
    .option('--region <region>', 'where it is')
    .option('--namespace <namespace>', 'where it is in its cluster')
    .option('--gateway <target>', 'who speaks for it')
    .option('--critical', 'it is never among the first')
    .option('--tag <name=value>', 'its tags; repeatable', pair)
    .option('--environment <name=value>', 'what is where it runs; repeatable', pair)
    .option('--enrol', 'issue the one-time token of its agent')
    .runs(start(async () => (await work()).add))
  declare(targets, 'import <file>', {
    does: 'Register all targets of a file: CSV or JSON, thousands',
    examples: [
      [
        'targets import fleet.csv',
        'columns: id,type,region,critical,namespace,gateway,component:api,tag:ring',
      ],
      ['targets import fleet.json --enrol tokens.csv', 'and keep the tokens by which their agents enrol'],
    ],
  })
    .option('--enrol <file>', 'where to keep their enrolment tokens, readable by you alone')
    .runs(start(async () => (await import('../work/import.ts')).importTargets))
  repeatable(
    declare(targets, 'edit <target>', {
      does: 'Change facts about a target; what is left out stays',
      examples: [['targets edit cust_0007 --region eu-west --tag ring=early', 'tags are replaced together']],
    }),
  )
    .option('--type <type>', 'what it is')
    .option('--region <region>', 'where it is')
    .option('--namespace <namespace>', 'where it is in its cluster')
    .option('--gateway <target>', 'who speaks for it')
    .option('--critical', 'it is never among the first')
    .option('--no-critical', 'it may be among the first')
    .option('--tag <name=value>', 'all of its tags; repeatable', pair)
    .option('--environment <name=value>', 'all that is where it runs; repeatable', pair)
    .runs(start(async () => (await work()).edit))
  withReason(
    declare(targets, 'pin <target>', {
      does: 'Keep a target at what it runs',
      examples: [['targets pin cust_0007 --reason "audit until May"', 'nothing upgrades it']],
    }),
    'needed',
  )
    .option('--component <component>', 'this one alone')
    .runs(start(async () => (await work()).pin))
  repeatable(
    declare(targets, 'unpin <target>', {
      does: 'Let a target be upgraded again',
      examples: [['targets unpin cust_0007', 'from the next plan on']],
    }),
  ).runs(start(async () => (await work()).unpin))
  withReason(
    declare(targets, 'retire <target>', {
      does: 'Take a target out of service for good',
      examples: [['targets retire cust_0007 --reason "contract ended"', 'its credentials are void at once']],
    }),
    'needed',
  )
    .option('--force', 'even while something is done to it')
    .runs(start(async () => (await work()).retire))
  repeatable(
    declare(targets, 'enrol <target>', {
      does: 'Issue a one-time token by which an agent enrols',
      examples: [['targets enrol cust_0007', 'the token alone on the standard output']],
    }),
  ).runs(start(async () => (await work()).enrol))
}

function declareReleases(releases: Command, start: Start): void {
  const work = async () => import('../work/releases.ts')
  listed(
    declare(releases, 'list', {
      does: 'List releases by component and version',
      examples: [['releases list --component api', 'with who has signed, and what is blocked']],
    }),
  )
    .option('--component <component>', 'of this component')
    .option('--channel <channel>', 'on this channel')
    .runs(start(async () => (await work()).list))
  declare(releases, 'show <component> <version>', {
    does: 'Show a release',
    examples: [['releases show api v1.2.0', 'its digest and standing']],
  }).runs(start(async () => (await work()).show))
  declare(releases, 'sign <manifest>', {
    does: 'Print the signature of a manifest; the key stays here, and nothing is sent',
    examples: [['releases sign manifest.json --key release.key.pem > ann.json', 'one of several who sign']],
  })
    .needed('--key <file>', 'a private key: PEM, Ed25519; repeatable', each)
    .runs(start(async () => (await work()).sign))
  repeatable(
    declare(releases, 'publish', {
      does: 'Publish a release: a manifest with its signatures',
      examples: [
        ['releases publish --manifest manifest.json --key release.key.pem', 'signed here by one key'],
        [
          'releases publish --manifest manifest.json --signature ann.json --signature bob.json',
          'signed elsewhere by two',
        ],
        [
          'releases publish --manifest manifest.json --signature manifest.canonical.asc',
          'signed by gpg, detached and armored',
        ],
        [
          'releases publish --component api --version v1.2.0 --artifact api.tar',
          'unsigned, where the deployment allows it',
        ],
      ],
    }),
  )
    .option('--manifest <file>', 'what is signed, in JSON')
    .option('--key <file>', 'a private key to sign with: PEM, Ed25519; repeatable', each)
    .option(
      '--signature <file>',
      'signatures as sign prints them, or an armored one of gpg; repeatable',
      each,
    )
    .option('--component <component>', 'of an unsigned one')
    .option('--version <version>', 'of an unsigned one')
    .option('--channel <channel>', 'of an unsigned one; stable')
    .option('--digest <digest>', 'of an unsigned one: sha256: and 64 digits')
    .option('--artifact <file>', 'in its place: it is measured here')
    .option('--notes <text>', 'of an unsigned one')
    .runs(start(async () => (await work()).publish))
  withReason(
    declare(releases, 'promote <component> <version>', {
      does: 'Put a release on another channel',
      examples: [['releases promote api v1.3.0 --channel stable --reason "a week in beta"', '']],
    }),
    'needed',
  )
    .needed('--channel <channel>', 'the channel')
    .runs(start(async () => (await work()).promote))
  const changes = [
    [
      'block',
      'blockRelease',
      'Plan and hand over nothing to a release for now',
      'what is under way is paused',
    ],
    ['unblock', 'unblockRelease', 'Unblock a release', 'paused upgrades are resumed by somebody'],
    ['withdraw', 'withdrawRelease', 'Withdraw a release for good', 'every upgrade that uses it is paused'],
    [
      'free',
      'freeRelease',
      'Let a release be chosen again that was taken back',
      'latest, stable and profiles may',
    ],
  ] as const
  for (const [name, operation, does, effect] of changes)
    withReason(
      declare(releases, `${name} <component> <version>`, {
        does,
        examples: [[`releases ${name} api v1.3.0 --reason "see incident 12"`, effect]],
      }),
      'needed',
    ).runs(start(async () => (await work()).change(operation)))
}

function declareKeys(keys: Command, start: Start): void {
  const work = async () => import('../work/releases.ts')
  declare(keys, 'list', { does: 'List all keys', examples: [['keys list', 'the revoked ones too']] }).runs(
    start(async () => (await work()).keys),
  )
  repeatable(
    declare(keys, 'register <file>', {
      does: 'Register a public key: PEM, Ed25519, or OpenPGP, armored',
      examples: [
        ['keys register release.pem --label "build server"', 'it may sign releases of any component'],
        ['keys register release.asc --label "Ann"', 'of OpenPGP, armored'],
      ],
    }),
  )
    .needed('--label <text>', 'whose it is, or where it is kept')
    .option('--component <components>', 'for these alone', list)
    .option('--channel <channels>', 'for these alone', list)
    .runs(start(async () => (await work()).registerKey))
  withReason(
    declare(keys, 'revoke <key>', {
      does: 'Revoke a key: what it has signed counts no more',
      examples: [['keys revoke 1f3a… --reason "laptop lost"', 'from now on']],
    }),
    'needed',
  )
    .option('--from <instant>', 'from then on, not now')
    .runs(start(async () => (await work()).revokeKey))
}
