import { type Credentials, credentialsSet } from '../environment.ts'

/** No function can do anything without them. It has the name that the SDK gives to this, by which it passes. */
class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError'
  constructor() {
    super(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: Lambda sets them for the role of each function.',
    )
  }
}

/**
 * Stands in bundles for `@aws-sdk/credential-provider-node`: a function's credentials are in its environment, where Lambda puts them, and nowhere else.
 * All other places in which that package looks (profiles, single sign-on, token files, metadata of machines) are a fifth of a bundle.
 */
export function defaultProvider(): () => Promise<Credentials> {
  return async () => {
    const credentials = credentialsSet()
    if (!credentials) throw new CredentialsProviderError()
    return credentials
  }
}
