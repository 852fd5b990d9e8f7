import { readdirSync, readFileSync } from 'node:fs'
import type { Call } from '../../infra/local/demo/api.ts'
import { after, before, componentsOf, layoutOf, type Size } from './layout.ts'
import type { Servers } from './servers.ts'

/** Returns a document of this example as it is written. */
export function documentText(name: string): string {
  return readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
}

/** Yields the procedures of this example by their names. */
export function procedureTexts(): { readonly name: string; readonly text: string }[] {
  return readdirSync(new URL('./procedures/', import.meta.url)).map((file) => ({
    name: file.replace('.yaml', ''),
    text: documentText(`procedures/${file}`),
  }))
}

/** How a target is known from the start. */
export interface Facts {
  /** May instances be forced off this node, when they do not leave in time? */
  readonly force: 'allowed' | 'never'
}

function targetsOf(size: Size, servers: Servers, factsOf: (node: string) => Facts) {
  const running = (type: keyof typeof componentsOf) => ({
    type,
    components: Object.fromEntries(componentsOf[type].map((component) => [component, before])),
  })
  const nodes = layoutOf(size).flatMap(({ name: region, nodes }) => {
    const { url, edges } = servers.regions.find(({ name }) => name === region)?.places ?? {
      url: '',
      edges: {},
    }
    return [
      { id: region, region, ...running('region'), tags: { url } },
      ...nodes.map(({ name, type }) => ({
        ...{ id: name, region, ...running(type) },
        tags: {
          url: `${url}/${name}`,
          ...(type === 'operator-node' && { edge: edges[name]?.url ?? '' }),
          ...(type === 'worker-node' && { scheduling: 'enabled', force: factsOf(name).force }),
        },
      })),
    ]
  })
  const database = { id: 'database', ...running('database'), tags: { url: servers.database.url } }
  return [...nodes, database]
}

/** Registers the releases, the targets and the procedures. */
export async function register(
  operator: Call,
  { size, servers, factsOf }: { size: Size; servers: Servers; factsOf: (node: string) => Facts },
): Promise<{ readonly targets: number; readonly procedures: number }> {
  for (const component of new Set(Object.values(componentsOf).flat()))
    await operator('POST', '/api/v1/releases', {
      ...{ component, version: after, channel: 'stable', digest: `sha256:${'5d'.repeat(32)}` },
    })
  const targets = targetsOf(size, servers, factsOf)
  await operator('POST', '/api/v1/targets', { targets })
  const procedures = procedureTexts()
  for (const { name, text } of procedures) await operator('PUT', `/api/v1/procedures/${name}`, text)
  return { targets: targets.length, procedures: procedures.length }
}
