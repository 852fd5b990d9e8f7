import type { OneShot, WindowSchedules } from '../../functions/work/window-schedules.ts'

/** Schedules in memory that nothing fires: as in the service, making one twice makes one, and removing one that is gone is fine. */
export interface MemorySchedules extends WindowSchedules {
  readonly all: Map<string, OneShot>
  /** How many were made or removed, or were to be. */
  calls(): number
}

/** Returns schedules in memory. */
export function memorySchedules(): MemorySchedules {
  const all = new Map<string, OneShot>()
  let calls = 0
  return {
    all,
    calls: () => calls,
    list: async (prefix) => [...all.keys()].filter((name) => name.startsWith(prefix)),
    async create(firing) {
      calls++
      if (!all.has(firing.name)) all.set(firing.name, firing)
    },
    async remove(name) {
      calls++
      all.delete(name)
    },
  }
}
