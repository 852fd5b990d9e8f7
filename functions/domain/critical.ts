const prefix = 'CRITICAL_'

/** Is this the code of a failure that nothing may be tried again after, and that takes a profile out of service (P13)? */
export function isCritical(code: string | null): boolean {
  return code?.startsWith(prefix) ?? false
}
