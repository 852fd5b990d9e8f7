/** A firing that is to happen once. */
export interface OneShot {
  /** At most 64 characters; the same name is the same firing. */
  readonly name: string
  /** An ISO instant; whole seconds count. */
  readonly at: string
  /** What the function is called with. */
  readonly input: object
  /** After so many seconds it is of no use any more. */
  readonly maximumAge: number
}

/** The one-shot schedules of windows. Making one twice makes one, and removing one that is gone is fine. */
export interface WindowSchedules {
  /** Returns the names of those that exist and begin so. */
  list(prefix: string): Promise<string[]>
  create(firing: OneShot): Promise<void>
  remove(name: string): Promise<void>
}

/** Returns schedules that are opened when they are first asked: few calls of a function need the client of the Scheduler, and it is large. */
export function whenAsked(open: () => Promise<WindowSchedules>): WindowSchedules {
  let opened: Promise<WindowSchedules> | undefined
  const schedules = () => {
    opened ??= open()
    return opened
  }
  return {
    list: async (prefix) => (await schedules()).list(prefix),
    create: async (firing) => (await schedules()).create(firing),
    remove: async (name) => (await schedules()).remove(name),
  }
}
