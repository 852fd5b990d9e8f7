import * as z from 'zod'

/** What calls things by their names: a target, a component, a version, a tag. */
export const name = z.string().min(1).max(128)

export const instant = z.iso.datetime({ error: 'an instant in UTC as 2026-01-31T12:00:00Z' })

/** How what was measured of two groups is compared: as their quotient, or as their difference. */
export const comparisons = ['ratio', 'difference'] as const

/** Who did something: the subject of a token, or a part of Drydock itself. */
export const person = z.string().min(1).max(256)

/**
 * As many bytes of JSON as the names have together of those who alone may approve: they stand in the event of a request beside all else that it asks
 * for, in those of its children, and in each that waits for them.
 */
export const bytesOfApprovers = 8000

/** Why something was done, as it was said. */
export const words = z.string().max(512)

/** What an upgrade is for. All but a deploy are children of another upgrade. */
export const upgradeKinds = ['deploy', 'retry', 'rollback'] as const

/** How an upgrade cuts its targets into waves. */
export const strategies = ['all', 'canary', 'batch', 'percentages', 'groups', 'rolling', 'serial'] as const

/** What becomes of targets that none of the groups of an upgrade means: it is refused, or they go in a wave of their own, the last. */
export const othersOfGroups = ['refuse', 'last'] as const

/** What follows when more fail than a wave bears. */
export const breachActions = ['pause', 'abort', 'rollback'] as const

/** How the versions of a component are written and ordered: MAJOR.MINOR.PATCH, any count of numbers, or opaque. */
export const versionSchemes = ['semver', 'dotted', 'ordered'] as const

/** What a key is called: the SHA-256 of its DER, or of a certificate of OpenPGP the fingerprint of the primary key, in lower-case hexadecimal. */
export const keyId = z.string().regex(/^(?:[0-9a-f]{64}|[0-9a-f]{40})$/)

/** How releases are signed. */
export const signatureSchemes = ['ed25519', 'openpgp'] as const

/** What a key inside of a certificate of OpenPGP was worth when the certificate was registered. */
export const certifiedStandings = ['signs', 'cannot-sign', 'revoked', 'expired'] as const

/** How much a notice matters, the least first. */
export const severities = ['info', 'warning', 'critical'] as const
export type Severity = (typeof severities)[number]

/** The roles of those who may approve. */
export const approvingRoles = ['approver', 'admin'] as const

/** By what it is noticed that two machines speak with one credential. */
export const cloneSigns = ['boot-ids', 'contradicting-reports'] as const

/** Which membership comes first in a profile: 1 before all others. */
export const priority = z.int().min(1).max(10)

/** Where a membership names no priority, and where the filters alone mean a target. */
export const defaultPriority = 5

/** Which holidays of a country close a calendar. */
export const holidayTypes = ['public', 'bank', 'school', 'optional', 'observance'] as const

/** Why a window did not open. */
export const skipReasons = [
  'not_in_schedule',
  'inactive',
  'frozen',
  'holiday',
  'running',
  'nothing_to_upgrade',
  'dependency',
  'held_back',
] as const

/** The `source` of everything on the bus. It stands here for who puts it there and needs no schema. */
export const publicSource = 'drydock'

/**
 * Characters that nobody sees, or that turn the direction of writing, so that a text reads as something else than it is: the inside of a class
 * of a regular expression that holds in every dialect. What joins letters and emoji, or keeps them apart (U+200C, U+200D), is none of them: Persian,
 * the scripts of India and emoji are written with it.
 */
export const unseen = '\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb'

/** Tags (U+E0000 to U+E007F), in a class that is read with the flag `u`. Flags of parts of countries are written with them, and so is text that only machines read. */
export const tags = '\\u{e0000}-\\u{e007f}'

const blank = new RegExp(`[\\p{Cc}\\p{Cs}\\s${unseen}${tags}]+`, 'gu')

/** Returns a text as one line that reads as what it is: blanks stand for control characters and for what nobody sees. */
export function plainText(text: string): string {
  return text.replace(blank, ' ').trim()
}
