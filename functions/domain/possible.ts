/** Returns the actions that are possible, in the order in which they are named. */
export function possible<Action extends string>(
  actions: Readonly<Partial<Record<Action, boolean>>>,
): readonly Action[] {
  return Object.entries(actions).flatMap(([action, may]) => (may ? [action as Action] : [])) // the keys are the actions
}
