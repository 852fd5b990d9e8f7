import type { MiddlewareObj, Request } from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { Contract } from '../../../contracts/contract.ts'
import type { Role, Route } from '../../../contracts/routes.ts'

/** Where something stands in a document, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A document that a person has written, read. */
export interface WrittenDocument {
  readonly json: unknown
  /** Returns where a field stands, as `phases.2.name`, or what holds it where the field itself is missing. */
  placeOf(field: string): Place | undefined
}

/** Reads a document. Throws the problem that refuses it. */
export type ReadDocument = (text: string) => Promise<WrittenDocument>

/** Who calls: a person or tool by its token, a target's agent by its key, or one that is about to enrol, or who was given a capability. */
export type Principal =
  | { readonly kind: 'person'; readonly id: string; readonly roles: ReadonlySet<Role> }
  | {
      readonly kind: 'agent' | 'enrolment'
      readonly target: string
      readonly id: string
      /** SHA-256 of the secret that was presented. */
      readonly tokenHash: string
    }
  /** `hash`: of the text that was presented, which nobody has looked for yet. */
  | { readonly kind: 'capability'; readonly id: string; readonly hash: string }
  | { readonly kind: 'anyone'; readonly id: 'anyone' }

/** A checked `Idempotency-Key`, scoped to its principal and route, with the hash of the body it came with. */
export interface IdempotencyKey {
  readonly id: string
  readonly bodyHash: string
}

/** What the middleware learns about a request, one after the other. */
export interface Exchange {
  readonly route: Route
  readonly contract: Contract
  readonly correlation: string
  readonly startedAt: number
  principal: Principal
  json: unknown
  /** Where a field of the body stands in the document that was sent; undefined: it is none. */
  placeOf: ((field: string) => Promise<Place | undefined>) | undefined
  input: { params: unknown; query: unknown; headers: unknown; body: unknown }
  idempotency: IdempotencyKey | null
  ifMatch: number | null
  seen: number | null
  /** Is it worth no line of the log? */
  quiet: boolean
  /** Says that the caller has just been let through to a member of its own: it is counted as a gateway. */
  speaksForMember(): void
}

/** The event of the gateway with what the middleware learned. */
export interface ApiEvent extends APIGatewayProxyEventV2 {
  exchange?: Exchange
  /** The code of the problem that is answered. */
  problem?: string
}

export type ApiResult = APIGatewayProxyStructuredResultV2
export type ApiRequest = Request<ApiEvent, ApiResult, Error, Context>
export type ApiMiddleware = MiddlewareObj<ApiEvent, ApiResult, Error, Context>

/** Returns what is known about the request; the first middleware of every endpoint has put it there. */
export function exchangeOf(request: { readonly event: ApiEvent }): Exchange {
  if (!request.event.exchange) throw new Error('The routing middleware has not run.')
  return request.event.exchange
}
