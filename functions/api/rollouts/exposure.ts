/** Returns how many approvals a rollout needs, and why it needs any that it did not ask for: the phases of these names expose too much at once. */
export function neededApprovals(
  required: number,
  exposed: readonly string[],
  atLeast = 1,
): { readonly required: number; readonly reason: string | null } {
  if (exposed.length === 0) return { required, reason: null }
  const names = exposed.map((name) => `"${name}"`).join(', ')
  const reason = `The first wave of ${names} takes so much of the fleet that a second person has to approve it.`
  return { required: Math.max(required, atLeast), reason }
}
