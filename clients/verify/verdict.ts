import { limits } from './limits.ts'

/** What can be wrong with a pack, each with what it means. */
export const faults = {
  'file-damaged': 'A file cannot be unpacked, is not what its check says, or is no UTF-8.',
  'file-changed': 'A file is not the one of which the manifest gives length and SHA-256.',
  'file-missing': 'The manifest names a file that is not there.',
  'file-added': 'A file is there that the manifest does not name.',
  'manifest-changed': 'A manifest is not as it was written.',
  'part-missing': 'A part between the others is missing, or the last is.',
  'part-of-another-pack': 'A part does not follow from the one before it, or is of another pack.',
  'commit-edited': 'A commit is not the one of its hash, or does not follow from the one before it.',
  'commit-dropped': 'A commit is missing between others.',
  'commit-reordered': 'Commits are in another order than that of their stream.',
  'commit-added': 'A stream is there twice, or one that does not belong here.',
  'stream-truncated': 'The end of a stream is missing.',
  'stream-missing': 'A stream that another cites is missing.',
  'plan-exchanged': 'The members, or what was asked for, are not those of the plan that was approved.',
  'not-as-planned': 'A target was sent to something else than the plan says.',
  'outcome-not-told': 'The upgrade counts an end that its target does not tell.',
  'told-twice':
    'What can be but once is told a second time: a request, a plan, a release, an end, or that a target was sent.',
  'told-after-end': 'The upgrade goes on after its end.',
  'out-of-time':
    'A target was sent, or came to its end, when the upgrade had not admitted it yet or was over.',
  'not-approved': 'It began without the approvals that it needed, or they were not for this plan.',
  'manifest-exchanged':
    'The manifest of a release is not the one whose digest was planned, is that of another release, or had expired.',
  'signature-wrong': 'A signature under a manifest was not made by its key.',
  'too-few-signatures': 'Fewer keys have signed a release than had to.',
  'head-not-signed': 'A document of heads is not signed by the key.',
  'head-exchanged': 'A signed head says that a stream is another one.',
} as const
export type Fault = keyof typeof faults

/** Something that is wrong, and where. */
export interface Finding {
  readonly fault: Fault
  readonly where: string
  readonly words: string
}

/** The pack cannot be read at all: it is none, or asks for more than any needs. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly why: string
  constructor(why: string, words: string) {
    super(words)
    this.why = why
  }
}

/** Returns a text with no more than so many characters, the last of which says that there were more. */
const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

/** What a pack proves, what it does not, and what is wrong with it. */
export class Verdict {
  readonly findings: Finding[] = []
  readonly proven: string[] = []
  readonly unproven: string[] = []
  /** How many findings there are, and things that are proven or are not, those included that are not told. */
  found = 0
  proves = 0
  lacks = 0

  find(fault: Fault, where: string, words: string): void {
    if (this.found++ < limits.findings)
      this.findings.push({ fault, where: cut(where, limits.where), words: cut(words, limits.words) })
  }

  prove(words: string): void {
    if (this.proves++ < limits.findings) this.proven.push(cut(words, limits.words))
  }

  lack(words: string): void {
    if (this.lacks++ < limits.findings) this.unproven.push(cut(words, limits.words))
  }
}
