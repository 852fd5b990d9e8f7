import { v5 } from 'uuid'

/** The name space of attempt ids. Changing it would let old attempts begin again under new names. */
const attemptNamespace = 'b1f0a2f4-5a83-5c0e-9f5d-3d8f6f0c7e21'

/** Which try of which upgrade on which target. */
export interface AttemptKey {
  readonly upgrade: string
  readonly phase: number
  readonly target: string
  readonly n: number
}

/** Returns the attempt's id: the uuid v5 of `upgrade/phase/target/n`, so that whoever acts twice names the same attempt. */
export function attemptId(key: AttemptKey): string {
  return v5(`${key.upgrade}/${key.phase}/${key.target}/${key.n}`, attemptNamespace)
}
