import { bytesOf } from '../../../events/bytes.ts'
import type { ProfileState } from './state.ts'

/** As many bytes of JSON as the names of editors have together: they stand in the event of the upgrade that they do not approve, beside all else. */
const bytesOfEditors = 16_000

/**
 * Returns who has edited a profile beside somebody since what it runs was last approved, as events tell it: the last of them where one event has no
 * room for all; nothing where nobody has.
 */
export function editorsBeside(
  { editors }: Pick<ProfileState, 'editors'>,
  somebody: string,
): { editors?: string[] } {
  const others = editors.map(({ by }) => by).filter((by) => by !== somebody)
  let bytes = 0
  const older = others.findLastIndex((by) => {
    bytes += bytesOf(by) + 1
    return bytes > bytesOfEditors
  })
  const told = others.slice(older + 1)
  return told.length > 0 ? { editors: told } : {}
}
