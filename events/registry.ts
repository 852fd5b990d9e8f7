import type * as z from 'zod'

/** One released shape of an event, oldest first; `upcast` lifts data of the shape before it to this one. */
export interface EventShape<Schema extends z.ZodType> {
  readonly schema: Schema
  /** How data of earlier versions becomes data of the next, in order: the first entry lifts version 1 to version 2. Pure. */
  readonly upcasters?: readonly ((data: never) => unknown)[]
  /** Returns what is written of data: without what the schema puts back when it is read. Left out: all of it. Pure. */
  readonly written?: (data: never) => object
}

/** What is written of an event. */
export interface Encoded {
  /** The version of its shape. */
  readonly schema: number
  readonly data: object
}

type Shapes = Record<string, EventShape<z.ZodType<object>>>

/** The union of the events that a registry describes. */
export type EventsOf<Registry extends { readonly shapes: Shapes }> = {
  [Type in keyof Registry['shapes'] & string]: {
    readonly type: Type
    readonly data: z.output<Registry['shapes'][Type]['schema']>
  }
}[keyof Registry['shapes'] & string]

/** An event in the log that no reader of this version knows: readers ship before writers, so this is a deployment fault. */
class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent'
  constructor(type: string, schema: number) {
    super(`No reader for event ${type} version ${schema}: deploy the version that writes it, readers first.`)
  }
}

/**
 * Describes the events of one aggregate. `decode` lifts stored data to the present shape and checks it (throws `UnknownEvent`
 * or a ZodError); `encode` returns what is written of an event now, and in which version, which `schemaOf` is.
 */
export function defineEvents<const Described extends Shapes>(shapes: Described) {
  type Event = EventsOf<{ shapes: Described }>
  const shapeOf = (type: string): EventShape<z.ZodType<object>> | undefined =>
    Object.hasOwn(shapes, type) ? shapes[type] : undefined
  const schemaOf = (type: string): number => {
    const shape = shapeOf(type)
    if (!shape) throw new UnknownEvent(type, 0)
    return 1 + (shape.upcasters?.length ?? 0)
  }
  return {
    shapes,
    schemaOf,
    encode({ type, data }: { readonly type: string; readonly data: object }): Encoded {
      const written = shapeOf(type)?.written
      return { schema: schemaOf(type), data: written ? written(data as never) : data } // the event is of its type's shape
    },
    decode(type: string, version: number, data: unknown): Event {
      const shape = shapeOf(type)
      const upcasters = shape?.upcasters ?? []
      if (!shape || version < 1 || version > upcasters.length + 1) throw new UnknownEvent(type, version)
      // The chain's types meet only at run time: each upcaster takes what the one before it returned.
      const present = upcasters
        .slice(version - 1)
        .reduce<unknown>((older, upcast) => upcast(older as never), data)
      return { type, data: shape.schema.parse(present) } as Event // the schema of `type` has just checked `data`
    },
  }
}
