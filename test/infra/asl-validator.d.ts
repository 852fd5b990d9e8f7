declare module 'asl-validator' {
  /** Checks a state machine against the JSON schema of the Amazon States Language and the rules beyond it. */
  export default function aslValidator(machine: unknown): {
    readonly isValid: boolean
    readonly errors: readonly unknown[]
  }
}
