import { startRuntime } from '../infra/local/demo/runtime.ts'
import { say } from './told.ts'

type Runtime = Awaited<ReturnType<typeof startRuntime>>

/** Drydock on this machine while a story is told: it may be killed in the middle, once, and is started again on the same data. */
export interface Killable {
  /** Where it answers. */
  readonly url: string
  /** Was it killed? */
  readonly wasKilled: boolean
  /** Kills it, which `words` say, where it was not killed before. */
  kill(words: string): void
  /** Resolves when whatever was killed is there again. */
  again(): Promise<void>
  /** Ends it. */
  stop(): Promise<void>
}

/** Starts it, as it is deployed to AWS. */
export async function startKillable(options: Parameters<typeof startRuntime>[0]): Promise<Killable> {
  const start = () => startRuntime(options, () => undefined)
  say('Starting Drydock on this machine, as it is deployed to AWS. That takes some ten seconds.')
  let runtime = await start()
  let restart: Promise<Runtime> | undefined
  process.once('exit', () => runtime.process.kill('SIGTERM'))
  const again = async () => {
    if (restart !== undefined) runtime = await restart
  }
  return {
    url: runtime.url,
    get wasKilled() {
      return restart !== undefined
    },
    kill(words) {
      if (restart !== undefined) return
      runtime.process.kill('SIGKILL')
      say(`  ${words}`)
      restart = start()
    },
    again,
    async stop() {
      await again()
      runtime.process.kill('SIGTERM')
    },
  }
}
