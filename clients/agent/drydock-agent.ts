import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Agent, enrol, openAgent } from './agent.ts'
import { BadConfig, type Config, readConfig } from './config.ts'
import { Declined } from './control-plane.ts'
import { NoAnswer } from './exchange.ts'
import { readEntries } from './journal.ts'
import { Taken } from './lock.ts'
import { HandedOver, unanswered } from './own.ts'
import { agentMark } from './programs.ts'
import { openTrial, ownDirectory } from './trial.ts'

const usage = `npm run agent -- [COMMAND] --config FILE

Looks for updates of one machine, verifies them, installs them, and comes back where one does not go well.

  enrol     exchange a one-time token, read from DRYDOCK_ENROLMENT_TOKEN, for a credential of its own
  run       look for updates and install them, until it is told to end (the default)
  install   install what waits now, whatever autoInstall and the maintenance window say, and end
  once      look once, and end
  status    print what is known here, as JSON
  prove     as drydock-watchdog starts a new agent: prove within --within seconds what it can, and run

Ends with 0 when all is well, 1 when something is not, 2 when it was not understood, 3 when nobody answered.`

const commands = ['enrol', 'run', 'install', 'once', 'status', 'prove']

/** Reads the words of the command line. Throws {@link BadConfig} where they are not understood. */
function wordsOf(): { readonly command: string; readonly file: string; readonly within: number } | 'help' {
  const refused = (words: string) => new BadConfig(`${words}\n\n${usage}`)
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse()
  } catch (error) {
    throw refused(`${(error as Error).message.split(/\. |\n/)[0]?.replace(/\.$/, '')}.`)
  }
  const { values, positionals } = parsed
  if (values.help) return 'help'
  const [command = 'run', ...more] = positionals
  if (more.length > 0 || !commands.includes(command))
    throw refused(`It does not know ${positionals.join(' ')}.`)
  if (values.config === undefined) throw refused('Where is its configuration?')
  return { command, file: values.config, within: Number(values.within) }
}

const parse = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      within: { type: 'string', default: '120' },
      help: { type: 'boolean', short: 'h' },
    },
  })

/** How long it waits after nobody has answered, in seconds: so long, and twice as long each time, up to the last. */
const patience = { first: 5, most: 900 }

/** What others say draws nothing in a terminal, and makes no line of its own. */
const tell = (words: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
  console.log(`${new Date().toISOString()} ${words.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')}`)

/** Has the watchdog of this machine started this process? It then ends with its watchdog, which would else start a second one. Throws where that has ended already. */
function isWatched({ directory }: Config): boolean {
  if (process.env[agentMark] !== ownDirectory(directory)) return false
  if (!process.connected) throw new Error('Its watchdog has ended.')
  process.once('disconnect', () => process.exit(1))
  process.channel?.unref()
  return true
}

/**
 * Opens the agent that is tried, once it has proven itself. Rejects with why it has not; where nobody answers the process ends after three quarters of its
 * seconds, whatever it still waits for: a watchdog tells that from one that hangs.
 */
async function proven(config: Config, within: number): Promise<Agent> {
  const trial = openTrial(ownDirectory(config.directory))
  // From the start of the process on, as the watchdog counts.
  const left = Math.max(0, within * 750 - performance.now())
  const giveUp = setTimeout(() => process.exit(unanswered), left)
  for (;;) {
    let agent: Agent | undefined
    try {
      agent = openAgent(config, tell, { watched: true, tried: true })
      await agent.prove()
      clearTimeout(giveUp)
      return agent
    } catch (error) {
      agent?.close()
      const { message } = error as Error
      trial.note(message)
      // Somebody may have looked at what is known here just now.
      if (!(error instanceof NoAnswer || error instanceof Taken)) {
        clearTimeout(giveUp)
        throw error
      }
      tell(`It has not proven itself yet: ${message}`)
      await pause(1000)
    }
  }
}

async function main(): Promise<number> {
  const words = wordsOf()
  if (words === 'help') {
    console.log(usage)
    return 0
  }
  const { command, file, within } = words
  const config = await readConfig(file)
  if (command === 'status') {
    console.log(JSON.stringify(readEntries(config.directory), null, 2))
    return 0
  }
  if (command === 'enrol') {
    const token = process.env.DRYDOCK_ENROLMENT_TOKEN ?? ''
    if (token === '')
      throw new BadConfig(
        'DRYDOCK_ENROLMENT_TOKEN is not set: drydock targets enrol ID gives one, or POST /api/v1/targets/{id}/enrolment.',
      )
    tell(`Enrolled as ${await enrol(config, token)}.`)
    return 0
  }
  const watched = isWatched(config)
  if (command === 'prove' && !watched) throw new BadConfig('An agent is tried by drydock-watchdog alone.')
  const agent = command === 'prove' ? await proven(config, within) : openAgent(config, tell, { watched })
  if (command !== 'run' && command !== 'prove') {
    try {
      const { waits } = await agent.round({ now: command === 'install' })
      return waits === null ? 0 : 1
    } catch (error) {
      if (!(error instanceof HandedOver)) throw error
      tell(error.message)
      return 0
    } finally {
      agent.close()
    }
  }
  const ending = new AbortController()
  // What is under way is gone on with by the next that is started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  let silent = 0
  while (!ending.signal.aborted) {
    let seconds: number
    try {
      const { nextCheckSeconds } = await agent.round()
      silent = 0
      seconds = Math.min(nextCheckSeconds, config.checkInterval * 60)
    } catch (error) {
      if (error instanceof HandedOver) break
      seconds = Math.min(patience.first * 2 ** silent++, patience.most)
      tell(`${(error as Error).message}; it is tried again in ${seconds} s`)
      if (!(error instanceof NoAnswer || error instanceof Declined)) console.error(error)
    }
    await pause(seconds * 1000, undefined, { signal: ending.signal }).catch(() => {})
  }
  agent.close()
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = error instanceof BadConfig ? 2 : error instanceof NoAnswer ? unanswered : 1
}
