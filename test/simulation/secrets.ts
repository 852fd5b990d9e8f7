import type { World } from './world.ts'

const printing = ['log', 'info', 'warn', 'error', 'debug'] as const

/** Everything that leaves the functions of a world by another way than its stores: what they print, and what they put on the bus. */
export class Outputs {
  readonly #texts: string[] = []

  put(value: unknown): void {
    this.#texts.push(textOf(value))
  }

  /** Takes down what functions print as well, until the returned function is called. */
  listen(): () => void {
    const before = printing.map((name) => [name, console[name]] as const)
    for (const [name, print] of before) {
      console[name] = (...values: unknown[]) => {
        this.put(values)
        print.apply(console, values)
      }
    }
    return () => {
      for (const [name, print] of before) console[name] = print
    }
  }

  text(): string {
    return this.#texts.join('\n')
  }
}

/** An error says more than its own fields, and so does what caused it. */
function textOf(value: unknown): string {
  const told = (_: string, inner: unknown) =>
    inner instanceof Error
      ? { ...inner, name: inner.name, message: inner.message, stack: inner.stack, cause: inner.cause }
      : inner
  return JSON.stringify(value, told) ?? ''
}

/** Returns where a task token stands that stands in no output: its own rows, and the machine, know it alone (S9). */
export async function spilledTokens(world: World): Promise<string[]> {
  const outputs: Readonly<Record<string, unknown>> = {
    'the log': world.commits,
    'the views': world.viewStore.all(),
    'a schedule': world.scheduler.all(),
    'a parked duty': await world.parked.list(),
    'a repeat': await world.repeats.list(),
    'the heads': world.vault.documents(),
    'the story': world.story,
  }
  const texts = Object.entries(outputs).map(([place, value]) => [place, textOf(value)] as const)
  const all = [...texts, ['what functions print or announce', world.outputs.text()] as const]
  return [...world.issuedTokens].flatMap((token) =>
    all.filter(([, text]) => text.includes(token)).map(([place]) => `S9: a task token stands in ${place}`),
  )
}
