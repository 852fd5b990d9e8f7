import { StepFunctionsError } from './errors.ts'

/** Reads the fields of a request, refusing those of the wrong type as AWS's input validation does. */
export class Input {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(input: unknown) {
    // Whatever is read of it is checked by the methods below.
    this.#fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {}
  }

  /** A string that has to be there. */
  text(field: string): string {
    return (
      this.optionalText(field) ??
      invalid(`Value null at '${field}' failed to satisfy constraint: Member must not be null`)
    )
  }

  optionalText(field: string): string | undefined {
    const value = this.#fields[field]
    if (value === undefined || value === null) return undefined
    return typeof value === 'string' ? value : invalid(`'${field}' must be a string`)
  }

  /** An integer from 0 to 1000, AWS's range of page sizes; 0 and none mean its default of 100. */
  pageSize(field = 'maxResults'): number {
    const value = this.#fields[field] ?? 0
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 1000) {
      return invalid(`'${field}' must be an integer from 0 to 1000`)
    }
    return value === 0 ? 100 : value
  }

  flag(field: string, fallback: boolean): boolean {
    const value = this.#fields[field] ?? fallback
    return typeof value === 'boolean' ? value : invalid(`'${field}' must be a boolean`)
  }

  /** What a `nextToken` of ours was made of, or undefined on the first page. */
  page(): string | undefined {
    const token = this.optionalText('nextToken')
    if (token === undefined) return undefined
    const page = Buffer.from(token, 'base64').toString()
    if (!page.startsWith(PAGE)) throw new StepFunctionsError('InvalidToken', `Invalid Token: '${token}'`)
    return page.slice(PAGE.length)
  }
}

const PAGE = 'page:'

/** The nextToken of a page that begins beyond `position`, or nothing after the last page. */
export function nextToken(position: string | number | undefined): { nextToken?: string } {
  return position === undefined ? {} : { nextToken: Buffer.from(`${PAGE}${position}`).toString('base64') }
}

function invalid(message: string): never {
  throw new StepFunctionsError('ValidationException', message)
}
