import { cut } from '../../events/cut.ts'

/** As many characters of a reason as an event takes. */
const longestDetail = 512

/** Returns the event by which what cannot be planned ends, with as much of the reason as an event takes. */
export function planningFailed({ code, detail }: { readonly code: string; readonly detail: string }) {
  return { type: 'PlanningFailed' as const, data: { code, detail: cut(detail, longestDetail) } }
}
