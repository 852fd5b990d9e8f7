import type { Role } from '../../contracts/routes.ts'

/** Who has signed in. It ends with the tab: nothing of it is kept elsewhere, and nothing of it is in an address. */
export interface Session {
  readonly token: string
  readonly name: string
  /** As the issuer knows them: by this the log names whoever has asked for something. */
  readonly subject: string
  readonly roles: readonly Role[]
}
