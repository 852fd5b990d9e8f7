import { setTimeout as delay } from 'node:timers/promises'
import type { CloudAssembly } from '../template/cloud-assembly.ts'
import { ofType } from '../template/read.ts'
import type { Resource } from '../template/stack.ts'
import type { Activity } from './activity.ts'
import { declaredFunction, functionArn } from './declared.ts'
import { FunctionError, type LocalFunction } from './function.ts'
import type { FunctionLogs } from './log.ts'

/** The functions of a template. */
export interface Functions {
  readonly byArn: ReadonlyMap<string, LocalFunction>
  /** Runs a function and returns what it answered; rejects with a FunctionError. */
  invoke(nameOrArn: string, payload: unknown): Promise<unknown>
  /** Loads the bundles, one after the other, so that the first requests do not wait for it. */
  preload(): void
}

/** Prepares the functions that a template declares. */
export function openFunctions(parts: {
  readonly resources: readonly Resource[]
  readonly assembly: CloudAssembly
  readonly logs: FunctionLogs
  readonly activity: Activity
  log(line: string): void
}): Functions {
  const { resources, assembly, logs, activity, log } = parts
  const byArn = new Map(
    ofType(resources, 'AWS::Lambda::Function').map((resource) => {
      const built = declaredFunction(resource, assembly, logs)
      return [built.arn, activity.watched(built)]
    }),
  )

  async function loadAll(): Promise<void> {
    for (const one of byArn.values()) {
      await one
        .load()
        .catch((error: unknown) => log(`The function ${one.name} does not load: ${String(error)}`))
      // Requests come first.
      await delay(1)
    }
  }

  return {
    byArn,
    async invoke(nameOrArn, payload) {
      const arn = functionArn(nameOrArn)
      const target = byArn.get(arn)
      if (target === undefined)
        throw new FunctionError('Lambda.ResourceNotFoundException', `Function not found: ${arn}`)
      return target.invoke(payload)
    },
    preload: () => void loadAll(),
  }
}
