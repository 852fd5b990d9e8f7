#!/usr/bin/env node
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync, type Stats, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { limits } from './limits.ts'
import { faults, Unreadable, type Verdict } from './verdict.ts'
import { verifyWhole } from './verify.ts'

const usage = `npx drydock-verify FILE… [--key FILE] [--json]   (in a clone of the project, or npm run verify -- FILE…)

Says what a pack of evidence proves, without asking anybody: name all of its parts, in any order.

  --key FILE  the public key with which the deployment signs its heads, as PEM or as KMS gives it. Take it from
              the deployment, not from who gave you the pack: without it nothing proves that the pack was not
              made anew
  --json      the verdict as JSON

Ends with 0 when all of it is proven, 1 when something is wrong, 2 when it cannot be read, 3 when nothing is
wrong and not all of it is proven.`

/** Reads a public key of Ed25519: PEM, or its DER in base64. */
function readKey(file: string): KeyObject {
  boundFile(file, 16 * 1024)
  try {
    const text = readFileSync(file, 'utf8')
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'spki' })
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Whatever it is, it is no such key.
  }
  throw new Unreadable('no-key', `${file} holds no public key of Ed25519.`)
}

/** Refuses what is no file, as a pipe or a device, from which reading would wait or never end, and what is too large. */
function boundFile(file: string, most: number): void {
  let known: Stats | undefined
  try {
    known = statSync(file)
  } catch {
    // It is not there, or not to be looked at.
  }
  if (!known?.isFile()) throw new Unreadable('no-file', `${file} is no file.`)
  if (known.size > most) throw new Unreadable('too-large', `${file} has more than ${most} bytes.`)
}

function given(file: string) {
  return {
    name: basename(file),
    read(): Buffer {
      try {
        boundFile(file, limits.part)
        return readFileSync(file)
      } catch (error) {
        if (error instanceof Unreadable) throw error
        throw new Unreadable('no-file', `${file} cannot be read.`)
      }
    },
  }
}

/** What was said of somebody else is shown as it is, but for what would move the cursor, or is not seen and changes how the rest is read. */
const shown = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')

/** The same in JSON, where it stays what it is; what JSON is laid out by stays too. */
const escaped = (json: string) =>
  json.replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, (signs) =>
    [...Array(signs.length).keys()]
      .map((place) => `\\u${signs.charCodeAt(place).toString(16).padStart(4, '0')}`)
      .join(''),
  )

/** What no pack can prove, however well it is made. */
const beyond = [
  'That a rule was kept which the log alone does not show: limits, windows, gates and which policies bind are judged by npm run audit over the whole log.',
  'That who is named did it: the log names whom the issuer of tokens vouched for.',
  'That a target really runs what it reported.',
  'The report: it is in words, for people, and not held against the streams.',
]

const more = (all: number, told: readonly unknown[]) =>
  all > told.length ? [`  … and ${all - told.length} more`] : []

function inWords({ findings, found, proven, proves, unproven, lacks }: Verdict): string {
  const lines: string[] = []
  if (found > 0) {
    lines.push(`BROKEN: ${found === 1 ? 'one thing is' : `${found} things are`} wrong.`)
    for (const { fault, where, words } of findings)
      lines.push(`  ${fault}  ${where}`, `      ${words} ${faults[fault]}`)
    lines.push(...more(found, findings))
    return lines.map(shown).join('\n')
  }
  lines.push(unproven.length === 0 ? 'PROVEN' : 'NOTHING IS WRONG, and not all of it is proven.')
  lines.push(...proven.map((one) => `  proven      ${one}`), ...more(proves, proven))
  lines.push(...unproven.map((one) => `  not proven  ${one}`), ...more(lacks, unproven))
  lines.push('What no pack proves:', ...beyond.map((one) => `  - ${one}`))
  return lines.map(shown).join('\n')
}

function statusOf({ found, unproven }: Verdict): number {
  if (found > 0) return 1
  return unproven.length > 0 ? 3 : 0
}

/** What was asked for cannot be: the words say why, and what can. */
class Misused extends Error {}

function readWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { key: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw new Misused(`${said.split(/\. |\n/)[0]?.replace(/\.$/, '')}.\n\n${usage}`)
  }
}

async function main(): Promise<number> {
  const { values, positionals } = readWords()
  if (values.help) {
    console.log(usage)
    return 0
  }
  if (positionals.length === 0) throw new Misused(`Which pack?\n\n${usage}`)
  // A part that was named twice, by a pattern and by its name, is one.
  const parts = [...new Set(positionals.map((file) => resolve(file)))]
  const verdict = await verifyWhole(
    parts.map(given),
    values.key === undefined ? undefined : readKey(values.key),
  )
  const { findings, proven, unproven } = verdict
  if (values.json)
    console.log(escaped(JSON.stringify({ status: statusOf(verdict), findings, proven, unproven }, null, 2)))
  else console.log(inWords(verdict))
  return statusOf(verdict)
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof Misused) console.error(error.message)
  else if (error instanceof Unreadable)
    console.error(`CANNOT BE READ. ${shown(`${error.why}: ${error.message}`)}`)
  else console.error(error)
  process.exitCode = 2
}
