import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { Caller, World } from './world.ts'

/** What a tool answered, read: tests look into it without knowing its type. */
export interface Told {
  readonly isError: boolean
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any
}

/** Returns what a tool answered. Both tellings of it have to be the same. */
export function toldBy(result: object): Told {
  const { content, structuredContent, isError = false } = result as CallToolResult // as a server without tasks answers
  const [only] = content
  if (only?.type !== 'text' || content.length !== 1) throw new Error('One text was expected.')
  const body: unknown = JSON.parse(only.text)
  if (JSON.stringify(body) !== JSON.stringify(structuredContent)) throw new Error('It tells two things.')
  return { isError, body }
}

/** Connects the official client with the API of a world, as somebody. */
export async function clientOf(world: World, as: Caller) {
  const client = new Client({ name: 'tests', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL('http://drydock.test/mcp'), {
    fetch: async (_, init) => {
      const { status, headers, body } = await world.call(init?.method ?? 'GET', '/mcp', {
        as,
        headers: Object.fromEntries(new Headers(init?.headers)),
        ...(typeof init?.body === 'string' && { raw: init.body }),
      })
      return new Response(body === null ? null : JSON.stringify(body), { status, headers })
    },
  })
  // The client's transport writes undefined where its interface leaves out.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  return {
    client,
    call: async (name: string, given: Record<string, unknown> = {}) =>
      toldBy(await client.callTool({ name, arguments: given })),
  }
}
