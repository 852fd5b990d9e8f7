import type { Attribute, Commit } from '../../events/envelope.ts'
import { toItem } from '../../events/envelope.ts'
import { LastingError } from '../errors.ts'

/** Limits on what one write may hold, in bytes; DynamoDB's own is 400 KB an item. */
export const limits = { event: 64 * 1024, commit: 300 * 1024, commitWithSnapshot: 350 * 1024 } as const

/** An event's data is larger than any reader should have to take: put references into it, not contents. */
export class EventTooLarge extends LastingError {
  override readonly name = 'EventTooLarge'
  readonly type: string
  readonly bytes: number
  constructor(type: string, index: number, bytes: number) {
    super(`event ${index} of the commit, ${type}, has ${bytes} bytes; at most ${limits.event} are allowed`)
    this.type = type
    this.bytes = bytes
  }
}

/** The events of one decision do not fit into one commit: decide on fewer at a time. */
export class CommitTooLarge extends LastingError {
  override readonly name = 'CommitTooLarge'
  readonly largest: string
  readonly bytes: number
  constructor(largest: string, count: number, bytes: number) {
    super(
      `a commit of ${count} events has ${bytes} bytes; at most ${limits.commit} are allowed (largest event: ${largest})`,
    )
    this.largest = largest
    this.bytes = bytes
  }
}

/** Returns a commit's size as DynamoDB counts it (names and values in UTF-8, 3 bytes a list or map, 1 an element). */
export function sizeOf(commit: Commit): number {
  return sizeOfMembers(toItem(commit))
}

function sizeOfMembers(members: Record<string, Attribute>): number {
  let size = 0
  for (const [name, attribute] of Object.entries(members))
    size += Buffer.byteLength(name) + sizeOfValue(attribute)
  return size
}

function sizeOfValue(attribute: Attribute): number {
  if ('S' in attribute) return Buffer.byteLength(attribute.S)
  if ('N' in attribute) return Math.ceil(attribute.N.length / 2) + 1
  if ('L' in attribute) return 3 + attribute.L.reduce((sum, element) => sum + 1 + sizeOfValue(element), 0)
  return 3 + Object.keys(attribute.M).length + sizeOfMembers(attribute.M)
}

/** Returns the units that a write of so many bytes costs: one per KB begun. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1024))
}

/** Returns the units that a read of so many bytes costs: one per 4 KB begun, half of that when eventually consistent. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5)
}
