import { type Operation, routes } from '../../../contracts/routes.ts'
import { exitCodes } from '../exit-codes.ts'
import { misused } from '../failure.ts'
import type { Work } from '../session.ts'
import { documentOf } from './files.ts'

/** Says whether the API answers, and of which version it is. */
export const server: Work = async ({ api, console, json }) => {
  const health = await api.read('getHealth')
  if (json) console.json({ url: api.url, ...health })
  else console.say(`${api.url} answers: Drydock ${health.version}.`)
  return exitCodes.done
}

/** Calls one operation of the API by its name, for what no command of its own is there for. */
export const call: Work = async (session, given) => {
  const operation = given.word(0)
  if (!isOperation(operation))
    throw misused(
      `There is no operation ${operation}.`,
      `Next: one of ${routes.map((route) => route.operation).join(', ')}`,
    )
  const params = given.pairs('param')
  const named = partsOf(operation)
  if (Object.keys(params).sort().join() !== named.join())
    throw misused(
      `${operation} takes ${named.length === 0 ? 'no --param' : named.map((name) => `--param ${name}=…`).join(' ')}.`,
    )
  const file = given.text('body')
  const answered = await session.api.call(operation, {
    params,
    query: given.pairs('query'),
    ...(file !== undefined && { document: await documentOf(file, session) }),
  })
  session.console.json(answered.body)
  return exitCodes.done
}

/** Returns the names of the parts of an operation's path, sorted: one left out would make it another path. */
function partsOf(operation: Operation): string[] {
  const { path } = routes.find((route) => route.operation === operation) ?? { path: '' }
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []).sort()
}

function isOperation(name: string): name is Operation {
  return routes.some(({ operation }) => operation === name)
}
