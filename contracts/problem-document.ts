import * as z from 'zod'

/** One invalid field: where it is, what it was, and what would be right. */
const fieldError = z.object({
  field: z.string(),
  value: z.unknown(),
  expected: z.string(),
  line: z.int().optional().describe('Of a document: where it stands, from 1.'),
  column: z.int().optional(),
})
export type FieldError = Readonly<z.output<typeof fieldError>>

/** What every answer but a success is: an RFC 9457 problem document. `code` is one of `problemCodes`, or a finer one of a conflict. */
export const problemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string(),
  correlationId: z.string(),
  errors: z.array(fieldError).optional(),
  leftOut: z
    .array(z.object({ targetId: z.string(), reason: z.string() }))
    .optional()
    .describe('Of a request that would do nothing: whom it would leave out and why, the first 100.'),
  leftOutCounts: z.record(z.string(), z.int()).optional().describe('How many of these for each reason, all.'),
})
export type ProblemDocument = z.output<typeof problemDocument>
