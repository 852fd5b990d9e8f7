import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { retainedOf } from '../../infra/retained.ts'
import { resolvedStack } from './resolved.ts'
import { ofType, type Resource, synthesized, type Template } from './synthesized.ts'

const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

let template: Template
let retained: ReturnType<typeof retainedOf<Resource>>
beforeAll(() => {
  template = synthesized()
  retained = retainedOf(template)
})

describe('what stays when a stack is deleted or its first creation fails', () => {
  test('is the log, what is derived from it and proves it, their keys and the people', () => {
    const kept = Object.values(retained.Resources).map(({ Type }) => Type.replace('AWS::', ''))
    expect(kept.sort()).toEqual([
      ...[
        'Cognito::UserPool',
        'DynamoDB::Table',
        'DynamoDB::Table',
        'DynamoDB::Table',
        'KMS::Key',
        'KMS::Key',
        'KMS::Key',
        'KMS::Key',
        'S3::Bucket',
      ],
    ])
  })

  test('keeps no new stack from being made: it has no name of its own', () => {
    for (const { Properties } of Object.values(retained.Resources)) {
      const { TableName, UserPoolName, BucketName } = Properties
      expect([TableName, UserPoolName, BucketName]).toEqual([undefined, undefined, undefined])
    }
  })

  test('can be imported as it is: it refers to nothing that is gone', () => {
    const { Parameters } = template
    expect(() => resolvedStack({ ...retained, Parameters, Outputs: {} })).not.toThrow()
    expect(Object.keys(retained.Parameters)).toEqual(['Issuer'])
    for (const { Condition } of Object.values(retained.Resources))
      if (Condition !== undefined) expect(Object.keys(retained.Conditions)).toContain(Condition)
    expect(Object.keys(retained).sort()).toEqual(['Conditions', 'Parameters', 'Resources'])
  })

  test('is imported by the identifier that CloudFormation asks for, and so it is documented', () => {
    const identifiers: Record<string, string> = {
      'AWS::Cognito::UserPool': 'UserPoolId',
      'AWS::DynamoDB::Table': 'TableName',
      'AWS::KMS::Key': 'KeyId',
      'AWS::S3::Bucket': 'BucketName',
    }
    for (const { Type } of Object.values(retained.Resources))
      expect(operations).toContain(`"${Type}":"${identifiers[Type]}"`)
  })

  test('is all that the runbook tells how to take away', () => {
    for (const command of ['delete-table', 'schedule-key-deletion', 'delete-user-pool', 'delete-bucket'])
      expect(operations).toContain(command)
  })

  test('is nothing else: no other resource is kept, and logs go with the stack', () => {
    expect(
      new Set(ofType(template, 'AWS::Logs::LogGroup').map(([, { DeletionPolicy }]) => DeletionPolicy)),
    ).toEqual(new Set(['Delete']))
  })
})
