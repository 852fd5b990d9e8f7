import { createHmac } from 'node:crypto'

/** What decides about a member's place in the order. */
export interface Placed {
  readonly target: string
  readonly type: string
  readonly region: string | null
  readonly critical: boolean
}

/**
 * Returns members in the order in which they are upgraded: explicit canaries first, in the order in which they were named, critical ones last, and between
 * them every stratum (type and region) evenly spread, so that each beginning of the order resembles the whole. Inside a stratum
 * the order is HMAC(seed, target), and the seed is what is rolled out: nobody can choose it, a larger share holds a smaller one, and another
 * release meets others first (design: #order).
 */
export function inOrder<Member extends Placed>(
  members: readonly Member[],
  seed: string,
  canaries: readonly string[],
): Member[] {
  const named = new Map([...new Set(canaries)].map((target, place) => [target, place]))
  const strata = new Map<string, { member: Member; draw: string }[]>()
  for (const member of members) {
    const stratum = JSON.stringify([member.critical, named.has(member.target), member.type, member.region])
    const draw = createHmac('sha256', seed).update(member.target, 'utf8').digest('hex')
    const drawn = strata.get(stratum)
    if (drawn) drawn.push({ member, draw })
    else strata.set(stratum, [{ member, draw }])
  }
  const placed = [...strata.values()].flatMap((stratum) =>
    stratum
      .sort((left, right) => (left.draw < right.draw ? -1 : 1))
      .map(({ member, draw }, place) => {
        const canary = named.get(member.target)
        const rank = member.critical ? 2 : canary === undefined ? 1 : 0
        const share = rank === 0 ? (canary ?? 0) : (place + 0.5) / stratum.length
        return { member, rank, share, draw }
      }),
  )
  return placed
    .sort((a, b) => a.rank - b.rank || a.share - b.share || (a.draw < b.draw ? -1 : 1))
    .map(({ member }) => member)
}
