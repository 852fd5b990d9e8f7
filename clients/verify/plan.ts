import { countOf, hashOf, type Json, type JsonObject, listOf, Malformed, memberOf, textOf } from './json.ts'
import { limits } from './limits.ts'
import { Unreadable } from './verdict.ts'

/** A member of a plan: which target goes from which version to which, and to what digest, where the plan says it of each. */
export interface Member {
  readonly target: string
  readonly from: string
  readonly to: string
  readonly digest: string | null | undefined
}

/** What was planned, as the upgrade's stream says it. */
export interface Planned {
  readonly planHash: string
  readonly members: number
  readonly version: string
  /** Null: each member has its own. */
  readonly digest: string | null
  /** The event, of which the hash is made. */
  readonly data: JsonObject
}

/** Reads what was planned. Throws Malformed. */
export function plannedOf(data: JsonObject): Planned {
  const digest = memberOf(data, 'digest')
  return {
    planHash: textOf(data, 'planHash'),
    members: countOf(data, 'members'),
    version: textOf(data, 'version'),
    digest: typeof digest === 'string' ? digest : null,
    data,
  }
}

const isName = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.length <= limits.name

/** The members of a plan, gathered from its chunks. */
export class Plan {
  readonly members: Member[] = []
  readonly #hashes: string[] = []

  /** How many chunks there are. */
  get chunks(): number {
    return this.#hashes.length
  }

  /** Takes the next chunk. Throws Malformed. */
  take(chunk: JsonObject): void {
    this.#hashes.push(hashOf(chunk))
    const versions = listOf(chunk, 'versions')
    const digests = memberOf(chunk, 'digests')
    for (const member of listOf(chunk, 'members')) {
      if (!Array.isArray(member)) throw new Malformed('a member is no list')
      const [target, from, to] = member as readonly Json[]
      const [fromVersion, toVersion] = [versions[Number(from)], versions[Number(to)]]
      if (!isName(target) || !isName(fromVersion) || !isName(toVersion))
        throw new Malformed('a member has no target or no versions')
      if (this.members.length >= limits.members)
        throw new Unreadable('too-many-members', `A plan has at most ${limits.members} members.`)
      const digest = Array.isArray(digests) ? (digests as readonly Json[])[Number(to)] : undefined
      this.members.push({
        target,
        from: fromVersion,
        to: toVersion,
        digest: typeof digest === 'string' || digest === null ? digest : undefined,
      })
    }
  }

  /** Returns the hash over request, chunks, release and waves: what was approved. */
  hash(request: Json, { data }: Planned): string {
    const root: Record<string, Json> = { request: hashOf(request), chunks: this.#hashes }
    for (const name of [
      'version',
      'digest',
      'policyVersion',
      'rules',
      'waves',
      'entries',
      'rolling',
      'spacingSeconds',
    ]) {
      const value = memberOf(data, name)
      if (value !== undefined) root[name] = value
    }
    return hashOf(root)
  }
}

/** Yields the members in ranges of them, as far as there are members, each with what stands behind the range. Throws Malformed. */
function* inRanges(ranges: readonly Json[], members: number): Generator<readonly [number, Json | undefined]> {
  for (const range of ranges) {
    const [from, to, n] = Array.isArray(range) ? (range as readonly Json[]) : []
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) throw new Malformed('a range is none')
    for (let member = Math.max(0, Number(from)); member < Math.min(Number(to), members); member++)
      yield [member, n]
  }
}

/** Yields the members in ranges of them, as far as there are members. Throws Malformed. */
export function* membersIn(ranges: readonly Json[], members: number): Generator<number> {
  for (const [member] of inRanges(ranges, members)) yield member
}

/** Yields the members that an admission admits once more, each with how often that is. Throws Malformed. */
export function* admittedAgain(admission: JsonObject, members: number): Generator<readonly [number, number]> {
  for (const name of ['retried', 'readmitted'])
    for (const [member, n] of inRanges(listOf(admission, name), members)) {
      if (typeof n !== 'number') throw new Malformed(`${name} does not say how often`)
      yield [member, n]
    }
}
