import type { Beginning } from './approvals.ts'
import type { PackCommit } from './commit.ts'
import { countOf, type JsonObject, listOf, memberOf, objectOf, textOf } from './json.ts'
import type { Verdict } from './verdict.ts'

/** Whom one revision of a policy means; null: whoever has the role. */
interface Meant {
  readonly approvers: ReadonlySet<unknown> | null
  readonly role: string
  readonly required: number
}

/** Judges whether those approved whom policies wanted to: by the policies as they were defined, and not by what the upgrade says of them. */
export class Policies {
  /** By name: each revision, from 1. */
  readonly #defined = new Map<string, (Meant | null)[]>()
  readonly #verdict: Verdict

  constructor(verdict: Verdict) {
    this.#verdict = verdict
  }

  /** Takes the next commit of the stream of policies. Throws Malformed. */
  take({ events }: PackCommit): void {
    for (const { type, data } of events) {
      if (type !== 'PolicyDefined') continue
      const name = textOf(data, 'name')
      const document = objectOf(memberOf(data, 'document'), 'document')
      const revisions = this.#defined.get(name) ?? []
      revisions.push(meantBy(document))
      this.#defined.set(name, revisions)
    }
  }

  /** Judges one beginning of an upgrade; returns how many approvals policies asked for. Throws Malformed. */
  judge({ where, demands, approvals }: Beginning): number {
    let asked = 0
    for (const { policy, revision } of demands) {
      const meant = this.#defined.get(policy)?.[revision - 1]
      if (!meant) {
        this.#verdict.find('not-approved', where, `Policy ${policy}, revision ${revision}, asks for nothing.`)
        continue
      }
      const { approvers, role, required } = meant
      const given = new Set(
        approvals
          .filter(
            (one) =>
              (approvers === null || approvers.has(one.by)) && (role !== 'admin' || one.role === 'admin'),
          )
          .map(({ by }) => by),
      )
      asked += required
      if (given.size < required)
        this.#verdict.find(
          'not-approved',
          where,
          `It went on with ${given.size} of ${required} approvals that policy ${policy} asks for.`,
        )
    }
    return asked
  }
}

function meantBy(document: JsonObject): Meant | null {
  const approvals = memberOf(document, 'approvals')
  if (approvals === undefined || approvals === null) return null
  const asked = objectOf(approvals, 'approvals')
  const approvers = memberOf(asked, 'approvers')
  return {
    approvers: approvers === null ? null : new Set(listOf(asked, 'approvers')),
    role: textOf(asked, 'role'),
    required: countOf(asked, 'required'),
  }
}
