import { expect, test } from 'vitest'
import { ofType, synthesized } from './synthesized.ts'

test('S11: roles of the Scheduler trust one group of schedules of this account, and nothing else of it', {
  timeout: 300_000,
}, () => {
  const trusts = ofType(synthesized(), 'AWS::IAM::Role').flatMap(([id, { Properties }]) => {
    const text = JSON.stringify(Properties.AssumeRolePolicyDocument)
    return text.includes('scheduler.amazonaws.com') ? [[id, JSON.parse(text).Statement] as const] : []
  })
  expect(trusts.length).toBeGreaterThan(0)
  for (const [id, statements] of trusts) {
    expect([id, statements]).toEqual([
      id,
      [
        {
          Action: 'sts:AssumeRole',
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnEquals: { 'aws:SourceArn': expect.anything() },
          },
        },
      ],
    ])
    const [{ Condition }] = statements
    expect(JSON.stringify(Condition.ArnEquals['aws:SourceArn'])).toMatch(/:schedule-group\/[\w-]+"\]\]\}$/)
  }
})
