import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canonicalJson } from '../../events/canonical.ts'
import { manifestOf } from '../domain/trust/signing.ts'

/**
 * Makes `vectors.json` anew: keys and signatures by a real gpg (GnuPG 2.2), with a clock that is set. Run it with Node, where gpg is installed; the keys
 * are thrown away afterwards, but for one private key that is kept to be refused.
 */
const home = mkdtempSync(join(tmpdir(), 'gpg-'))
const text = canonicalJson(manifestOf())
const file = join(home, 'manifest.canonical')
writeFileSync(file, text)

/** When keys are made, unless something else is said: before what tests call now. */
const made = '20251201T000000'

function gpg(at: string, ...words: readonly string[]): Buffer {
  const quiet = ['--quiet', '--batch', '--yes', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '']
  return execFileSync('gpg', ['--homedir', home, '--faked-system-time', `${at}!`, ...quiet, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function fingerprintsOf(name: string): readonly string[] {
  const listed = gpg(made, '--with-colons', '--with-subkey-fingerprint', '--list-keys', `=${name}`).toString()
  return [...listed.matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map(([, fingerprint = '']) =>
    fingerprint.toLowerCase(),
  )
}

interface Asked {
  readonly primary: readonly [algorithm: string, use: string]
  readonly subkeys?: readonly (readonly [algorithm: string, use: string, expires?: string])[]
  readonly at?: string
  readonly expires?: string
}

/** Makes a key and returns its fingerprints, the primary's first. */
function makeKey(name: string, { primary, subkeys = [], at = made, expires = 'never' }: Asked) {
  gpg(at, '--quick-gen-key', name, ...primary, expires)
  const [fingerprint = ''] = fingerprintsOf(name)
  for (const [algorithm, use, until = 'never'] of subkeys)
    gpg(at, '--quick-add-key', fingerprint, algorithm, use, until)
  return fingerprintsOf(name)
}

const certificateOf = (fingerprint: string) => gpg(made, '--armor', '--export', fingerprint).toString()

/** Signs what is in the file, and returns the bytes in base64. */
function sign(by: string, { at = '20260101T000000', words = ['--detach-sign'] as readonly string[] } = {}) {
  return gpg(at, '--local-user', `${by}!`, ...words, '--output', '-', file).toString('base64')
}

const kinds: Readonly<Record<string, Asked>> = {
  ed25519: {
    primary: ['ed25519', 'cert,sign'],
    subkeys: [
      ['ed25519', 'sign'],
      ['cv25519', 'encr'],
    ],
  },
  rsa3072: {
    primary: ['rsa3072', 'cert'],
    subkeys: [
      ['rsa3072', 'sign'],
      ['rsa3072', 'encr'],
    ],
  },
  rsa4096: { primary: ['rsa4096', 'cert,sign'], subkeys: [['rsa4096', 'sign']] },
  p256: { primary: ['nistp256', 'cert,sign'], subkeys: [['nistp256/ecdsa', 'sign']] },
  p384: { primary: ['nistp384', 'cert,sign'] },
  weak: { primary: ['rsa1024', 'cert,sign'] },
  'weak subkey': { primary: ['ed25519', 'cert'], subkeys: [['rsa1024', 'sign']] },
  dsa: { primary: ['dsa2048', 'cert,sign'] },
  'for encryption': { primary: ['ed25519', 'cert'], subkeys: [['cv25519', 'encr']] },
  expired: { primary: ['ed25519', 'cert,sign'], at: '20251101T000000', expires: '2025-11-20' },
  expiring: { primary: ['ed25519', 'cert,sign'], expires: '2026-03-01' },
  'expiring subkey': {
    primary: ['ed25519', 'cert,sign'],
    subkeys: [['ed25519', 'sign', '2026-02-01']],
  },
  'expired subkey': {
    primary: ['ed25519', 'cert,sign'],
    subkeys: [['ed25519', 'sign', '2025-12-20']],
  },
  'revoked subkey': { primary: ['ed25519', 'cert,sign'], subkeys: [['ed25519', 'sign']] },
  revoked: { primary: ['ed25519', 'cert,sign'] },
}

try {
  const keys = Object.fromEntries(
    Object.entries(kinds).map(([name, asked]) => {
      const fingerprints = makeKey(name, asked)
      const [primary = ''] = fingerprints
      const signers = [primary, ...fingerprints.slice(1, 2)].filter((one, place) => {
        const [, use = ''] = (place === 0 ? asked.primary : asked.subkeys?.[place - 1]) ?? []
        return one !== '' && use.includes('sign')
      })
      const at = name.startsWith('expired') ? '20251115T000000' : '20260101T000000'
      const when = name === 'expired subkey' ? '20251215T000000' : at
      const signatures = Object.fromEntries(signers.map((one) => [one, sign(one, { at: when })]))
      return [name, { fingerprints, certificate: certificateOf(primary), signatures }] as const
    }),
  )

  const [alice = '', second = ''] = keys.ed25519?.fingerprints ?? []
  const secret = gpg(made, '--armor', '--export-secret-keys', alice).toString()

  const revocation = readFileSync(
    join(home, 'openpgp-revocs.d', `${keys.revoked?.fingerprints[0]?.toUpperCase()}.rev`),
    'utf8',
  ).replace(/^:-----BEGIN/m, '-----BEGIN')
  writeFileSync(join(home, 'revocation.asc'), revocation)
  gpg('20251202T000000', '--import', join(home, 'revocation.asc'))
  const [revoked = ''] = keys.revoked?.fingerprints ?? []
  const [withRevoked = ''] = keys['revoked subkey']?.fingerprints ?? []
  execFileSync(
    'gpg',
    [
      ...['--homedir', home, '--faked-system-time', '20251202T000000!', '--quiet', '--no-tty', '--yes'],
      ...['--pinentry-mode', 'loopback', '--passphrase', '', '--command-fd', '0', '--edit-key', withRevoked],
    ],
    { input: 'key 1\nrevkey\ny\n0\n\ny\nsave\n', stdio: ['pipe', 'pipe', 'pipe'] },
  )

  const hostile = {
    'text mode': sign(alice, { words: ['--textmode', '--detach-sign'] }),
    'SHA-1': sign(alice, { words: ['--digest-algo', 'SHA1', '--detach-sign'] }),
    inline: sign(alice, { words: ['--sign'] }),
    'inline, not compressed': sign(alice, { words: ['--compress-algo', 'none', '--sign'] }),
    cleartext: sign(alice, { words: ['--clearsign'] }),
    armored: sign(alice, { words: ['--armor', '--detach-sign'] }),
    several: sign(alice, { words: ['--local-user', `${second}!`, '--detach-sign'] }),
    expiring: sign(alice, { words: ['--default-sig-expire', '1y', '--detach-sign'] }),
    'critical notation': sign(alice, {
      words: ['--sig-notation', '!build@example.com=7', '--detach-sign'],
    }),
    future: sign(alice, { at: '20270101T000000' }),
    'another text': gpg(
      '20260101T000000',
      ...['--local-user', `${alice}!`, '--detach-sign', '--output', '-', join(home, 'revocation.asc')],
    ).toString('base64'),
  }
  const good = {
    notation: sign(alice, { words: ['--sig-notation', 'build@example.com=7', '--detach-sign'] }),
    'SHA-384': sign(alice, { words: ['--digest-algo', 'SHA384', '--detach-sign'] }),
    'SHA-256': sign(second, { words: ['--digest-algo', 'SHA256', '--detach-sign'] }),
  }
  const vectors = {
    text,
    secret,
    keys: {
      ...keys,
      revoked: { ...keys.revoked, certificate: certificateOf(revoked) },
      'revoked subkey': { ...keys['revoked subkey'], certificate: certificateOf(withRevoked) },
    },
    good,
    hostile,
  }
  writeFileSync(
    fileURLToPath(new URL('vectors.json', import.meta.url)),
    `${JSON.stringify(vectors, null, 2)}\n`,
  )
} finally {
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all'])
  rmSync(home, { recursive: true })
}
