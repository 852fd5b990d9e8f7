import { type ChildProcess, fork } from 'node:child_process'

/**
 * Answers what the parent of this process asks, one after the other, until the parent goes. It is no part of what the processes do over the network, so that
 * asking counts as nothing there.
 */
export function answering<Ask>(answer: (asked: Ask) => Promise<unknown>): void {
  process.on('message', (asked: Ask) => {
    void answer(asked).then(
      (said) => process.send?.({ said }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
  process.on('SIGTERM', () => process.exit(0))
  // The parent decides when this one ends; Ctrl+C reaches the whole group at once.
  process.on('SIGINT', () => undefined)
}

/** A process of its own that answers what it is asked. */
export interface Asked<Ask> {
  readonly process: ChildProcess
  /** Asks, and resolves to the answer, which the caller names. One question at a time. */
  ask<Answer>(asked: Ask): Promise<Answer>
}

/** Starts a process of a program of this example. */
export function startProcess<Ask extends object>(program: string): Asked<Ask> {
  const child = fork(new URL(program, import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let hear: ((heard: { readonly said?: unknown; readonly failed?: string }) => void) | undefined
  child.on('message', (heard: object) => hear?.(heard))
  child.once('exit', () => hear?.({ failed: 'it has ended' }))
  let last: Promise<unknown> = Promise.resolve()
  return {
    process: child,
    ask<Answer>(asked: Ask): Promise<Answer> {
      const answer = last.then(async () => {
        if (!child.connected) throw new Error(`${program}: it has ended`)
        const { said, failed } = await new Promise<{ said?: unknown; failed?: string }>((resolve) => {
          hear = resolve
          child.send(asked)
        })
        if (failed !== undefined) throw new Error(`${program}: ${failed}`)
        return said as Answer // the caller names what the program answers
      })
      last = answer.catch(() => undefined)
      return answer
    },
  }
}
