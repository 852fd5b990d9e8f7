import { exitCodes } from '../exit-codes.ts'
import type { Work } from '../session.ts'

/** Says whether the API answers, and of which version it is. */
export const server: Work = async ({ api, console, json }) => {
  const health = await api.read('getHealth')
  if (json) console.json({ url: api.url, ...health })
  else console.say(`${api.url} answers: Drydock ${health.version}.`)
  return exitCodes.done
}
