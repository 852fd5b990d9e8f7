/** An error as the service answers it. */
export class SchedulerError extends Error {
  readonly status: number
  readonly type: string
  constructor(status: number, type: string, message: string) {
    super(message)
    this.status = status
    this.type = type
  }
}

/** Refuses a request as AWS refuses what does not fit its model. */
export function invalid(message: string): never {
  throw new SchedulerError(400, 'ValidationException', message)
}

/** Refuses a request that names what there is not. */
export function missing(message: string): never {
  throw new SchedulerError(404, 'ResourceNotFoundException', message)
}

/** Refuses a request for what there already is. */
export function conflict(message: string): never {
  throw new SchedulerError(409, 'ConflictException', message)
}

/** Refuses a request that the service, or this part of it, does not know. */
export function unknownOperation(method: string, path: string): never {
  throw new SchedulerError(
    404,
    'UnknownOperationException',
    `${method} ${path} is not an operation of this service`,
  )
}
