import type { ProfileState } from './state.ts'

/** Returns who has edited a profile beside somebody since what it runs was last approved, as events tell it: nothing where nobody has. */
export function editorsBeside(
  { editors }: Pick<ProfileState, 'editors'>,
  somebody: string,
): { editors?: string[] } {
  const others = editors.map(({ by }) => by).filter((by) => by !== somebody)
  return others.length > 0 ? { editors: others } : {}
}
