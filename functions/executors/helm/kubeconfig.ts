import * as z from 'zod'

/** How a cluster is reached, with nothing in it but what is needed for that. Secret as a whole. */
export interface Kubeconfig {
  readonly server: string
  /** What somebody who says it back gives away. */
  readonly secrets: readonly string[]
  /** Returns it as helm reads it. `proxy` is where every request of helm has to go through. */
  file(proxy: string): string
}

/** Who may look at a document is told why it is none, and nothing that is in it. */
export class NoKubeconfig extends Error {
  override readonly name = 'NoKubeconfig'
}

/** In characters: a secret of Secrets Manager has at most 64 KB. */
const longest = 65_536

const mostEntries = 100

/**
 * What is read of one. Programs that print credentials, and paths of files, are not in it: they would be run, and read, with the rights of this
 * function. Made when it is needed: only bundles that need it hold it.
 */
function schemas() {
  const data = z.string().regex(/^[A-Za-z0-9+/=\s]*$/, 'base64')
  const entries = z.array(z.looseObject({ name: z.string() })).max(mostEntries)
  const context = z.looseObject({ cluster: z.string(), user: z.string() })
  return {
    whole: z.looseObject({
      'current-context': z.string(),
      contexts: z.array(z.looseObject({ name: z.string(), context })).max(mostEntries),
      clusters: entries,
      users: entries,
    }),
    cluster: z.strictObject({
      server: z.string(),
      'certificate-authority-data': data.optional(),
      'tls-server-name': z.string().max(253).optional(),
      extensions: z.unknown().optional(),
    }),
    user: z.strictObject({
      token: z.string().optional(),
      'client-certificate-data': data.optional(),
      'client-key-data': data.optional(),
    }),
  }
}

function one<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  entries: readonly Readonly<Record<string, unknown>>[],
  name: string,
): z.output<Schema> {
  const entry = entries.find((each) => each.name === name)
  const read = schema.safeParse(entry?.[what])
  if (read.success) return read.data
  // The names of members are no secrets; their values may be.
  const where = read.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String),
  )
  throw new NoKubeconfig(
    `The ${what} that the kubeconfig is set to cannot be used: ${where.join(', ') || 'it is not there'}. A cluster has a server by https:// with certificate-authority-data and tls-server-name, a user has a token, or client-certificate-data and client-key-data; programs and files are not taken.`,
  )
}

async function documentIn(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    const { parse } = await import('yaml')
    try {
      return parse(text, { maxAliasCount: 0, prettyErrors: false })
    } catch {
      return undefined
    }
  }
}

/**
 * Reads a kubeconfig, as YAML or JSON: the cluster and the user of its present context. Rejects with NoKubeconfig where it is none, or would have helm
 * run a program, read a file, or not look at who answers.
 */
export async function readKubeconfig(text: string): Promise<Kubeconfig> {
  const { whole, cluster, user } = schemas()
  const read = text.length > longest ? undefined : whole.safeParse(await documentIn(text))
  if (!read?.success)
    throw new NoKubeconfig('It is no kubeconfig: YAML with clusters, users, contexts and a current-context.')
  const { contexts, clusters, users } = read.data
  const context = contexts.find(({ name }) => name === read.data['current-context'])?.context
  if (!context) throw new NoKubeconfig('The current-context of the kubeconfig is none of its contexts.')
  const reached = one('cluster', cluster, clusters, context.cluster)
  const { extensions: _, ...kept } = reached
  const identity = one('user', user, users, context.user)
  return {
    server: reached.server,
    secrets: [identity.token, identity['client-key-data']].filter((secret) => secret !== undefined),
    file: (proxy) =>
      // JSON is YAML.
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'one' },
        contexts: [{ name: 'one', context: { cluster: 'one', user: 'one' } }],
        clusters: [{ name: 'one', cluster: { ...kept, 'proxy-url': proxy } }],
        users: [{ name: 'one', user: identity }],
      }),
  }
}
