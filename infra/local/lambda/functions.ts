import { dataFile } from '../data-files.ts'
import type { MachineClock } from '../machine-clock.ts'
import type { CloudAssembly } from '../template/cloud-assembly.ts'
import { ofType } from '../template/read.ts'
import type { Resource } from '../template/stack.ts'
import type { Activity } from './activity.ts'
import { declaredEnvironment, declaredFunction, declaredLayer, functionArn } from './declared.ts'
import { environmentOf, withAddress } from './environment.ts'
import { FunctionError } from './errors.ts'
import type { LocalFunction } from './function.ts'
import { withLayer } from './layers.ts'
import type { LogLine } from './log.ts'

/** The functions of a template. */
export interface Functions {
  readonly byArn: ReadonlyMap<string, LocalFunction>
  /** Runs a function and returns what it answered; rejects with a FunctionError. */
  invoke(nameOrArn: string, payload: unknown): Promise<unknown>
  /** Throws when a function wants what only the runtime can tell it. */
  check(): void
  /** Ends every instance, whatever it does. */
  stop(): Promise<void>
}

/** Prepares the functions that a template declares. Each is told what `own` gives for its ARN, beside what it wants itself. */
export function openFunctions(parts: {
  readonly resources: readonly Resource[]
  readonly assembly: CloudAssembly
  /** Where what functions need of their layers is unpacked. */
  readonly data: string
  readonly activity: Activity
  readonly clock: MachineClock
  own(arn: string): Readonly<Record<string, string>>
  /** Returns the address of the HTTP API; asked for when a function is first called. */
  address(): string
  write(line: LogLine): void
}): Functions {
  const { resources, assembly, data, activity, clock, own, address, write } = parts
  const declared = ofType(resources, 'AWS::Lambda::Function')
  const wanted = new Map(
    declared.map((resource) => [functionArn(resource.identity.ref), declaredEnvironment(resource)]),
  )
  const environment = (arn: string) => {
    const { functionName, variables } = wanted.get(arn) ?? { functionName: arn, variables: {} }
    return environmentOf({ functionName, variables: withAddress(variables, address()) }, own(arn))
  }
  const byArn = new Map(
    declared.map((resource) => {
      const layer = declaredLayer(resource, resources, assembly)
      const here = (arn: string) =>
        layer === undefined ? environment(arn) : withLayer(environment(arn), layer, dataFile(data, 'layers'))
      const built = declaredFunction(resource, assembly, { environment: here, write, clock })
      return [built.arn, activity.watched(built)]
    }),
  )
  return {
    byArn,
    async invoke(nameOrArn, payload) {
      const arn = functionArn(nameOrArn)
      const target = byArn.get(arn)
      if (target === undefined)
        throw new FunctionError('Lambda.ResourceNotFoundException', `Function not found: ${arn}`)
      return target.invoke(payload)
    },
    check() {
      for (const arn of byArn.keys()) environment(arn)
    },
    async stop() {
      await Promise.all([...byArn.values()].map((one) => one.stop()))
    },
  }
}
