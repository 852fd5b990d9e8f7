import { isLasting } from './errors.ts'

/**
 * Returns what is read of one among many; undefined where that fails however often it is tried, which a line of the log says with its name: it is missed, and
 * keeps no other from being shown or planned (design: #one-of-many). Rejects with what may pass by itself.
 */
export async function unlessUnreadable<Value>(
  what: string,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!isLasting(error)) throw error
    console.error({
      level: 'ERROR',
      message: 'It cannot be read, and is missed.',
      what,
      error: String(error),
    })
    return undefined
  }
}
